"""``undercurrent generations | cutover | rollback``: which generation subscribers see, and how that is changed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from cli.flow import Prefix
from cli.printing import print_json
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import PREFIX, Naming
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.generations import (
    Readiness,
    StageLag,
    active_positions,
    cut_over,
    generation_before,
    generation_names,
    journal_partitions,
    readiness,
    refuse,
    stage_lags,
)
from wiring.kafka.publishing.book import Place
from wiring.kafka.publishing.marks import Position

MAX_LAG_S = 10.0

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
MaxLag = Annotated[float, typer.Option(min=0, help="Seconds that its stages may be behind.")]
Author = Annotated[str, typer.Option(help="Who orders it; stands in the journal.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def cutover(
    generation: Annotated[str, typer.Argument(help="The generation that subscribers are to see.")],
    dry_run: DryRun = False,
    max_lag: MaxLag = MAX_LAG_S,
    author: Author = "operator",
    prefix: Prefix = PREFIX,
    as_json: AsJson = False,
) -> None:
    """Let another generation be the one that subscribers see, at one place of the journal.

    Refused (exit code 1) with what is missing while that generation is behind. Undone by `undercurrent rollback`.

    Example: undercurrent cutover g2 --dry-run
    """
    cluster = named_cluster(load_settings())
    _order(cluster, Naming(prefix, generation), max_lag, author, dry_run=dry_run, as_json=as_json)


def rollback(
    dry_run: DryRun = False,
    max_lag: MaxLag = MAX_LAG_S,
    author: Author = "operator",
    prefix: Prefix = PREFIX,
    as_json: AsJson = False,
) -> None:
    """Go back to the generation before the active one: a cutover the other way.

    Example: undercurrent rollback
    """
    cluster = named_cluster(load_settings())
    active, before = generation_before(cluster, Naming(prefix))
    if not as_json:
        sys.stdout.write(f"{active} is active, {before} was before\n")
    _order(cluster, Naming(prefix, before), max_lag, author, dry_run=dry_run, as_json=as_json)


def generations(prefix: Prefix = PREFIX, as_json: AsJson = False) -> None:
    """List the generations: which is active, and how far each is behind.

    Example: undercurrent generations --json
    """
    cluster, naming = named_cluster(load_settings()), Naming(prefix)
    positions = active_positions(cluster, naming, journal_partitions(cluster, naming))
    at, allowed = datetime.now(UTC), timedelta(seconds=MAX_LAG_S)
    lags = {
        name: stage_lags(cluster, Naming(prefix, name), at, allowed)
        for name in generation_names(cluster, prefix)
    }
    if as_json:
        print_json({"generations": _told(lags, positions), "public": _public(naming, positions)})
    else:
        Console(soft_wrap=True).print(_table(lags, positions, at))


def _order(
    cluster: Cluster, naming: Naming, max_lag_s: float, author: str, *, dry_run: bool, as_json: bool
) -> None:
    """Check, append, tell. Raises ``StopWorker`` where the generation is not ready."""
    if not author:
        raise WrongUsage("--author: say who orders it")
    partitions, at = journal_partitions(cluster, naming), datetime.now(UTC)
    ready = readiness(cluster, naming, partitions, at, timedelta(seconds=max_lag_s))
    is_done = not (ready.missing or dry_run)
    ordinals = cut_over(cluster, naming, partitions, author, at) if is_done else {}
    if as_json:
        told = {"generation": naming.generation, "done": is_done, "ordinals": _named(ordinals)}
        print_json({**told, **asdict(ready)})
    refuse(naming, ready.missing)
    if not as_json:
        sys.stdout.write(_said(naming, ordinals, ready, partitions))


def _said(naming: Naming, ordinals: Mapping[int, int], ready: Readiness, partitions: int) -> str:
    places = ", ".join(f"{partition}: {ordinal}" for partition, ordinal in ordinals.items())
    done = f"cutover to {naming.generation} ordered, journal ordinal by partition: {places}\n"
    would = f"{naming.generation} is ready; the order would go to {partitions} journal partitions\n"
    stays = (
        f"it does not write {', '.join(ready.left_out)}; these stay as they are\n" if ready.left_out else ""
    )
    return (done if ordinals else would) + stays + _waits(ready)


def _waits(ready: Readiness) -> str:
    """What holds the change up, and how to go on without a generation that is dead."""
    if not ready.waits_for:
        return ""
    held_up = ready.waits_for[0].partition(":")[0]
    return (
        f"subscribers see it only once what is active has come to the order: {'; '.join(ready.waits_for)}\n"
        f"if {held_up} cannot be started again, stop the publisher, run `undercurrent publish --leave {held_up} "
        "--until-end`, and start it again\n"
    )


def _named(ordinals: Mapping[int, int]) -> dict[str, int]:
    return {str(partition): ordinal for partition, ordinal in ordinals.items()}


def _told(lags: Mapping[str, list[StageLag]], positions: Mapping[Place, Position]) -> list[dict[str, Any]]:
    active = Counter(at.generation for at in positions.values())
    return [
        {"generation": name, "active_in": active[name], "stages": [asdict(one) for one in stages]}
        for name, stages in lags.items()
    ]


def _public(naming: Naming, positions: Mapping[Place, Position]) -> list[dict[str, Any]]:
    return [
        {"topic": naming.public(short), "partition": partition, **asdict(at)}
        for (short, partition), at in sorted(positions.items())
    ]


def _table(lags: Mapping[str, list[StageLag]], positions: Mapping[Place, Position], at: datetime) -> Table:
    """A row for each generation."""
    active = Counter(one.generation for one in positions.values())
    table = Table("generation", "active in", "stages", Column("behind", justify="right"), "last heard of")
    for name, stages in lags.items():
        share = f"{active[name]} of {len(positions)} public partitions" if active[name] else "–"
        beat = (
            f"{max(0.0, at.timestamp() - min(one.beat for one in stages)):.0f} s ago" if stages else "never"
        )
        behind = f"{sum(one.behind for one in stages):,}" if stages else "–"
        table.add_row(name, share, ", ".join(one.stage for one in stages) or "–", behind, beat)
    return table

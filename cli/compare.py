"""``undercurrent compare``: what another generation, or another run, would change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.complaint import notify
from cli.flow import Prefix
from cli.printing import print_json
from cli.words import PRIORITIES, count
from connectors.kafka.names import PREFIX, Naming
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.comparing.matching import MIN_CONFIDENCE
from wiring.comparing.model import Comparison, Issues, Kept, TenantComparison, ThemeSize
from wiring.comparing.on_files import DirectoryRun
from wiring.comparing.on_kafka import ALL_GONE, GenerationRun
from wiring.comparing.runs import EVERY, Run, compare_runs
from wiring.datadir import write_whole
from wiring.kafka.broker import named_cluster

RunName = Annotated[str, typer.Argument(help="A generation, say g1, or the data directory of a run.")]


def compare(
    before: RunName,
    after: RunName,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    up_to: Annotated[
        list[str] | None, typer.Option(help="Journal ordinal: N, or PARTITION=N; may be given again.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Below this two themes are not the same.")
    ] = MIN_CONFIDENCE,
    lineage: Annotated[
        Path | None, typer.Option(help="Write which theme goes on as which, as JSON, to this file.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of each table.")] = 10,
    prefix: Prefix = PREFIX,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what would change: concerns that move, themes that come and go, scores, issues.

    Both are read up to the last journal record that both have come to. Nothing is written but the lineage.

    Example: undercurrent compare g1 g2 --tenant acme --lineage lineage.json
    """
    found = compare_runs(
        _run(before, prefix),
        _run(after, prefix),
        tenant=tenant,
        up_to=read_ordinals(up_to or []),
        min_confidence=confidence,
    )
    if lineage is not None:
        write_whole(lineage, orjson.dumps(found.lineage(), option=orjson.OPT_INDENT_2))
    if as_json:
        print_json(as_data(found))
        return
    _print(found, limit)


def read_ordinals(told: Sequence[str]) -> dict[int, int]:
    """``--up-to`` as ordinals by partition. Raises ``WrongUsage``."""
    found: dict[int, int] = {}
    for one in told:
        place, _, ordinal = one.rpartition("=")
        if not ordinal.isdecimal() or (place and not place.isdecimal()):
            raise WrongUsage(f"--up-to {one}: write N for every partition, or PARTITION=N")
        found[int(place) if place else EVERY] = int(ordinal)
    return found


def as_data(found: Comparison) -> dict[str, Any]:
    """The whole comparison as plain data; partitions are strings, as JSON wants them."""
    return {
        "before": found.before,
        "after": found.after,
        "up_to": _keyed(found.up_to),
        "ends": [_keyed(ends) for ends in found.ends],
        "notices": found.notices,
        "tenants": [_tenant_data(one) for one in found.tenants],
    }


def _keyed(ordinals: Any) -> dict[str, int]:
    return {str(partition): ordinal for partition, ordinal in ordinals.items()}


def _tenant_data(one: TenantComparison) -> dict[str, Any]:
    data = asdict(one)
    data["concerns"]["moved_share"] = one.concerns.moved_share
    data["kept"] = [{**asdict(kept), "shift": kept.shift} for kept in one.kept]
    data["issues_since"] = None if one.issues_since == ALL_GONE else one.issues_since
    return data


def _run(name: str, prefix: str) -> Run:
    path = Path(name)
    if path.is_dir() or len(path.parts) > 1:
        return DirectoryRun(path)
    return GenerationRun.found(named_cluster(load_settings()), Naming(prefix=prefix, generation=name))


# -- for people --------------------------------------------------------------------------------------


def _print(found: Comparison, limit: int) -> None:
    console = Console()
    notify(console, list(found.notices))
    for one in found.tenants:
        title = f"{one.tenant}: {found.before} → {found.after}"
        console.print(Text(title, style="bold"))
        for line in said_of(one, found):
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        for table in _tables(one, limit):
            console.print(table)
    if not found.tenants:
        console.print("neither holds anything up to the ordinals that both have come to")


def said_of(one: TenantComparison, found: Comparison) -> Iterable[str]:
    """The figures of one tenant, a sentence each."""
    concerns = one.concerns
    yield (
        f"{count(concerns.in_both, 'concern')} in both, {count(concerns.only_before)} only in {found.before}, "
        f"{count(concerns.only_after)} only in {found.after}"
    )
    if concerns.moved_share is not None and one.ari is not None:
        yield (
            f"agreement (ARI) {one.ari:.3f}; {count(concerns.moved)} of {count(concerns.same + concerns.moved)} "
            f"themed in both moved ({100 * concerns.moved_share:.1f} %)"
        )
    yield f"{count(concerns.got_theme)} got a theme, {count(concerns.lost_theme)} lost theirs"
    yield f"themes: {count(len(one.kept))} go on, {count(len(one.new))} new, {count(len(one.vanished))} vanished"
    if one.rank_correlation is not None:
        yield f"rank correlation of scores (Spearman) {one.rank_correlation:.3f}"
    if one.unknown_scores:
        yield f"{count(one.unknown_scores, 'score')} as of then not known: the topic keeps the newest alone"
    if one.issues_since == ALL_GONE:
        yield "issues are not compared: those of one side are past their 7 days"
    else:
        opened = sum(issues.count for issues in one.would_open)
        missing = sum(issues.count for issues in one.would_not_open)
        since = f", from journal ordinal {one.issues_since} on" if one.issues_since else ""
        yield f"issues: {count(opened)} would open, {count(missing)} would not{since}"


def _tables(one: TenantComparison, limit: int) -> Iterable[Table]:
    shifted = [kept for kept in one.kept if kept.shift or kept.rank_before != kept.rank_after]
    shifted.sort(key=lambda kept: (-abs(kept.shift or 0.0), kept.match.before))
    if shifted:
        yield _shifts(shifted, limit)
    changed = [kept for kept in one.kept if kept.match.confidence < 1]
    changed.sort(key=lambda kept: (kept.match.confidence, kept.match.before))
    if changed:
        yield _kept(changed, limit)
    for title, sizes in (("New themes", one.new), ("Vanished themes", one.vanished)):
        if sizes:
            yield _sizes(title, sizes, limit)
    for title, issues in (("Issues that would open", one.would_open), ("… would not", one.would_not_open)):
        if issues:
            yield _issues(title, issues, limit)


def _table(title: str, shown: int, of: int, *columns: str) -> Table:
    more = f" ({min(shown, of)} of {of})"
    table = Table(
        title=title + more, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False
    )
    for n, column in enumerate(columns):
        table.add_column(column, justify="right" if n else "left", overflow="fold")
    return table


def _shifts(kept: Sequence[Kept], limit: int) -> Table:
    table = _table("Scores that shift", limit, len(kept), "Theme", "Impact", "then", "Rank", "then")
    for one in kept[:limit]:
        impacts = (one.impact_before, one.impact_after)
        ranks = (one.rank_before, one.rank_after)
        cells = ["–" if impact is None else f"{impact:.1f}" for impact in impacts]
        cells += ["–" if rank is None else str(rank) for rank in ranks]
        table.add_row(Text(one.label_after), *cells)
    return table


def _kept(kept: Sequence[Kept], limit: int) -> Table:
    table = _table("Themes that go on otherwise", limit, len(kept), "Theme", "Concerns", "then", "Confidence")
    for one in kept[:limit]:
        renamed = "" if one.label_before == one.label_after else f" (was {one.label_before})"
        sizes = count(one.concerns_before), count(one.concerns_after)
        table.add_row(Text(one.label_after + renamed), *sizes, f"{one.match.confidence:.2f}")
    return table


def _sizes(title: str, sizes: Sequence[ThemeSize], limit: int) -> Table:
    table = _table(title, limit, len(sizes), "Theme", "Concerns")
    for one in sizes[:limit]:
        table.add_row(Text(one.label), count(one.concerns))
    return table


def _issues(title: str, issues: Sequence[Issues], limit: int) -> Table:
    table = _table(title, limit, len(issues), "Theme", "Rule", "Priority", "Issues")
    for one in issues[:limit]:
        table.add_row(Text(one.label), Text(one.rule), PRIORITIES[one.priority], count(one.count))
    return table

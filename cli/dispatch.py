"""``undercurrent dispatch``: the process that makes issues and alerts of what the flows decided."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import orjson
import typer
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from cli.flow import DATA, Partitions, Prefix, SaidData, deployed_partitions
from cli.printing import print_json
from cli.processes import NOTICE
from cli.themes import existing_or_demo
from connectors.kafka.admin import topics_as_asked
from connectors.kafka.names import GENERATION, PREFIX, Naming
from connectors.store.cursors import CursorStore
from settings import Settings, load_settings
from wiring.datadir import DataDir
from wiring.dispatch.destinations import Destinations
from wiring.dispatch.feeding import Feed, KafkaFeed, LogFeed
from wiring.dispatch.feeding import dispatch as dispatching
from wiring.dispatch.opening import open_dispatcher, told_destinations
from wiring.dispatch.previewing import Preview, previews, waiting
from wiring.edge.opening import edge_store, now_utc
from wiring.engine import draining_on_signals
from wiring.health import HealthFile, Probes, serving_if
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site

Where = Annotated[
    Path | None,
    typer.Option("--dir", help="Data directory of a run; else Kafka where KAFKA_BOOTSTRAP_SERVERS names it."),
]


def dispatch(
    directory: Where = None,
    data: SaidData = None,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    until_end: Annotated[bool, typer.Option(help="End when nothing is to be read or due any more.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    health_port: Annotated[int, typer.Option(help="Answer /livez, /readyz and /metrics there.")] = 0,
    generation: Annotated[str, typer.Option(hidden=True)] = GENERATION,
) -> None:
    """Make issues and alerts of what was decided, once each, as UNDERCURRENT_DESTINATIONS says.

    Any number may run. Example: undercurrent dispatch --dir out/demo --dry-run
    """
    settings = load_settings()
    told = told_destinations(settings)
    folder = folder_of(settings, directory, data)
    naming = Naming(prefix, generation)
    with ExitStack() as stack:
        store = edge_store(settings, folder)
        stack.callback(store.dispose)
        cursors = CursorStore(store)
        if directory is not None or not settings.kafka_bootstrap:
            feed: Feed = LogFeed(DataDir(folder).logs, cursors)
        else:
            site = Site(named_cluster(settings), naming, folder, partitions or deployed_partitions())
            topics_as_asked(site.cluster, [naming.public("linear")], site.partitions)
            feed = stack.enter_context(closing(KafkaFeed(site, cursors, say)))
        if dry_run:
            asyncio.run(_show(told, store, folder, feed, as_json=as_json))
            return
        registry = CollectorRegistry()
        beat = HealthFile(folder / "edge" / "health-dispatch.json", "dispatch")
        stack.enter_context(serving_if(Probes(beat_of=beat.path, registry=registry), health_port))
        draining = stack.enter_context(draining_on_signals())
        came = asyncio.run(
            _run(told, store, folder, registry, feed, draining.is_set, beat.touch, follow=not until_end)
        )
    if until_end:
        _sum_up(came, as_json=as_json)


def folder_of(settings: Settings, directory: Path | None, data: Path | None) -> Path:
    """Where store and keys lie: the directory that is named, on Kafka the data folder, else the demo's.

    Raises ``WrongUsage`` for a data folder without Kafka.
    """
    if directory is None and settings.kafka_bootstrap:
        return data or DATA
    return existing_or_demo(directory, data)


def say(notice: str) -> None:
    """Tell whoever runs this."""
    print(NOTICE + notice, file=sys.stderr, flush=True)  # noqa: T201 - the process's log


async def _run(
    told: Destinations,
    store: Engine,
    folder: Path,
    registry: CollectorRegistry,
    feed: Feed,
    draining: Callable[[], bool],
    beat: Callable[[], None],
    *,
    follow: bool,
) -> Counter[str]:
    async with open_dispatcher(told, store, folder / "keys", registry) as dispatcher:
        return await dispatching(feed, dispatcher, now_utc, draining, follow=follow, beat=beat)


async def _show(told: Destinations, store: Engine, folder: Path, feed: Feed, *, as_json: bool) -> None:
    """What new records would do, and what waits already."""
    async with open_dispatcher(told, store, folder / "keys", CollectorRegistry()) as dispatcher:
        opened, stores, now = dispatcher.opened, dispatcher.stores, now_utc()
        effects = stores.outbox.listed(["proposed", "pending", "manual"])
        shown = list(waiting(effects, opened, stores, now))
        known = {one.effect.id for one in shown}
        for one in previews(feed.rest(), opened, stores, now):
            if one.effect.id not in known and not stores.outbox.find(one.effect.id):
                known.add(one.effect.id)
                shown.append(one)
    if as_json:
        print_json([{"state": one.effect.state, **where(one), "would_send": one.would} for one in shown])
        return
    for one in shown:
        typer.echo(as_text(one))


def where(one: Preview) -> dict[str, object]:
    """Which effect it is."""
    effect = one.effect
    return {
        "id": effect.id, "tenant": effect.tenant, "destination": effect.destination, "kind": effect.kind,
        "verb": effect.verb, "about": effect.about, "autonomy": effect.autonomy,
    }  # fmt: skip


def as_text(one: Preview) -> str:
    """An effect for people: what happens to it, and what it would send."""
    effect = one.effect
    fate = {
        "observed": "not sent",
        "cancelled": "not sent",
        "proposed": "waits for a person",
        "manual": "waits for a person",
    }
    head = f"{effect.id}  {effect.verb} → {effect.destination} ({fate.get(effect.state, 'would be sent')})"
    why = f"\n  {effect.reason}" if effect.reason else ""
    if one.would is None:
        return head + why
    shown = orjson.dumps(one.would, option=orjson.OPT_INDENT_2).decode()
    return f"{head}{why}\n{shown}"


def _sum_up(came: Counter[str], *, as_json: bool) -> None:
    if as_json:
        print_json(dict(sorted(came.items())))
    else:
        typer.echo(
            ", ".join(f"{count} {what}" for what, count in sorted(came.items())) or "nothing was to be done"
        )

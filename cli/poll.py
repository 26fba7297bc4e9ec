"""``undercurrent poll``: ask vendors for what changed, or for their history, before Kafka or a data directory."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from sqlalchemy import Engine

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.run import finish
from cli.themes import existing
from cli.worker import PARTITIONS
from connectors.kafka.names import PREFIX, Naming
from connectors.store.cursors import CursorStore
from connectors.store.parts import PartStore
from connectors.vendors.port import Connection
from contracts.errors import WrongUsage
from settings import Settings, load_settings
from wiring.datadir import DataDir
from wiring.edge.connections import read_connections
from wiring.edge.draining import Drain, Gate, Polled
from wiring.edge.families import Families
from wiring.edge.opening import edge_store, embedded_gate, kafka_gate, now_utc, quota_of
from wiring.edge.polling import Poller
from wiring.edge.quotas import Quota
from wiring.edge.repeats import Repeats
from wiring.edge.vendors import vendors
from wiring.engine import draining_on_signals
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.views.topics import Topics

FAILED = 1

# Nothing of a data directory is shared, so nothing is rationed.
UNRATIONED = Quota(live_per_s=1_000_000, most_per_s=1_000_000)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a poll works on."""

    gate: Gate
    store: Engine
    connections: dict[str, Connection]
    console: Console

    def poller(self) -> Poller:
        """For one event loop."""
        drain = Drain(self.gate, CursorStore(self.store), now_utc, told=self._progress)
        return Poller(self.connections, drain)

    def _progress(self, page: Polled) -> None:
        if not page.failed:
            self.console.print(f"{page.connection} {page.stream}: {page.about or 'a page'}")


def poll(
    connection: Annotated[
        list[str] | None, typer.Argument(help="Entries of the connection file; default: all that are polled.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Ask once, then end; without --every that is so.")
    ] = False,
    every_s: Annotated[
        float | None, typer.Option("--every", min=1, help="Ask for ever, so many seconds apart.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Read history from this day on; the same command resumes it."
        ),
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Data directory of a run; without it Kafka is meant.")
    ] = None,
    data: DataOption = DATA,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what each stream brought as JSON.")] = False,
) -> None:
    """Ask the vendors of UNDERCURRENT_CONNECTIONS for what changed; what comes is durable before a cursor moves.

    Exits with 1 if not all of a stream was read. Example: undercurrent poll acme-zendesk --since 2025-01-01
    """
    if every_s is not None and (once or since is not None):
        raise WrongUsage("--every goes on for ever; leave out --once and --since")
    settings, console = load_settings(), Console(stderr=True)
    with _opened(settings, directory, data, prefix, partitions, console) as desk:
        if every_s is not None:
            _until_signal(_for_ever(desk, every_s, connection or ()))
            return
        polled = asyncio.run(_once(desk, since, connection or ()))
    for one in polled:
        typer.echo(orjson.dumps(asdict(one)).decode() if as_json else _line(one))
    if directory is not None and any(one.counts.records for one in polled):
        finish(directory, sum(1 for _ in Topics(DataDir(directory).logs).lines("journal")), console)
    if not all(one.whole for one in polled):
        raise typer.Exit(FAILED)


@contextmanager
def _opened(
    settings: Settings,
    directory: Path | None,
    data: Path,
    prefix: str,
    partitions: int | None,
    console: Console,
) -> Iterator[Desk]:
    """Everything that a poll works on, closed behind it."""
    found = _polled_connections(settings)
    place = data if directory is None else existing(directory)
    store = edge_store(settings, place)
    if directory is None:
        site = Site(named_cluster(settings), Naming(prefix=prefix), data, partitions or deployed_partitions())
        opening = kafka_gate(site, quota_of(settings))
    else:
        opening = embedded_gate(directory, PARTITIONS, UNRATIONED)
    try:
        with opening as gate, closing(Families(Repeats(gate), PartStore(store))) as families:
            yield Desk(families, store, found, console)
    finally:
        store.dispose()


def _polled_connections(settings: Settings) -> dict[str, Connection]:
    """The connections of vendors that are polled: trackers stand in the same file. Raises ``WrongUsage``."""
    if settings.connections is None:
        raise WrongUsage("UNDERCURRENT_CONNECTIONS names no file: docs/connectors.md says what stands in it")
    found = {
        name: one for name, one in read_connections(settings.connections).items() if one.vendor in vendors()
    }
    if not found:
        raise WrongUsage(f"{settings.connections}: no connection of {', '.join(sorted(vendors()))}")
    return found


async def _once(desk: Desk, since: datetime | None, names: Sequence[str]) -> Sequence[Polled]:
    poller = desk.poller()
    try:
        return await (poller.once(names) if since is None else poller.backfill(since.date(), names))
    finally:
        await poller.close()


async def _for_ever(desk: Desk, every_s: float, names: Sequence[str]) -> None:
    poller = desk.poller()
    try:
        await poller.forever(every_s, names)
    finally:
        await poller.close()


def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` until SIGTERM or SIGINT; what is durable stays, what is not is read again by the next poll."""

    async def go() -> None:
        task = asyncio.create_task(work)
        waiting = asyncio.create_task(asyncio.to_thread(draining.wait))
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        failed = task.done() and not task.cancelled() and task.exception()
        draining.set()
        task.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
        if failed:
            raise failed

    with draining_on_signals() as draining:
        asyncio.run(go())


def _line(polled: Polled) -> str:
    """How one stream went, for people."""
    counts = polled.counts
    told = f"{polled.connection} {polled.stream}: {counts.utterances} said, {counts.gone} gone"
    extra = [
        f"{n} {what}" for n, what in ((counts.customers, "customers"), (counts.unreadable, "unreadable")) if n
    ]
    if polled.owed:
        extra.append(f"{polled.owed} not read yet (their own requests fail; later polls try them again)")
    ended = polled.failed or (
        "the vendor goes round in circles; the next poll goes on" if polled.looped else ""
    )
    return ", ".join([told, *extra]) + (
        f"; ended early: {ended}" if ended else f", up to {datetime.now(UTC):%H:%M} UTC"
    )

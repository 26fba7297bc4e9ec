"""``undercurrent upload`` and ``watch``: files of any size into the bulk lane; a feeder takes them from there.

With ``--dir`` a file goes into the journal of a data directory, as ``undercurrent run`` would add it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.run import finish, load_file
from cli.themes import existing
from connectors.kafka.names import PREFIX, Naming
from contracts.errors import PipelineError, WrongUsage
from contracts.identity import partition
from settings import load_settings
from wiring.bulk.book import Upload, UploadBook
from wiring.bulk.checking import check
from wiring.bulk.folder import watch_folder
from wiring.bulk.upload import Lane, Options, Progress, upload
from wiring.edge.connections import read_connections
from wiring.engine import draining_on_signals
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages

REJECTED = 3
TOLD_EVERY_S = 5.0
SHOWN_BAD = 10

MapOption = Annotated[
    str | None, typer.Option("--map", help="field=column pairs, say text=comment,rating=stars.")
]
Customers = Annotated[Path | None, typer.Option(help="Customer list with the columns account,tier,mrr.")]
Source = Annotated[str | None, typer.Option(help="Source of rows that name none; default: the file's name.")]
ConnectionName = Annotated[
    str | None,
    typer.Option("--connection", help="Entry of the connection file: its tenant, its option `map`."),
]
Processes = Annotated[
    int | None, typer.Option(min=0, help="Processes that seal rows; default: one for every core but one.")
]


def upload_file(
    file: Annotated[Path, typer.Argument(help="Feedback: .csv or .jsonl, or the same with .gz.")],
    data: DataOption = DATA,
    mapping: MapOption = None,
    customers: Customers = None,
    source: Source = None,
    connection: ConnectionName = None,
    new_tenant: Annotated[
        bool,
        typer.Option("--new-tenant", help="Nothing of this tenant is known yet: ticks come with the rows."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row; write nothing.")] = False,
    processes: Processes = None,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Data directory of a run, instead of Kafka; its flow acts at once."),
    ] = None,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Upload a file into the bulk lane, or into a data directory; given again after a crash it goes on at the same row.

    Example: undercurrent upload reviews.csv --map text=comment --dir out/demo
    """
    tenant, mapped = _tenant(connection, mapping)
    options = Options(mapped, customers, source, new_tenant)
    if dry_run:
        raise typer.Exit(_checked(file, options, as_json=as_json))
    if directory is not None:
        into_directory(existing(directory), tenant, file, options, as_json=as_json)
        return
    if not load_settings().kafka_bootstrap:
        raise WrongUsage("say where to: --dir names a data directory, KAFKA_BOOTSTRAP_SERVERS a cluster")
    lane = open_lane(tenant, data, prefix, partitions, processes)
    told = upload(file, options, lane, now=datetime.now(UTC), progress=said_to_people(file.name))
    _tell(told, lane, as_json=as_json)


def into_directory(directory: Path, tenant: str, file: Path, options: Options, *, as_json: bool) -> None:
    """Append what the directory's journal lacks of a file, and let its flow act on it. Raises ``PipelineError``."""
    if options.source is not None or options.is_new_tenant:
        raise WrongUsage(
            "--source and --new-tenant are for Kafka: in a directory a file's name is its source"
        )
    found = check(file, options)  # a file that cannot be read at all is refused before anything is written
    console = Console(stderr=True)
    total = load_file(directory, tenant, file, options.mapping, options.customers, console)
    finish(directory, total, console)
    if as_json:
        told = {"tenant": tenant, "dir": str(directory), **found.as_json()}
        typer.echo(orjson.dumps(told).decode())
        return
    bad = f", {found.bad:,} of them bad (they are in dead letters: undercurrent dlq ls)" if found.bad else ""
    typer.echo(f"{file.name}: {found.rows:,} rows{bad} in {directory}")
    for line, reason in found.reasons[:SHOWN_BAD]:
        typer.echo(f"  line {line}: {reason}")


def watch(
    folder: Annotated[Path, typer.Argument(help="Folder in which files appear.")],
    data: DataOption = DATA,
    mapping: MapOption = None,
    source: Source = None,
    connection: ConnectionName = None,
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks.")] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, then end.")] = False,
    processes: Processes = None,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
) -> None:
    """Upload every complete file that appears in a folder, once, and move it to `done` or `refused` in there.

    Example: undercurrent watch /var/drop --map text=comment
    """
    tenant, mapped = _tenant(connection, mapping)
    lane = open_lane(tenant, data, prefix, partitions, processes)
    options = Options(mapped, None, source)

    def taken(path: Path) -> None:
        told = upload(path, options, lane, now=datetime.now(UTC), progress=said_to_people(path.name))
        typer.echo(_sentence(told, lane))

    def refused(path: Path, why: PipelineError) -> None:
        typer.echo(f"{path.name}: {why}", err=True)

    with draining_on_signals() as draining:
        wait: Callable[[float], bool] = (lambda _s: True) if once else draining.wait
        watch_folder(folder, taken, refused, every_s=every_s, wait=wait, settle_s=0.0 if once else every_s)


def open_lane(tenant: str, data: Path, prefix: str, partitions: int | None, processes: int | None) -> Lane:
    """The bulk lane of a tenant. Raises as ``refuse_unlike_stages``."""
    cluster, count = named_cluster(load_settings()), partitions or deployed_partitions()
    site = Site(cluster, Naming(prefix=prefix), data, count)
    refuse_unlike_stages(site)
    return Lane(
        tenant,
        cluster,
        site.naming.topic("bulk"),
        partition(tenant, count),
        site.keys,
        UploadBook(data / "uploads" / tenant),
        max(1, (os.cpu_count() or 1) - 1) if processes is None else processes,
    )


def said_to_people(name: str) -> Callable[[Progress], None]:
    """A line to standard error every few seconds; on a terminal it replaces the one before."""
    began = latest = time.monotonic()
    first = 0

    def say(progress: Progress) -> None:
        nonlocal latest, first
        first = first or progress.skipped
        now = time.monotonic()
        if now - latest < (0.5 if sys.stderr.isatty() else TOLD_EVERY_S):
            return
        latest = now
        rate = (progress.rows - first) / max(now - began, 1e-6)
        line = f"{name}: {progress.rows:,} rows, {progress.bad:,} bad, {rate:,.0f} rows/s"
        sys.stderr.write(f"\r{line}\x1b[K" if sys.stderr.isatty() else f"{line}\n")
        sys.stderr.flush()

    return say


def _tenant(connection: str | None, mapping: str | None) -> tuple[str, str | None]:
    """Whose feedback it is, and the mapping: a connection's where one is named."""
    settings = load_settings()
    if connection is None:
        return settings.tenant, mapping
    if settings.connections is None:
        raise typer.BadParameter("UNDERCURRENT_CONNECTIONS names no connection file")
    known = read_connections(settings.connections)
    if connection not in known:
        raise typer.BadParameter(
            f"no connection {connection!r}; there are {', '.join(sorted(known)) or 'none'}"
        )
    told = known[connection].options.get("map")
    return known[connection].tenant, mapping or (str(told) if told else None)


def _checked(file: Path, options: Options, *, as_json: bool) -> int:
    found = check(file, options)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()).decode())
        return REJECTED if found.bad else 0
    mapped = ", ".join(f"{field}={column}" for field, column in found.told.mapping.items())
    typer.echo(f"{file.name}: {found.rows:,} rows, {found.bad:,} bad; read as {mapped}; nothing was written")
    for line, reason in found.reasons:
        typer.echo(f"  line {line}: {reason}")
    return REJECTED if found.bad else 0


def _tell(told: Upload, lane: Lane, *, as_json: bool) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    if not as_json:
        typer.echo(_sentence(told, lane))
        for line, reason in told.unreadable[:SHOWN_BAD]:
            typer.echo(f"  line {line}: {reason}")
    else:
        said: dict[str, Any] = {"upload": told.told.id, "tenant": lane.tenant, "topic": lane.topic}
        said |= {"partition": lane.partition, "rows": told.rows, "bad": told.bad}
        said |= {"unreadable": [{"line": line, "reason": reason} for line, reason in told.unreadable]}
        typer.echo(orjson.dumps(said).decode())


def _sentence(told: Upload, lane: Lane) -> str:
    bad = f", {told.bad:,} of them unreadable (they go to dead letters with their lines)" if told.bad else ""
    return (
        f"{told.told.origin}: {told.rows:,} rows{bad} in {lane.topic}, partition {lane.partition}; "
        f"upload {told.told.id}"
    )

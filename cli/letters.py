"""What the commands of ``undercurrent dlq`` share: where the letters lie, which are meant, and how one is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from cli.flow import DATA, deployed_partitions
from cli.printing import harmless
from cli.run import finish
from cli.themes import existing_or_demo
from cli.worker import PARTITIONS, going_on
from connectors.kafka.names import GENERATION, Naming
from contracts.errors import PipelineError, WrongUsage
from settings import load_settings
from wiring.appending import Orders, embedded_orders, kafka_orders
from wiring.datadir import DataDir
from wiring.deadletters.kafka import topics_of
from wiring.deadletters.letters import Letter, dead, read_letters
from wiring.kafka.broker import named_cluster
from wiring.kafka.generations import active_generation
from wiring.kafka.running import Site
from wiring.views.topics import Records, Topics

STANDS = "what was ordered is in the journal all the same, and acts when the flow runs again"

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*s)?")


@dataclass(frozen=True, slots=True)
class Desk:
    """One place with dead letters; ``folder`` holds its keys and its audit, ``act`` lets an embedded flow act."""

    topics: Records
    folder: Path
    orders: Callable[[], AbstractContextManager[Orders]]
    act: Callable[[Console], bool]

    def dead_again(self, before: Iterable[Letter], console: Console) -> list[str]:
        """Let the flow act, and tell which letters that brought. On Kafka the running stages act in their own time."""
        known = {letter.id for letter in before}
        if not self.act(console):
            return []
        return [letter.id for letter in dead(read_letters(self.topics)) if letter.id not in known]


def open_desk(
    directory: Path | None, data: Path | None, generation: str | None, prefix: str, partitions: int | None
) -> Desk:
    """The data directory that is named, else the Kafka that is named, else the demo's directory.

    On Kafka the active generation, if none is named. Raises ``WrongUsage`` where that is not clear, or ``data``
    is said of no Kafka.
    """
    settings = load_settings()
    if directory is None and settings.kafka_bootstrap:
        cluster = named_cluster(settings)
        seen = generation or active_generation(cluster, prefix) or GENERATION
        naming = Naming(prefix=prefix, generation=seen)
        return _on_kafka(Site(cluster, naming, data or DATA, partitions or deployed_partitions()))
    return _embedded(existing_or_demo(directory, data))


def _now() -> datetime:
    return datetime.now(UTC)


def _embedded(directory: Path) -> Desk:
    def act(console: Console) -> bool:
        try:
            finish(directory, sum(1 for _ in topics.lines("journal")), console)
        except PipelineError as exc:  # whoever reads of a failure would order it again
            exc.args = (f"{exc}; {STANDS} ({going_on(directory)})", *exc.args[1:])
            raise
        return True

    topics = Topics(DataDir(directory).logs)
    return Desk(topics, directory, partial(embedded_orders, directory, PARTITIONS, _now), act)


def _on_kafka(site: Site) -> Desk:
    return Desk(topics_of(site), site.data, partial(kafka_orders, site, _now), lambda _console: False)


def rate_of(told: str | None) -> float | None:
    """Orders a second. Raises ``WrongUsage``."""
    if told is None:
        return None
    rate = _RATE.fullmatch(told.strip())
    if rate is None or float(rate[1]) <= 0:
        raise WrongUsage(f"--rate {told}: give orders a second, say 20/s")
    return float(rate[1])


def row_of(letter: Letter) -> dict[str, object]:
    """A letter for programs: nothing of what came."""
    record = letter.record
    return {
        "id": letter.id,
        "reason": record.reason,
        "stage": record.stage,
        "tenant": record.tenant,
        "item_id": record.item_id,
        "field": record.field,
        "message": record.message,
        "exception": record.exception,
        "origin": record.found_at.origin,
        "line": record.found_at.line,
        "ingested_at": letter.since,
        "attempt": record.attempt,
        "first_failed_at": record.first_failed_at,
        "redrive_id": record.redrive_id,
        "readable": letter.delivery is not None,
    }


def line_of(letter: Letter) -> str:
    """A letter for people, in two lines."""
    record = letter.record
    line = "" if record.found_at.line is None else f":{record.found_at.line}"
    attempt = f", attempt {record.attempt}" if record.attempt > 1 else ""
    where = f"{record.tenant}, {harmless(record.found_at.origin)}{line}, stage {record.stage}{attempt}"
    return f"{letter.id}  {record.reason}  {where}\n    {record.message}"

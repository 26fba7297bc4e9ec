"""How the sources of the journal live, as intake sees it: the same rates, worked out from the journal alone.

In:    the journal's records.   Out: a line for each source of each tenant.
Reads all of the journal that there is, so that nothing has to be asked of a stage that may be down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from connectors.kafka.cluster import Cluster
from connectors.kafka.reading import Ranges, held
from contracts.commands import Command, LoadBegin, LoadEnd
from contracts.envelope import Envelope
from contracts.feedback import FeedbackReceived, Tick
from contracts.identity import partition_of
from contracts.registry import read_journal
from models.freshness.rates import SourceRate
from operators.intake.sources import HOUR_S, Sources
from operators.state import Table
from wiring.views.topics import Topics

State = Literal["learning", "ok", "silent", "flood"]


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source: items of the running hour, what is usual for it, and how long it has been quiet.

    ``expected`` is items an hour; None while nobody knows. ``until`` is the journal's own time.
    """

    tenant: str
    source: str
    state: State
    this_hour: int
    expected: float | None
    quiet_h: int
    hours_known: int
    until: datetime


def sources_of(records: Iterable[Envelope]) -> list[SourceView]:
    """The sources of every tenant, sorted by tenant and name; records of one partition come in their order."""
    parts: dict[int, tuple[Sources, Table[bool]]] = {}
    for record in records:
        sources, loading = parts.setdefault(partition_of(record.id), (Sources(), Table()))
        match record:
            case FeedbackReceived() if record.tenant not in loading:
                sources.delivered(record)
            case Tick():
                for _ in sources.ticked(record, loading):
                    pass
            case Command(order=LoadBegin()):
                loading.put(record.tenant, value=True)
            case Command(order=LoadEnd()):
                loading.drop(record.tenant)
    rates = [(key, sources.rates[key]) for sources, _ in parts.values() for key in sources.rates]
    return [_view(key, rate) for key, rate in sorted(rates, key=lambda pair: pair[0])]


def _view(key: str, rate: SourceRate) -> SourceView:
    tenant, _, source = key.partition("|")
    expected = rate.expected_milli(rate.hour)
    state: State = "learning" if expected is None else "ok"
    if rate.open in ("silent", "flood"):
        state = "silent" if rate.open == "silent" else "flood"
    until = datetime.fromtimestamp(rate.hour * HOUR_S, UTC)
    usual = None if expected is None else expected / 1000
    return SourceView(tenant, source, state, rate.count, usual, rate.quiet_h, rate.hours, until)


def journal_of_directory(directory: Path) -> Iterator[Envelope]:
    """The journal of a data directory."""
    for _place, record in Topics(directory / "logs").records("journal"):
        yield record


def journal_on_kafka(cluster: Cluster, topic: str, partitions: int) -> Iterator[Envelope]:
    """All that the journal on Kafka holds."""
    ranges = Ranges(cluster)
    try:
        places = [(topic, p) for p in range(partitions)]
        for (_, p), there in held(cluster.admin(), places).items():
            for ordinal, message in enumerate(ranges.between(topic, p, there.first, there.end), there.first):
                yield read_journal(p, ordinal, message.value() or b"")
    finally:
        ranges.close()

"""Put what people order into the journal, the same way wherever it lies; an order acts at its own place.

``embedded_orders`` writes to a data directory's journal, ``kafka_orders`` to the one on Kafka; both are to be closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from connectors.jsonl.log import JsonlLog
from connectors.kafka.journal import KafkaJournal
from connectors.keys.vault import LocalVault
from contracts.business import BusinessKind
from contracts.commands import Order
from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.identity import partition
from contracts.naming import ThemeAnswer
from contracts.registry import write_record
from wiring.datadir import DataDir
from wiring.journal import RecordMaker
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages
from wiring.loads import LoadBook

PEOPLE = "people"
"""The producer that the journal on Kafka names for orders."""

WAIT_S = 5.0
"""How long orders wait for who writes to a data directory's journal: ``serve`` lets go of it in between."""

# Orders that become durable together when no rate is asked for.
TOGETHER = 500


class Journal(Protocol):
    """A writer of the journal's partitions."""

    def append(self, partition: int, lines: Sequence[bytes]) -> Any:
        """Make records durable, in order. Raises ``PipelineError``."""
        ...

    def count(self, partition: int) -> int:
        """The ordinal of the next record."""
        ...


class Given(NamedTuple):
    """An order for one tenant."""

    tenant: str
    order: Order


class Told(NamedTuple):
    """A business event of one tenant, and when it happened."""

    tenant: str
    event: BusinessKind
    name: str
    at: datetime
    url: str | None = None


def signed(author: str) -> None:
    """See that an order has an author, since the journal keeps who gave it. Raises ``WrongUsage``."""
    if not author.strip():
        raise WrongUsage("the author is empty: say who orders it; it is kept in the journal")


@dataclass(frozen=True, slots=True)
class Orders:
    """Appends orders as ``author``; ``now`` is asked once for each batch, ``pause`` sleeps (seconds)."""

    journal: Journal
    partitions: int
    vault: LocalVault
    now: Callable[[], datetime]
    pause: Callable[[float], None] = time.sleep

    def give(self, author: str, given: Sequence[Given], per_s: float | None = None) -> None:
        """Append in order; at most ``per_s`` a second. What was appended when this raises stays.

        Raises ``WrongUsage`` where the author is nobody.
        """
        signed(author)
        together = TOGETHER if per_s is None else 1
        for start in range(0, len(given), together):
            if start and per_s is not None:
                self.pause(1 / per_s)
            self._append(author, given[start : start + together])

    def tell(self, author: str, told: Told) -> None:
        """Append a business event."""
        line = RecordMaker(told.tenant, self.vault, self.now()).business_event(
            author, told.event, told.name, told.at, told.url
        )
        self.journal.append(partition(told.tenant, self.partitions), [line])

    def answer(self, answer: ThemeAnswer) -> None:
        """Append what a model answered; it happens when it is appended."""
        self.put([answer])

    def put(self, records: Sequence[Envelope]) -> None:
        """Append records in order; they happen when they are appended."""
        now = self.now()
        lines: dict[int, list[bytes]] = {}
        for record in records:
            line = write_record(record.model_copy(update={"event_time": now, "ingested_at": now}))
            lines.setdefault(partition(record.tenant, self.partitions), []).append(line)
        for place in sorted(lines):
            self.journal.append(place, lines[place])

    def total(self, tenant: str) -> int:
        """Records in the tenant's partition."""
        return self.journal.count(partition(tenant, self.partitions))

    def _append(self, author: str, given: Sequence[Given]) -> None:
        at = self.now()
        lines: dict[int, list[bytes]] = {}
        for tenant, order in given:
            line = RecordMaker(tenant, self.vault, at).command(author, order, at)
            lines.setdefault(partition(tenant, self.partitions), []).append(line)
        for place in sorted(lines):
            self.journal.append(place, lines[place])


@contextmanager
def embedded_orders(directory: Path, partitions: int, now: Callable[[], datetime]) -> Iterator[Orders]:
    """Orders for a data directory.

    Raises ``WrongUsage`` while a load of it is unfinished, ``RecoveryRefused`` while another one keeps writing to it.
    """
    if load := LoadBook(directory).unfinished:
        raise WrongUsage(f"the load of {load.origin} is not finished; give its run command again first")
    with (
        closing(LocalVault(directory / "keys")) as vault,
        JsonlLog(DataDir(directory).journal, partitions, wait_s=WAIT_S) as journal,
    ):
        yield Orders(journal, partitions, vault, now)


@contextmanager
def kafka_orders(site: Site, now: Callable[[], datetime]) -> Iterator[Orders]:
    """Orders for the flows on Kafka. Raises as ``refuse_unlike_stages``."""
    refuse_unlike_stages(site)
    with (
        closing(LocalVault(site.keys)) as vault,
        KafkaJournal(site.cluster, site.naming.journal, site.partitions, PEOPLE) as journal,
    ):
        yield Orders(journal, site.partitions, vault, now)

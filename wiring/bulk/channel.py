"""One partition of the bulk topic on its way into the same partition of the journal, fairly between its tenants.

In:    messages of ``bulk``.   Out: the same messages in ``journal``, each with the header ``undercurrent-fed``.
State: for each tenant the next bulk offset; told by the headers in the journal itself. The file beside only says from
       where on to look, so that without it everything is looked at, and nothing is fed twice or left out.
Of one tenant the order never changes; tenants take turns, so that a small upload does not wait for a large one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Message

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import Headers, header
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, Ranges, headers_of, held, offset_of
from connectors.kafka.writing import Writer
from contracts.errors import StateCorrupt
from wiring.datadir import write_whole

FED = "undercurrent-fed"
"""Header of what the feeder wrote to the journal: the offset in the bulk topic's partition of the same number."""

MOST_DIGITS = 19
"""Of an offset, which is below 2^63."""

BUFFERED = 500
"""Messages of a tenant in memory; what is behind them is read again when it is their turn."""

# Records between two notes; a start looks again at no more than these.
NOTED_EVERY = 256

# Messages that a look ahead for other tenants reads at once: some 20 ms.
LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of the bulk topic that is still to be fed."""

    offset: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(slots=True)
class Tenant:
    """What waits of one tenant: the first messages, and from where on more are to be read again (None: none are)."""

    next: int
    waiting: deque[Waiting] = field(default_factory=deque)
    unread_from: int | None = None


class Channel:
    """Feeds one partition; for one thread."""

    def __init__(
        self, cluster: Cluster, naming: Naming, partition: int, notes: Path, ranges: Ranges, writer: Writer
    ) -> None:
        self.partition = partition
        self._bulk, self._journal = naming.topic("bulk"), naming.journal
        self._cluster, self._ranges, self._writer = cluster, ranges, writer
        self._admin = cluster.admin()
        self._notes = notes / f"{partition}.json"
        self._tenants: dict[bytes, Tenant] = {}
        self._turns: deque[bytes] = deque()
        self._looked = self._unnoted = 0
        journal_end = self._resume()
        self._outlet = writer.outlet(self._journal, partition, journal_end)
        if not self._notes.exists():
            self._note(journal_end)  # from now on it is known what must not be missing

    @property
    def waits(self) -> bool:
        """Whether something is to be fed, as far as was looked."""
        return bool(self._turns)

    def look(self) -> None:
        """See which tenants have something to be fed, a bounded way ahead. Raises ``StateCorrupt`` where it is gone."""
        there = self._held(self._bulk)
        self._refuse_gap(self._looked, there.first)
        until = min(there.end, self._looked + LOOKED_AT)
        for message in self._read(self._looked, until):
            self._seen(message)
        self._looked = until

    def feed(self, most: int) -> int:
        """Append up to so many messages to the journal, a tenant's turn each; how many. Raises ``StopWorker``."""
        fed = 0
        while fed < most and self._turns:
            name = self._turns.popleft()
            one = self._next_of(name)
            if one is None:
                continue
            said = (*(told for told in one.headers if told[0] != FED), (FED, b"%d" % one.offset))
            self._writer.send(self._outlet, f"{self._bulk} {one.offset}", one.key, one.value, said)
            self._tenants[name].next = one.offset + 1
            self._turns.append(name)
            fed += 1
        if fed:
            self._writer.settle(self._outlet)
            self._unnoted += fed
            if self._unnoted >= NOTED_EVERY or not self._turns:
                self._note(self._outlet.end)
        return fed

    def _next_of(self, name: bytes) -> Waiting | None:
        tenant = self._tenants[name]
        if not tenant.waiting and tenant.unread_from is not None:
            start, tenant.unread_from = tenant.unread_from, None
            for message in self._read(start, self._looked):
                if message.key() == name and not self._keep(tenant, message):
                    break
        return tenant.waiting.popleft() if tenant.waiting else None

    def _seen(self, message: Message) -> None:
        name = message.key() or b""
        tenant = self._tenants.setdefault(name, Tenant(offset_of(message)))
        if offset_of(message) < tenant.next:
            return
        if name not in self._turns:
            self._turns.append(name)
        if tenant.unread_from is None:
            self._keep(tenant, message)

    @staticmethod
    def _keep(tenant: Tenant, message: Message) -> bool:
        """Keep a message in memory; False where there is no room, and it is to be read again."""
        if len(tenant.waiting) >= BUFFERED:
            tenant.unread_from = offset_of(message)
            return False
        value, key = message.value(), message.key()
        if isinstance(value, bytes):
            tenant.waiting.append(Waiting(offset_of(message), bytes(key or b""), value, headers_of(message)))
        return True

    def _read(self, start: int, end: int) -> Iterator[Message]:
        return self._ranges.between(self._bulk, self.partition, start, end)

    # -- where it was ------------------------------------------------------------------------------------

    def _resume(self) -> int:
        """Take up what was fed from the journal; the journal's end."""
        notes = json.loads(self._notes.read_bytes()) if self._notes.exists() else {}
        for name, at in notes.get("tenants", {}).items():
            self._tenants[name.encode("utf-8", "surrogateescape")] = Tenant(at)
        there, waiting = self._held(self._journal), self._held(self._bulk).end
        start = max(there.first, notes.get("journal", 0))
        for message in self._ranges.between(self._journal, self.partition, start, there.end):
            fed = _fed_from(headers_of(message), waiting)
            if fed is not None:
                tenant = self._tenants.setdefault(message.key() or b"", Tenant(0))
                tenant.next = max(tenant.next, fed + 1)
        self._looked = self._from(notes.get("looked"))
        return there.end

    def _from(self, looked: int | None) -> int:
        """Where to look on; without notes, and behind a gap that a person has seen, at what there is."""
        first = self._held(self._bulk).first
        if looked is None:
            return first
        self._refuse_gap(looked, first)
        return looked

    def _refuse_gap(self, looked: int, first: int) -> None:
        if looked < first:
            raise StateCorrupt(
                f"topic {self._bulk}, partition {self.partition}: it begins at {first}, and what lay from {looked} on "
                f"may not be fed: retention deleted it. Upload it again; to go on without it delete {self._notes}"
            )

    def _note(self, journal_end: int) -> None:
        # A key may be any bytes: intake, not the feeder, says what is wrong with it.
        tenants = {
            name.decode("utf-8", "surrogateescape"): tenant.next for name, tenant in self._tenants.items()
        }
        behind = [self._tenants[name].next for name in self._turns if self._has_more(name)]
        looked = min([self._looked, *behind])
        self._unnoted = 0
        said = {"tenants": tenants, "looked": looked, "journal": journal_end}
        write_whole(self._notes, json.dumps(said).encode())

    def _has_more(self, name: bytes) -> bool:
        tenant = self._tenants[name]
        return bool(tenant.waiting) or tenant.unread_from is not None

    def _held(self, topic: str) -> Held:
        return held(self._admin, [(topic, self.partition)])[topic, self.partition]


def _fed_from(headers: Headers, end: int) -> int | None:
    """The bulk offset that a journal message was fed from; None where it was not.

    A header that says no offset, or one behind the ``end`` of what ever was there, is some other producer's: believed,
    it would end the feeder, or all that its tenant has waiting would count as fed.
    """
    told = header(headers, FED)
    if told is None or not (told.isascii() and told.isdecimal() and len(told) <= MOST_DIGITS):
        return None
    return offset if (offset := int(told)) < end else None

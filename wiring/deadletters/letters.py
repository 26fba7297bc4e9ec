"""Which dead letters there are, what has become of each, and the delivery that each holds.

In:    the topics that say so, downstream first.   Out: ``Letter``s in the order of the dead-letters topic.
Elsewhere: what is dead and what is not any more (``contracts.outcomes``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge

from contracts.commands import Command, Redrive, ReleaseQuarantined
from contracts.diversions import DeadLetter
from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.feedback import FeedbackReceived
from contracts.identity import cause_of, partition_of
from contracts.outcomes import Ledger
from contracts.registry import NOBODY
from contracts.told import LetterState
from wiring.views.topics import Records

# Downstream first: what a running flow writes meanwhile is then never an output without its input.
TOPICS = ("dead-letters", "quarantine", "receipts", "redacted", "journal")

# When a letter came that does not say it.
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter; ``delivery`` is what came, None where the journal holds no record that can be read there."""

    record: DeadLetter
    state: LetterState
    delivery: FeedbackReceived | None

    @property
    def id(self) -> str:
        """The id that orders name."""
        return self.record.id

    @property
    def since(self) -> datetime | None:
        """When the journal took it; None where the record that came does not say."""
        return None if self.record.tenant == NOBODY else self.record.ingested_at


def read_letters(topics: Records) -> list[Letter]:
    """Every dead letter. Raises ``StateCorrupt`` for a topic that cannot be read."""
    ledger = Ledger()
    letters: dict[str, DeadLetter] = {}
    deliveries: dict[str, FeedbackReceived | None] = {}
    wanted: set[str] = set()
    for topic in TOPICS:
        for _place, record in topics.records(topic):
            ledger.apply(topic, record)
            if isinstance(record, DeadLetter):
                letters.setdefault(record.id, record)
                wanted.add(cause_of(record.id))
            elif topic == "journal" and record.id in wanted:
                deliveries[record.id] = _delivered(record)
    states = ledger.letters()
    return [Letter(record, states[name], deliveries.get(cause_of(name))) for name, record in letters.items()]


def _delivered(record: Envelope) -> FeedbackReceived | None:
    """What a journal record delivers, by itself or by order."""
    if isinstance(record, Command) and isinstance(record.order, Redrive | ReleaseQuarantined):
        return record.order.item
    return record if isinstance(record, FeedbackReceived) else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant; None means any."""

    tenant: str | None = None
    reason: str | None = None
    since: datetime | None = None

    def has(self, letter: Letter) -> bool:
        """Whether a letter is among them; one that does not say when it came is never too old."""
        return (
            self.tenant in (None, letter.record.tenant)
            and self.reason in (None, letter.record.reason)
            and (self.since is None or letter.since is None or letter.since >= self.since)
        )


def dead(letters: Iterable[Letter], wanted: Wanted | None = None) -> list[Letter]:
    """The letters that are still dead, of those that are wanted."""
    meant = wanted or Wanted()
    return [letter for letter in letters if letter.state == "dead" and meant.has(letter)]


def oldest_first(letters: Iterable[Letter]) -> list[Letter]:
    """By when they came; those of one partition stay in its order, whose later revisions count."""
    parts: dict[int, list[Letter]] = {}
    for letter in letters:
        parts.setdefault(partition_of(letter.id), []).append(letter)
    return list(merge(*parts.values(), key=lambda letter: letter.since or _LONG_AGO))


def named(letters: Sequence[Letter], ids: Collection[str]) -> list[Letter]:
    """The dead letters with these ids, in the order of the topic. Raises ``WrongUsage`` for one that is not dead."""
    states = {letter.id: letter.state for letter in letters}
    for name in ids:
        if name not in states:
            raise WrongUsage(f"no dead letter {name}; list them with: undercurrent dlq ls")
        if states[name] != "dead":
            raise WrongUsage(f"{name} is no longer dead: {WHY[states[name]]}; nothing was ordered")
    return [letter for letter in letters if letter.id in ids]


WHY: dict[LetterState, str] = {
    "dead": "it waits",
    "redriven": "it was redriven",
    "dropped": "it was dropped",
    "superseded": "a newer revision of its item went on since",
    "erased": "its subject was erased",
}
"""The states in words."""

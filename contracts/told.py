"""What the records of all topics say, folded: of deliveries, items, concerns and dead letters.

In:    records topic by topic; within a topic in its order, between topics in any order. A journal record
       must carry its place as ``id`` (``registry.read_journal`` gives it).
Elsewhere: which outcome follows from it (``contracts.outcomes``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from contracts.commands import Command, DropLetter, Erase, Redrive, ReleaseQuarantined, RetractItem
from contracts.diversions import DeadLetter, Quarantined, Receipt, ReviewRequest
from contracts.envelope import Envelope
from contracts.feedback import FeedbackReceived, Undecodable
from contracts.identity import cause_of, ordinal_of
from contracts.stages import Assignment, EnrichedItem, RedactedItem

Fate = Literal["applied", "quarantined", "dead_lettered", "repeat", "stale", "erased", "retracted"]
"""What a delivery did: ``applied`` made the item's current revision; ``retracted`` took it back."""

LetterState = Literal["dead", "redriven", "dropped", "superseded", "erased"]
"""What has become of a dead letter; ``superseded``: a newer revision of its item went on since."""


@dataclass(slots=True)
class Delivery:
    """Something that was accepted, or an order to try it again: of which item, under whose key."""

    item_id: str | None
    subject: str


@dataclass(slots=True)
class Concern:
    """What is said of a concern: ``ordinal`` is the record that it came with, ``decided`` the latest decision."""

    item_id: str
    subject: str
    ordinal: int
    in_review: bool
    decided: int
    is_dismissed: bool = False


@dataclass(slots=True)
class Change:
    """The latest change of a concern's theme."""

    sequence: int = 0
    change: str = ""
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: whose it is, and how far in the journal."""

    item_id: str | None
    subject: str
    ordinal: int


@dataclass(slots=True)
class Item:
    """``standing`` is what the latest delivery that counted did, at ``ordinal``; extract got to ``enriched``."""

    ordinal: int = -1
    standing: Fate | None = None
    revision: int | None = None
    subject: str = ""
    enriched: int = -1
    concerns: dict[int, list[str]] = field(default_factory=dict)
    is_accepted: bool = False
    letters: set[str] = field(default_factory=set)


class Told:
    """What was said of everything accepted so far."""

    def __init__(self) -> None:
        self._deliveries: dict[str, Delivery] = {}
        self._fates: dict[str, list[Fate]] = {}
        self._items: dict[str, Item] = {}
        self._concerns: dict[str, Concern] = {}
        self._retracted: set[str] = set()
        # Changes of concerns by id: the assignments may be read before the concerns are known.
        self._changes: dict[str, Change] = {}
        self._reviews: set[str] = set()
        self._erased: dict[str, int] = {}
        self._letters: dict[str, Letter] = {}
        # What a person ordered first of a letter: later orders change nothing.
        self._dealt: dict[str, LetterState] = {}
        self._broken: list[str] = []

    def apply(self, topic: str, record: Envelope) -> None:
        """Take one record of a topic into account."""
        match record:
            case FeedbackReceived() | Undecodable():
                self._accept(record)
            case Command() if topic == "journal":
                self._order(record)
            case RedactedItem():
                self._redacted(record)
            case EnrichedItem():
                self._enriched(record)
            case Assignment():
                self._assigned(record)
            case Quarantined():
                self._stands(record.item_id, record, "quarantined", None, record.item.body.subject)
                self._fate(record, "quarantined")
            case DeadLetter():
                self._dead(record)
            case Receipt():
                if record.outcome in ("erased", "retracted"):
                    self._stands(record.item_id, record, record.outcome, None, "")
                self._fate(record, record.outcome)
            case ReviewRequest():
                self._reviews.add(record.concern.concern_id)

    # -- what comes in -------------------------------------------------------------------------------

    def _accept(self, record: FeedbackReceived | Undecodable) -> None:
        item_id = record.item_id if isinstance(record, FeedbackReceived) else None
        subject = record.body.subject if isinstance(record, FeedbackReceived) else ""
        self._deliveries[record.id] = Delivery(item_id, subject)
        if item_id is not None:
            self._items.setdefault(item_id, Item()).is_accepted = True

    def _order(self, command: Command) -> None:
        if isinstance(command.order, Erase):
            self._erased[command.order.subject] = ordinal_of(command.id)
        elif isinstance(command.order, ReleaseQuarantined):
            item = command.order.item
            self._deliveries[command.id] = Delivery(item.item_id, item.body.subject)
        elif isinstance(command.order, RetractItem):
            self._deliveries[command.id] = Delivery(command.order.item_id, "")
        elif isinstance(command.order, Redrive):
            item = command.order.item
            self._deliveries[command.id] = Delivery(item.item_id, item.body.subject)
            self._items.setdefault(item.item_id, Item()).is_accepted = True
            self._dealt.setdefault(command.order.letter, "redriven")
        elif isinstance(command.order, DropLetter):
            self._dealt.setdefault(command.order.letter, "dropped")

    # -- what the stages say -------------------------------------------------------------------------

    def _fate(self, record: Envelope, fate: Fate) -> None:
        self._fates.setdefault(cause_of(record.id), []).append(fate)

    def _stands(self, item_id: str, record: Envelope, fate: Fate, revision: int | None, subject: str) -> None:
        item = self._items.setdefault(item_id, Item())
        ordinal = ordinal_of(record.id)
        # Of one delivery, that a later stage could not go on outdoes that an earlier one did.
        outdone = ordinal == item.ordinal and item.standing == "dead_lettered"
        if ordinal >= item.ordinal and not outdone:
            item.ordinal, item.standing, item.revision, item.subject = ordinal, fate, revision, subject

    def _redacted(self, record: RedactedItem) -> None:
        if record.withdrawn:  # its delivery went to quarantine, which says so itself
            return
        self._stands(record.item_id, record, "applied", record.revision, record.text.subject)
        self._fate(record, "applied")

    def _dead(self, record: DeadLetter) -> None:
        subject, ordinal = record.original.subject, ordinal_of(record.id)
        self._letters[record.id] = Letter(record.item_id, subject, ordinal)
        if record.item_id is not None:
            self._items.setdefault(record.item_id, Item()).letters.add(record.id)
            if record.withdraws or record.stage != "intake":  # applied first, and then could not go on
                self._stands(record.item_id, record, "dead_lettered", None, record.original.subject)
        if record.stage == "intake":
            self._fate(record, "dead_lettered")

    def _enriched(self, record: EnrichedItem) -> None:
        item = self._items.setdefault(record.item_id, Item())
        item.enriched = max(item.enriched, ordinal_of(record.id))
        known = item.concerns.setdefault(record.revision, [])
        for concern in record.concerns:
            name = concern.concern_id
            there = self._concerns.get(name)
            if there is None:
                known.append(name)
                self._concerns[name] = Concern(
                    record.item_id,
                    record.text.subject,
                    ordinal_of(record.id),
                    concern.decision.needs_review,
                    ordinal_of(record.id),
                )
            else:  # a model or a person decided about it anew
                there.in_review, there.is_dismissed = concern.decision.needs_review, False
                there.decided = ordinal_of(record.id)
        for name in record.dismissed or ():
            if dismissed := self._concerns.get(name):
                dismissed.in_review, dismissed.is_dismissed = False, True
        self._retracted.update(record.retracts)

    def _assigned(self, record: Assignment) -> None:
        name = record.concern_id
        state = self._changes.setdefault(name, Change())
        if record.sequence != state.sequence + 1:
            self._broken.append(f"concern {name}: change {record.sequence} follows change {state.sequence}")
        if record.change in ("moved", "retracted") and record.from_theme != state.theme:
            self._broken.append(f"concern {name}: {record.change} from a theme that it was not in")
        state.sequence = record.sequence
        if record.change == "relabelled":
            if state.change in ("", "retracted") or record.theme != state.theme:
                self._broken.append(f"concern {name}: relabelled where it was not")
            return
        state.change = record.change
        state.theme = record.theme if record.change in ("assigned", "moved") else None

"""What has become of everything that was accepted: a pure fold over the records of all topics.

In:    records topic by topic; within a topic in its order, between topics in any order. A journal record
       must carry its place as ``id`` (``registry.read_journal`` gives it).
Out:   exactly one outcome per concern and per item, one fate per delivery, and what breaks these laws.

An item's outcome is that of its standing revision: ``quarantined``, or what follows from its concerns (the
first of ``themed, waiting, in_review, unthemed, erased`` that one of them has; ``filtered`` without any).
A dead letter leaves an earlier revision standing, unless it withdraws it; when a person gives it up, the item is
``filtered``; one that its source deleted is ``superseded``. None means: still on its way through the stages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from contracts.commands import Command, DropLetter, Erase, Redrive, ReleaseQuarantined, RetractItem
from contracts.diversions import DeadLetter, Quarantined, Receipt, ReviewRequest
from contracts.envelope import Envelope
from contracts.feedback import FeedbackReceived, Undecodable
from contracts.identity import cause_of, ordinal_of
from contracts.stages import Assignment, EnrichedItem, Outcome, RedactedItem

Fate = Literal["applied", "quarantined", "dead_lettered", "repeat", "stale", "erased", "retracted"]
"""What a delivery did: ``applied`` made the item's current revision; ``retracted`` took it back."""

LetterState = Literal["dead", "redriven", "dropped", "superseded", "erased"]
"""What has become of a dead letter; ``superseded``: a newer revision of its item went on since."""

_FIRST_OF: tuple[Outcome, ...] = ("themed", "waiting", "in_review", "unthemed", "erased", "superseded")
_OF_CHANGE: dict[str, Outcome] = {
    "assigned": "themed",
    "moved": "themed",
    "retracted": "superseded",
    "waiting": "waiting",
    "unthemed": "unthemed",
}


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What has become of an item; ``concerns`` are those of its standing revision."""

    outcome: Outcome | None
    revision: int | None = None
    concerns: tuple[str, ...] = ()


@dataclass(slots=True)
class _Delivery:
    item_id: str | None
    subject: str
    fates: list[Fate] = field(default_factory=list)


@dataclass(slots=True)
class _Concern:
    item_id: str
    subject: str
    ordinal: int
    in_review: bool
    decided: int
    is_dismissed: bool = False


@dataclass(slots=True)
class _Change:
    """The latest change of a concern's theme."""

    sequence: int = 0
    change: str = ""
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class _Letter:
    """A dead letter: whose it is, and how far in the journal."""

    item_id: str | None
    subject: str
    ordinal: int


@dataclass(slots=True)
class _Item:
    """``standing`` is what the latest delivery that counted did, at ``ordinal``; extract got to ``enriched``."""

    ordinal: int = -1
    standing: Fate | None = None
    revision: int | None = None
    subject: str = ""
    enriched: int = -1
    concerns: dict[int, list[str]] = field(default_factory=dict)
    is_accepted: bool = False
    letters: set[str] = field(default_factory=set)


class Ledger:
    """The outcomes of everything accepted so far."""

    def __init__(self) -> None:
        self._deliveries: dict[str, _Delivery] = {}
        self._fates: dict[str, list[Fate]] = {}
        self._items: dict[str, _Item] = {}
        self._concerns: dict[str, _Concern] = {}
        self._retracted: set[str] = set()
        # Changes of concerns by id: the assignments may be read before the concerns are known.
        self._changes: dict[str, _Change] = {}
        self._reviews: set[str] = set()
        self._erased: dict[str, int] = {}
        self._letters: dict[str, _Letter] = {}
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
        self._deliveries[record.id] = _Delivery(item_id, subject)
        if item_id is not None:
            self._items.setdefault(item_id, _Item()).is_accepted = True

    def _order(self, command: Command) -> None:
        if isinstance(command.order, Erase):
            self._erased[command.order.subject] = ordinal_of(command.id)
        elif isinstance(command.order, ReleaseQuarantined):
            item = command.order.item
            self._deliveries[command.id] = _Delivery(item.item_id, item.body.subject)
        elif isinstance(command.order, RetractItem):
            self._deliveries[command.id] = _Delivery(command.order.item_id, "")
        elif isinstance(command.order, Redrive):
            item = command.order.item
            self._deliveries[command.id] = _Delivery(item.item_id, item.body.subject)
            self._items.setdefault(item.item_id, _Item()).is_accepted = True
            self._dealt.setdefault(command.order.letter, "redriven")
        elif isinstance(command.order, DropLetter):
            self._dealt.setdefault(command.order.letter, "dropped")

    # -- what the stages say -------------------------------------------------------------------------

    def _fate(self, record: Envelope, fate: Fate) -> None:
        self._fates.setdefault(cause_of(record.id), []).append(fate)

    def _stands(self, item_id: str, record: Envelope, fate: Fate, revision: int | None, subject: str) -> None:
        item = self._items.setdefault(item_id, _Item())
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
        self._letters[record.id] = _Letter(record.item_id, subject, ordinal)
        if record.item_id is not None:
            self._items.setdefault(record.item_id, _Item()).letters.add(record.id)
            if record.withdraws or record.stage != "intake":  # applied first, and then could not go on
                self._stands(record.item_id, record, "dead_lettered", None, record.original.subject)
        if record.stage == "intake":
            self._fate(record, "dead_lettered")

    def _enriched(self, record: EnrichedItem) -> None:
        item = self._items.setdefault(record.item_id, _Item())
        item.enriched = max(item.enriched, ordinal_of(record.id))
        known = item.concerns.setdefault(record.revision, [])
        for concern in record.concerns:
            name = concern.concern_id
            there = self._concerns.get(name)
            if there is None:
                known.append(name)
                self._concerns[name] = _Concern(
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
        state = self._changes.setdefault(name, _Change())
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

    # -- what has become of it -----------------------------------------------------------------------

    def concerns(self) -> dict[str, Outcome]:
        """The outcome of every concern that has one by now."""
        outcomes = ((name, self.concern(name)) for name in self._concerns)
        return {name: outcome for name, outcome in outcomes if outcome is not None}

    def concern(self, concern_id: str) -> Outcome | None:
        """The outcome of one concern; None while themes has not spoken, or nothing is known of it."""
        concern = self._concerns.get(concern_id)
        if concern is None:
            return None
        if self._is_erased(concern.subject, concern.ordinal):
            return "erased"
        change = self._changes.get(concern_id)
        if concern_id in self._retracted:
            return "superseded"
        if concern.is_dismissed:
            return "filtered"
        if concern.in_review:
            return "in_review"
        return _OF_CHANGE[change.change] if change and change.change != "retracted" else None

    def decided_at(self, concern_id: str) -> int | None:
        """The journal's ordinal of the latest decision about a concern; None if nothing is known of it."""
        concern = self._concerns.get(concern_id)
        return concern.decided if concern else None

    def theme_of(self, concern_id: str) -> str | None:
        """The origin theme that the concern is in now, None if it is in none."""
        change = self._changes.get(concern_id)
        return change.theme if change else None

    def items(self) -> dict[str, ItemOutcome]:
        """The outcome of every item."""
        return {item_id: self._item(item) for item_id, item in self._items.items()}

    def item(self, item_id: str) -> ItemOutcome:
        """The outcome of one item. Raises ``KeyError`` for one that no record speaks of."""
        return self._item(self._items[item_id])

    def _item(self, item: _Item) -> ItemOutcome:
        if item.standing is None:
            return ItemOutcome(self._of_letters(item))
        if item.standing == "erased" or self._is_erased(item.subject, item.ordinal):
            return ItemOutcome("erased", item.revision)
        if item.standing == "quarantined":
            return ItemOutcome("quarantined")
        if item.standing == "retracted":
            return ItemOutcome("superseded")
        if item.standing == "dead_lettered":
            return ItemOutcome(self._of_letters(item))
        if item.enriched < item.ordinal or item.revision is None:
            return ItemOutcome(None, item.revision)
        names = tuple(item.concerns.get(item.revision, ()))
        outcomes = {self.concern(name) for name in names}
        if None in outcomes:
            return ItemOutcome(None, item.revision, names)
        outcome: Outcome = next((o for o in _FIRST_OF if o in outcomes), "filtered")
        return ItemOutcome(outcome, item.revision, names)

    def _of_letters(self, item: _Item) -> Outcome | None:
        """The outcome of an item of which nothing but dead letters stands: the newest one's."""
        since = (name for name in item.letters if self._letters[name].ordinal >= item.ordinal)
        states = {name: self._dealt.get(name, "dead") for name in since}
        if not states or "dead" in states.values():
            return "dead_lettered" if states else None
        newest = max(states, key=lambda name: self._letters[name].ordinal)
        return "filtered" if states[newest] == "dropped" else None

    def letters(self) -> dict[str, LetterState]:
        """What has become of every dead letter, by its id."""
        return {name: self._letter(name, letter) for name, letter in self._letters.items()}

    def _letter(self, name: str, letter: _Letter) -> LetterState:
        if name in self._dealt:
            return self._dealt[name]
        if self._is_erased(letter.subject, letter.ordinal):
            return "erased"
        item = self._items.get(letter.item_id or "")
        if item is None or item.standing is None or item.ordinal <= letter.ordinal:
            return "dead"
        return "erased" if item.standing == "erased" else "superseded"

    def _is_erased(self, subject: str, ordinal: int) -> bool:
        return ordinal < self._erased.get(subject, -1)

    def deliveries(self) -> Counter[Fate | Literal["on_its_way"]]:
        """How many deliveries had which fate."""
        counts: Counter[Fate | Literal["on_its_way"]] = Counter()
        for place in self._deliveries:
            fates = self._fates.get(place)
            counts[fates[0] if fates else "on_its_way"] += 1
        return counts

    # -- the laws --------------------------------------------------------------------------------------

    def check(self, *, settled: bool = True) -> list[str]:
        """What breaks the laws, a sentence each. Not ``settled``: what is on its way breaks none."""
        broken = [*self._broken, *self._check_deliveries(settled), *self._check_concerns(settled)]
        if settled:
            items = self.items().items()
            broken += [f"item {i}: accepted, but without an outcome" for i, o in items if o.outcome is None]
        return broken

    def _check_deliveries(self, settled: bool) -> Iterator[str]:
        for place, fates in self._fates.items():
            if place not in self._deliveries:
                yield f"delivery {place}: {fates[0]}, but the journal has none there"
            if len(fates) > 1:
                yield f"delivery {place}: both {' and '.join(fates)}"
        for place in self._deliveries:
            if settled and place not in self._fates:
                yield f"delivery {place}: accepted, but nothing became of it"

    def _check_concerns(self, settled: bool) -> Iterator[str]:
        for name in [*self._changes, *sorted(self._reviews)]:
            if name not in self._concerns:
                yield f"concern {name}: has an outcome, but no item has this concern"
        for name, concern in self._concerns.items():
            change = self._changes.get(name)
            if not self._items[concern.item_id].is_accepted:
                yield f"concern {name}: its item was never accepted"
            aside = concern.in_review or concern.is_dismissed
            if change is None or (change.change == "retracted" and name not in self._retracted):
                if settled and not aside:
                    yield f"concern {name}: has no outcome"
            elif aside and change.theme:
                yield f"concern {name}: both {'in_review' if concern.in_review else 'filtered'} and themed"
            elif settled and name in self._retracted and change.change != "retracted":
                yield f"concern {name}: both superseded and {_OF_CHANGE[change.change]}"

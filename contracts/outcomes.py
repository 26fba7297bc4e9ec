"""What has become of everything that was accepted: it follows from what the records of all topics say.

In:    what ``contracts.told`` made of the records.
Out:   exactly one outcome per concern and per item, one fate per delivery, and what breaks these laws.

An item's outcome is that of its standing revision: ``quarantined``, or what follows from its concerns (the
first of ``themed, waiting, in_review, unthemed, erased`` that one of them has; ``filtered`` without any).
A dead letter leaves an earlier revision standing, unless it withdraws it; when a person gives it up, the item is
``filtered``; one that its source deleted is ``superseded``. None means: still on its way through the stages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contracts.stages import Outcome
from contracts.told import Fate, Item, Letter, LetterState, Told

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


class Ledger(Told):
    """The outcomes of everything accepted so far."""

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

    def _item(self, item: Item) -> ItemOutcome:
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

    def _of_letters(self, item: Item) -> Outcome | None:
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

    def _letter(self, name: str, letter: Letter) -> LetterState:
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

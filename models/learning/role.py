"""What one tenant's model for one role (category, sentiment or severity) knows, and which version of it labels.

In:    corrections, one by one, with what the untrained model said; orders of people.
Out:   what became of the model (``Happening``), and labels with a calibrated probability of being right.
Promise: until it is promoted the untrained model labels. The challenger learns from every correction and nothing waits
for it; champion, challenger and former champion say what a concern is before anybody learns from the correction, so all
that is compared is held out. A promoted version is frozen; the challenger goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from models.labellers.confidence import sigmoid_milli
from models.learning.contest import Contest
from models.learning.habits import Habits
from models.learning.learner import ONE, Frozen, Learner, Row
from models.learning.watch import BASELINE, QUORUM, RECENT, Told, signs

FORM = 2
"""Major version of every model: which numbers it reads, and how it learns."""

UNTRAINED = f"{FORM}.0.0"
TELL_EVERY = 50
"""Corrections between two ``trained`` events, and between two reasons to retrain."""

# The untrained model's label is what a head believes before it has seen a correction.
PRETRAINED = 40
SURE_WIDTH = 3
SURE_RATE = 0.3


class Reading(NamedTuple):
    """A concern as every model reads it: numbers, the untrained model's label, and of which product it is."""

    numbers: Row
    base: str
    product: str | None = None


class Said(NamedTuple):
    """A label, and in thousandths how probably it is right."""

    label: str
    sure_milli: int


class Happening(NamedTuple):
    """What became of a model; the fields are those of ``contracts.learning.ModelEvent``."""

    event: str
    version: str
    before: str | None
    metrics: dict[str, int]
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """A frozen model with its calibration; ``head`` is None for the untrained one, whose probability is unknown."""

    name: str = UNTRAINED
    head: Frozen | None = None
    sure: Frozen | None = None
    habits: Habits | None = None

    def says(self, read: Reading, labels: Sequence[str], gained: Sequence[str] = ()) -> Said:
        """What it makes of a concern; where the untrained model names a label that it never learned, that stands."""
        base = read.base
        if self.head is None or self.sure is None or self.habits is None:
            return Said(base, 0)
        known = (*labels, *gained)[: len(self.head.weights)]
        if base not in known:
            return Said(base, 0)
        logits = self.head.logits(row_of(read, self.habits, labels, gained))
        best, margin = _best(logits)
        traits = sure_row(margin, agrees=known[best] == base)
        right, wrong = self.sure.logits(traits).tolist()
        return Said(known[best], min(999, max(1, sigmoid_milli(right - wrong))))

    def encode(self) -> list[Any]:
        """As data for the state log."""
        return [self.name, *(part.encode() if part else None for part in (self.head, self.sure, self.habits))]

    @classmethod
    def decode(cls, data: Sequence[Any]) -> Version:
        """The inverse of ``encode``."""
        name, head, sure, habits = data
        if not head:
            return cls(name)
        return cls(name, Frozen.decode(head), Frozen.decode(sure), Habits.decode(habits))


def row_of(read: Reading, habits: Habits, labels: Sequence[str], gained: Sequence[str] = ()) -> Row:
    """The concern's numbers; a one at the untrained label; how its product leans, and the same at the untrained label.

    The latter is how a product's people differ where the untrained model says this. Last a one for an added label.
    """
    leaning = habits.leaning(read.product, ONE)
    one_hot = [ONE * (label == read.base) for label in labels]
    crossed = [lean * (label == read.base) for label in labels for lean in leaning]
    added = [ONE * (label == read.base) for label in gained]
    return np.concatenate([read.numbers, np.array([*one_hot, *leaning, *crossed, *added], dtype=np.int16)])


def width_of(numbers: int, labels: int) -> int:
    """How long ``row_of`` is."""
    return numbers + 2 * labels + labels * labels


def sure_row(margin: int, *, agrees: bool) -> Row:
    """What the probability of being right rests on; ``margin`` between the two best logits, in thousandths."""
    return np.array([ONE, min(8 * ONE, margin * ONE // 1000), ONE * agrees], dtype=np.int16)


def _best(logits: Any) -> tuple[int, int]:
    """The place of the best logit, ties to the first, and its lead over the next."""
    said = logits.tolist()
    best = max(range(len(said)), key=lambda place: (said[place], -place))
    second = max((said[place] for place in range(len(said)) if place != best), default=said[best])
    return best, said[best] - second


@dataclass
class RoleModel:
    """``labels`` in the taxonomy's order; ``numbers`` is how many numbers a reading has; rows are ``row_of``'s.

    A label that people added to the taxonomy is ``gained`` with the first correction to it; what was frozen before that
    knows the first ones alone.
    """

    labels: tuple[str, ...]
    numbers: int
    corrections: int = 0
    promotions: int = 0
    pinned: bool = False
    quiet_until: int = 0
    champion: Version = field(default_factory=Version)
    former: Version | None = None
    rise: Contest = field(default_factory=lambda: Contest(stage="young"))
    hold: Contest = field(default_factory=Contest)
    recent: list[Told] = field(default_factory=list)
    gained: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """A challenger that believes what the untrained model says."""
        self._learner = Learner(self.labels, width_of(self.numbers, len(self.labels)))
        self._habits = Habits(len(self.labels))
        for place, label in enumerate(self.labels):
            self._learner.pretrain(self.numbers + place, label, PRETRAINED)
        self._sure = Learner(("right", "wrong"), SURE_WIDTH, rate=SURE_RATE, replayed=0)
        self._challenger: Version | None = None

    def says(self, read: Reading) -> Said:
        """What labels from here on: the champion's word."""
        return self.champion.says(read, self.labels, self.gained)

    def challenger(self) -> Version:
        """The newest version, frozen as it is now."""
        if self._challenger is None:
            frozen = self._learner.freeze(), self._sure.freeze(), self._habits.copy()
            self._challenger = Version(self.newest, *frozen)
        return self._challenger

    @property
    def newest(self) -> str:
        """The version that the challenger has: form, promotions, corrections."""
        return f"{FORM}.{self.promotions + 1}.{self.corrections}"

    # -- corrections -----------------------------------------------------------------------------------

    def correct(self, read: Reading, gold: str) -> list[Happening]:
        """Compare, learn, and promote or roll back if the comparison says so."""
        said = self.champion.says(read, self.labels, self.gained)
        newest = self.challenger().says(read, self.labels, self.gained)
        self.rise = self.rise.with_pair(right=newest.label == gold, right_other=said.label == gold)
        if self.former is not None:
            earlier = self.former.says(read, self.labels, self.gained)
            self.hold = self.hold.with_pair(right=earlier.label == gold, right_other=said.label == gold)
        self.recent = [*self.recent, Told(gold, said.label, newest.sure_milli)][-RECENT - BASELINE :]
        self._learn(read, gold, newest.label == gold)
        return list(self._looks())

    def _learn(self, read: Reading, gold: str, right: bool) -> None:
        if gold not in (*self.labels, *self.gained):
            self._gain(gold)
        row = row_of(read, self._habits, self.labels, self.gained)
        best, margin = _best(self.challenger().head.logits(row))  # type: ignore[union-attr]
        traits = sure_row(margin, agrees=self._learner.labels[best] == read.base)
        self._sure.learn(traits, "right" if right else "wrong")
        self._learner.learn(row, gold)
        if gold in self.labels:
            self._habits.learn(read.product, self.labels.index(gold))
        self.corrections += 1
        self._challenger = None

    def _gain(self, label: str) -> None:
        self.gained = (*self.gained, label)
        self._learner.gain(label, PRETRAINED)
        self._challenger = None

    def _looks(self) -> Iterator[Happening]:
        if self.corrections % TELL_EVERY == 0:
            yield Happening(
                "trained", self.newest, None, self.rise.metrics(), _told(self.rise, self.champion.name)
            )
        if not self.pinned and self.hold.is_won():
            yield self.roll_back(f"{_told(self.hold.turned(), self.former.name if self.former else '')}")
        elif not self.pinned and self.rise.is_won():
            yield self.promote(_told(self.rise, self.champion.name))
        self.rise = self.rise.aged()
        shown = signs(self.recent) if self.corrections >= self.quiet_until else []
        if len(shown) >= QUORUM:
            self.quiet_until = self.corrections + TELL_EVERY
            yield Happening(
                "retrain_candidate", self.champion.name, None, {"signs": len(shown)}, "; ".join(shown)
            )

    # -- which version labels --------------------------------------------------------------------------

    def promote(self, reason: str) -> Happening:
        """The challenger labels from here on, as it is now."""
        metrics, before = self.rise.metrics(), self.champion
        self.champion, self.former = self.challenger(), before
        self.promotions += 1
        self.rise, self.hold, self._challenger = Contest(stage="young"), Contest(), None
        return Happening("promoted", self.champion.name, before.name, metrics, reason)

    def roll_back(self, reason: str) -> Happening:
        """The version before labels again; the one before that is gone, so what follows is the untrained one."""
        metrics, before = self.hold.turned().metrics(), self.champion
        self.champion, self.former = self.former or Version(), None
        self.rise, self.hold = Contest(stage="young"), Contest()
        return Happening("rolled_back", self.champion.name, before.name, metrics, reason)

    def direct(self, act: str, version: str | None, reason: str) -> Happening:
        """A person's order; what cannot be is refused, and says why."""
        if act in ("pin", "unpin"):
            self.pinned = act == "pin"
            return Happening(f"{act}ned", self.champion.name, None, {}, reason)
        if act == "promote" and version == self.newest and self.corrections:
            return self.promote(reason)
        here = self.former or Version()
        if act == "roll_back" and self.champion.head is not None and version in (None, here.name):
            return self.roll_back(reason)
        back = f"{here.name} rolled back to" if self.champion.head is not None else "nothing rolled back to"
        asked = f"{act} {version}" if version else act
        told = f"{asked}: {self.newest} can be promoted, {back}"
        return Happening("refused", self.champion.name, None, {}, told)

    # -- state -----------------------------------------------------------------------------------------

    def rows(self, learned: str | None = None) -> Iterator[tuple[str, Any]]:
        """State as rows by name; with ``learned`` only those that a correction to that label changed."""
        small: dict[str, Any] = {
            "n": [self.corrections, self.promotions, int(self.pinned), self.quiet_until],
            "rise": self.rise.row(),
            "hold": self.hold.row(),
            "recent": [list(one) for one in self.recent],
        }
        yield "small", small | ({"gained": list(self.gained)} if self.gained else {})
        yield "habits", self._habits.encode()
        yield "versions", [self.champion.encode(), self.former.encode() if self.former else None]
        yield from ((f"sure/{name}", data) for name, data in self._sure.rows(learned))
        yield from ((f"head/{name}", data) for name, data in self._learner.rows(learned))

    def load(self, name: str, data: Any) -> None:
        """Take up one row of ``rows``."""
        kind, _, rest = name.partition("/")
        self._challenger = None
        if kind == "small":
            self.corrections, self.promotions, pinned, self.quiet_until = data["n"]
            self.pinned = bool(pinned)
            self.rise, self.hold = Contest.of_row(data["rise"]), Contest.of_row(data["hold"])
            self.recent = [Told(*one) for one in data["recent"]]
            for label in data.get("gained", ()):
                self._gain(label)
        elif kind == "habits":
            self._habits = Habits.decode(data)
        elif kind == "versions":
            champion, former = data
            self.champion = Version.decode(champion)
            self.former = Version.decode(former) if former else None
        else:
            (self._sure if kind == "sure" else self._learner).load(rest, data)


def _told(contest: Contest, other: str) -> str:
    milli = contest.metrics()["p_milli"]
    p = f"p = {milli / 1000:.3f}" if milli else "p < 0.001"
    return (
        f"right on {contest.right} of {contest.pairs} corrections before anybody learned from them, {other} on "
        f"{contest.right_other}; {p}"
    )

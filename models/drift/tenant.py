"""What is watched of a tenant as a whole: its background, what finds no theme, how sure the labels are, what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.drift.adaptive import AdaptiveMean
from models.drift.family import sudden
from models.drift.mix import LabelMix
from models.drift.newcomers import Newcomers
from models.drift.policy import DriftPolicy
from models.drift.season import Season
from models.drift.seen import Seen
from models.drift.volume import tail
from models.drift.wording import Ints, MeanVector
from models.themes.octets import Reader, Writer

EXAMPLES = 5
_SHIFT = 8
"""The background's running mean: a concern weighs 1/256."""
_REFERENCE = 500
_BLOCK = 250
"""Concerns in which births are counted."""
_BLOCKS = 4
_BIRTHS_KNOWN = 20
_UNSURE = 32
_TOLD = 128
"""Newcomers that are remembered as told of, so that one story is one event."""
_SAME = 4
"""It is the same story when one in so many of a concern's nearest was told of."""

FORM = 4
"""The form of a row; what was written in another one is lost, and the tenant is watched anew."""

Told = list[tuple[str, Seen]]


class TenantWatch:
    """The learners of one tenant; about 2 to 4 kB when written down."""

    def __init__(self, policy: DriftPolicy) -> None:
        self._policy = policy
        self.season = Season()
        self.ticked = False
        self.came = 0
        """Concerns so far."""
        self.waiting: list[str] = []
        """The latest that found no theme."""
        self.unsure: list[list[Any]] = []
        """The latest of low confidence: concern, person."""
        self._told: list[int] = []
        """Arrival numbers of the newcomers told of last."""
        self._background = MeanVector(policy.background, _REFERENCE, _SHIFT)
        self._unassigned = AdaptiveMean(policy.tenant_delta)
        self._confidence = AdaptiveMean(policy.tenant_delta)
        self._mix = LabelMix(policy.mix_p, policy.mix_bits)
        # Of the running block, of all before it, and how many blocks these are.
        self._births = [0, 0, 0]
        self._is_lost = False

    @property
    def is_rebuilt(self) -> bool:
        """Whether learners were just rebuilt from the latest values alone, or from nothing."""
        return self._is_lost or self._unassigned.is_rebuilt or self._confidence.is_rebuilt

    def update(self, concern_id: str, folded: Ints, label: str, *, joined: bool) -> Told:
        """A concern came, and found a theme at once or did not."""
        self.came += 1
        if not joined:
            self.waiting = [*self.waiting[1 - EXAMPLES :], concern_id]
        if self.came <= self._policy.settled:
            return []
        self._mix.update(label)
        found = [("background", self._background.update(folded))]
        rose = self._unassigned.update(float(not joined))
        found.append(("unassigned", rose if rose and rose.after > rose.before else None))
        if self.came % _BLOCK == 0:
            found.append(("births", self._close_births()))
        return [(name, seen) for name, seen in found if seen]

    def hear(self, concern_id: str, person: int, confidence_milli: int) -> Told:
        """A concern was labelled, with this confidence; many low ones of several people are told."""
        if self.came <= self._policy.settled:
            return []
        if confidence_milli < self._policy.unsure:
            self.unsure = [*self.unsure[1 - _UNSURE :], [concern_id, f"{person & 0xFFFFFFFF:08x}"]]
        seen = self._confidence.update(confidence_milli / 1000)
        people = {person for _, person in self.unsure}
        if seen is None or seen.after > seen.before or len(people) < self._policy.quorum:
            return []
        return [("low_confidence", seen)]

    def born(self) -> None:
        """A theme was born."""
        self._births[0] += 1

    def judge_family(self, arrivals: Sequence[int], now: int) -> Seen | None:
        """Concerns of a new theme came at these places of ``now``; whether they came all at once."""
        if now < self._policy.settled:
            return None
        p, most, span = sudden(arrivals, now)
        return Seen(0.0, float(most), now - span, span, p) if p <= self._policy.family_p else None

    @property
    def looks_around(self) -> bool:
        """Whether the concern that came last is to be held against those most like it."""
        return self.came > self._policy.settled and self.came % self._policy.look_every == 0

    def judge_newcomers(self, found: Newcomers, arrivals: Sequence[int]) -> Seen | None:
        """Most of the concerns nearest to one came lately; what it says, unless it was told.

        ``arrivals``: when the nearest concerns came, nearest first.
        """
        looked = arrivals[: found.looked]
        is_told = _SAME * len(set(looked) & set(self._told)) >= found.looked
        fresh = [arrival for arrival in looked if arrival >= found.since and arrival not in self._told]
        self._told = [*self._told, *sorted(fresh)][-_TOLD:]
        if is_told:
            return None
        usual = round(found.looked * found.span / found.held, 2)
        return Seen(usual, float(found.late), found.held - found.span, found.span, found.p)

    def close(self) -> Told:
        """A tick came."""
        seen = self._mix.close()
        return [("label_mix", seen)] if seen else []

    def _close_births(self) -> Seen | None:
        now, before, blocks = self._births
        self._births = [0, before + now, blocks + 1]
        if blocks < _BLOCKS:
            return None
        mean = (before + 1) / blocks
        p = tail(now, mean, float(min(before + 1, _BIRTHS_KNOWN)))
        return (
            Seen(round(mean, 3), float(now), blocks * _BLOCK, _BLOCK, p)
            if p <= self._policy.births_p
            else None
        )

    def encode(self) -> list[Any]:
        """As JSON-able data; the learners are one text."""
        to = Writer()
        for part in (self._background, self._unassigned, self._confidence, self._mix):
            part.write(to)
        numbers = [self.came, int(self.ticked), self.waiting, self.unsure, self._births]
        return [FORM, *numbers, self.season.encode(), self._told, to.done()]

    @classmethod
    def decode(cls, row: list[Any], policy: DriftPolicy) -> TenantWatch:
        """The inverse of ``encode``; ``is_rebuilt``, and knows nothing, where the row is of another form or damaged."""
        watch = cls(policy)
        try:
            watch._read(row)
        except (ValueError, TypeError):
            watch = cls(policy)
            watch._is_lost = True
        return watch

    def _read(self, row: list[Any]) -> None:
        policy = self._policy
        form, self.came, ticked, self.waiting, self.unsure, self._births, season, *told, text = row
        if form != FORM:
            raise ValueError(f"a row of form {form}, and not {FORM}")
        self.ticked, self.season = bool(ticked), Season.decode(season)
        self._told = list(told[0]) if told else []  # rows of before there were newcomers have none
        source = Reader(text)
        self._background = MeanVector.read(source, policy.background, _REFERENCE, _SHIFT)
        self._unassigned = AdaptiveMean.read(source, policy.tenant_delta)
        self._confidence = AdaptiveMean.read(source, policy.tenant_delta)
        self._mix = LabelMix.read(source, policy.mix_p, policy.mix_bits)
        source.end()

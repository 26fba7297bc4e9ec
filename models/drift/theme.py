"""Everything that is watched of one theme: how near, in which words, with which labels and how often concerns come."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from models.drift.adaptive import AdaptiveMean
from models.drift.floor import Floor
from models.drift.mix import LabelMix
from models.drift.policy import DriftPolicy
from models.drift.season import Season
from models.drift.seen import Seen
from models.drift.volume import Volume
from models.drift.wording import Ints, MeanVector
from models.themes.octets import Reader, Writer, read_texts, write_texts

EXAMPLES = 3
"""Latest concerns that are kept, to be shown."""

FORM = 4
"""The form of a row; what was written in another one is lost, and the theme is watched anew."""


class Came(NamedTuple):
    """A concern that came nearest to the theme; ``is_recent``: it happened in the running hour, or just before.

    ``similarity`` to the theme's centroid; ``joined``: it is near enough to be in it; ``person``: 64 bits.
    """

    concern_id: str
    similarity: float
    folded: Ints
    label: str
    person: int
    joined: bool
    is_recent: bool


class ThemeWatch:
    """The learners of one theme. Small: 1.2 KB when written down at 200 concerns, 300 bytes before ``least``."""

    __slots__ = ("_floor", "_mean", "_mix", "_policy", "_volume", "_wording", "is_lost", "latest", "seen")

    def __init__(self, policy: DriftPolicy, hour: int) -> None:
        self._policy = policy
        self._volume = Volume(hour)
        self.restart()
        self.latest: list[str] = []
        self.is_lost = False
        """Whether it was decoded from what it could not read, so that it knows nothing."""

    def restart(self) -> None:
        """The theme was merged or taken apart: what it was before says nothing of what it is."""
        policy = self._policy
        self.seen = 0
        self._mean = AdaptiveMean(policy.delta, policy.scale)
        self._floor = Floor(policy.floor, policy.floor_from)
        self._wording = MeanVector(policy.wording, policy.least)
        self._mix = LabelMix(policy.mix_p, policy.mix_bits)

    @property
    def is_rebuilt(self) -> bool:
        """Whether it was just rebuilt from the latest values alone."""
        return self._mean.is_rebuilt

    def update(self, came: Came, season: Season) -> list[tuple[str, Seen]]:
        """Take in a concern; the detectors that saw a change, and what they saw.

        Similarity is watched of all that come nearest to the theme, so that those which just miss it count too. A
        concern without a finite similarity is left out.
        """
        if not math.isfinite(came.similarity):
            return []
        self.seen += 1
        found = [("adwin_similarity", self._mean.update(came.similarity))]
        if came.joined:
            self.latest = [*self.latest[1 - EXAMPLES :], came.concern_id]
            self._mix.update(came.label)
            found += [
                ("floor_similarity", self._floor.update(round(1000 * came.similarity))),
                ("wording", self._wording.update(came.folded)),
            ]
        told = [(name, seen) for name, seen in found if seen and (name != "adwin_similarity" or _fell(seen))]
        return told + (self._burst(came, season) if came.joined and came.is_recent else [])

    def _burst(self, came: Came, season: Season) -> list[tuple[str, Seen]]:
        policy = self._policy
        burst = self._volume.update(came.person, season, policy.burst_p, policy.burst_least, policy.quiet_h)
        return [(f"burst_{burst[0]}", burst[1])] if burst else []

    @property
    def is_due(self) -> bool:
        """Whether its window of labels is to be closed at the next tick."""
        return self._mix.is_due

    def close(self) -> list[tuple[str, Seen]]:
        """A tick came."""
        seen = self._mix.close()
        return [("label_mix", seen)] if seen else []

    def encode(self) -> list[Any]:
        """As JSON-able data: the form, and all learners in one text."""
        to = Writer()
        to.numbers(self.seen, self._floor.mean, self._floor.state)
        write_texts(to, self.latest)
        self._mean.write(to, young=self.seen < self._policy.least)
        for part in (self._wording, self._mix, self._volume):
            part.write(to)
        return [FORM, to.done()]

    @classmethod
    def decode(cls, row: list[Any], policy: DriftPolicy) -> ThemeWatch:
        """The inverse of ``encode``; ``is_lost`` where the row is of another form or damaged."""
        watch = cls(policy, 0)
        try:
            watch._read(row)
        except (ValueError, TypeError):
            watch = cls(policy, 0)
            watch.is_lost = True
        return watch

    def _read(self, row: list[Any]) -> None:
        form, text = row
        if form != FORM:
            raise ValueError(f"a row of form {form}, and not {FORM}")
        policy, source = self._policy, Reader(text)
        self.seen, *floor = source.numbers(3)
        self.latest = read_texts(source)
        self._mean = AdaptiveMean.read(source, policy.delta, policy.scale)
        self._floor = Floor(policy.floor, policy.floor_from, *floor)
        self._wording = MeanVector.read(source, policy.wording, policy.least)
        self._mix = LabelMix.read(source, policy.mix_p, policy.mix_bits)
        self._volume = Volume.read(source)
        source.end()


def _fell(seen: Seen) -> bool:
    return seen.after < seen.before

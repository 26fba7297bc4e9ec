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

EXAMPLES = 3
"""Latest concerns that are kept, to be shown."""


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
    """The learners of one theme. Small: about 1.5 kB when written down, 100 bytes before ``least`` concerns."""

    __slots__ = ("_floor", "_mean", "_mix", "_policy", "_volume", "_wording", "latest", "seen")

    def __init__(self, policy: DriftPolicy, hour: int) -> None:
        self._policy = policy
        self._volume = Volume(hour)
        self.restart()
        self.latest: list[str] = []

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
        """As JSON-able data; learners that have learned nothing are left out."""
        young = self.seen < self._policy.least
        floor = [self._floor.mean, self._floor.state]
        rest = [floor, self._wording.encode(), self._mix.encode(), self._volume.encode()]
        return [self.seen, self.latest, self._mean.encode(young=young), *rest]

    @classmethod
    def decode(cls, row: list[Any], policy: DriftPolicy) -> ThemeWatch:
        """The inverse of ``encode``."""
        watch = cls(policy, 0)
        watch.seen, watch.latest, mean, floor, wording, mix, volume = row
        watch._mean = AdaptiveMean.decode(mean, policy.delta, policy.scale)
        watch._floor = Floor(policy.floor, policy.floor_from, *floor)
        watch._wording = MeanVector.decode(wording, policy.wording, policy.least)
        watch._mix = LabelMix.decode(mix, policy.mix_p, policy.mix_bits)
        watch._volume = Volume.decode(volume)
        return watch


def _fell(seen: Seen) -> bool:
    return seen.after < seen.before

"""Which label fits: nearness to exemplar sentences, centred per label, and cue patterns on top.

All in integers: grid vectors give exact dot products, so a score is the same in any batch. Exemplars and
centring: evaluation measured one description per label at .50 macro-F1 and three exemplars at .55.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.encoders.base import GRID_NORM, Encoder, Vectors
from models.labellers.taxonomy import Label, Taxonomy, one_pattern

Milli = npt.NDArray[np.int64]

# Weight of the first cue and of each further one, in thousandths of cosine; three cues are as good as ten.
FIRST_CUE = 170
NEXT_CUE = 60
MAX_CUES = 3
# What mood is worth to praise, in thousandths of cosine, for a full-scale sentiment.
MOOD = 160
# A wish is told by its words: without one, nearness to the exemplars is nearness to what is wished for.
UNSAID_WISH = 100
MAX_CHARS = 2_000
# An added label has no cues: its exemplars are all there is, and where none is as near as this (thousandths of cosine)
# it is out of the question. Where one is, that is worth something against the cues of others.
# Chosen on banking77 and hwu64, each of 140 intents as an added label: docs/extraction.md.
ADDED_FROM = 500
ADDED = 120


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one concern by label, and where cues stand; ``nearness`` is raw cosine, in thousandths."""

    total: tuple[int, ...]
    cues: tuple[tuple[tuple[int, int], ...], ...]
    near: tuple[int, ...]  # centred nearness by label, without cues
    nearness: int  # to the nearest exemplar of the file's labels, or of the added one that is chosen
    chatter: int  # to the nearest thing that is no concern

    @property
    def ranking(self) -> list[int]:
        """Places of labels, best first; ties go to the earlier label."""
        return sorted(range(len(self.total)), key=lambda place: (-self.total[place], place))


class CategoryModel:
    """Exemplars encoded once; ``score`` ranks the labels for each concern."""

    def __init__(self, taxonomy: Taxonomy, encoder: Encoder) -> None:
        """Encode the exemplars of all labels and compile their cues."""
        self.labels: tuple[Label, ...] = taxonomy.labels
        sentences = [sentence for label in self.labels for sentence in label.exemplars]
        rows = encoder.encode([*sentences, *taxonomy.chatter])
        self._rows: Vectors = rows
        self._edges = np.cumsum([0] + [len(label.exemplars) for label in self.labels])
        self._patterns = [(one_pattern(label.cues), one_pattern(label.unless)) for label in self.labels]
        self._offsets = self._centre()
        self._own = len(self.labels)

    def extended(self, added: Sequence[Label], encoder: Encoder) -> CategoryModel:
        """A model with these labels behind its own, whose scores stay what they are.

        What an added label gets for nothing is its mean nearness to the exemplars of those that are here, and no less
        than any of these gets: what is near to nothing is none of it.
        """
        own, chatter = np.split(self._rows, [int(self._edges[-1])])
        new = [encoder.encode(label.exemplars) for label in added]
        least = self._offsets[: self._own].max()
        free = [max(least, _cosine_milli(own, rows).max(axis=1).sum() // len(own)) for rows in new]
        other = copy(self)
        other.labels = (*self.labels, *added)
        other._rows = np.concatenate([own, *new, chatter])
        other._edges = np.concatenate([self._edges, self._edges[-1] + np.cumsum([len(rows) for rows in new])])
        other._patterns = [
            *self._patterns,
            *((one_pattern(one.cues), one_pattern(one.unless)) for one in added),
        ]
        other._offsets = np.concatenate([self._offsets, free])
        return other

    def _centre(self) -> Milli:
        """A label's mean nearness to the exemplars of all other labels: what it gets for nothing."""
        count = int(self._edges[-1])
        near = self._by_label(_cosine_milli(self._rows[:count], self._rows[:count]))
        own = np.repeat(np.arange(len(self.labels)), np.diff(self._edges))
        return np.array(
            [
                near[own != place, place].sum() // max(1, (own != place).sum())
                for place in range(len(self.labels))
            ]
        )

    def _by_label(self, cosines: Milli) -> Milli:
        return np.stack(
            [
                cosines[:, start:end].max(axis=1)
                for start, end in zip(self._edges, self._edges[1:], strict=False)
            ],
            axis=1,
        )

    def score(self, folded: Sequence[str], vectors: Vectors, moods: Sequence[int]) -> list[Scored]:
        """Scores per concern; ``moods`` are sentiment thousandths, ``vectors`` the concerns' (n, dims)."""
        cosines = _cosine_milli(vectors, self._rows)
        by_label = self._by_label(cosines[:, : int(self._edges[-1])])
        chatter = cosines[:, int(self._edges[-1]) :].max(axis=1).tolist()
        near = (by_label - self._offsets).tolist()
        raw = by_label.tolist()
        return [
            self._one(text[:MAX_CHARS], near[place], raw[place], chatter[place], moods[place])
            for place, text in enumerate(folded)
        ]

    def _one(self, text: str, near: list[int], raw: list[int], chatter: int, mood: int) -> Scored:
        cues = tuple(_spans(pattern, unless, text) for pattern, unless in self._patterns)
        total = []
        for label, base, found in zip(self.labels, near, cues, strict=True):
            bonus = FIRST_CUE + NEXT_CUE * (len(found) - 1) if found else 0
            if label.role == "feature_request" and label.cues and not found:
                bonus -= UNSAID_WISH
            total.append(base + bonus + (MOOD * mood // 1000 if label.role == "praise" else 0))
        nearness = max(raw[: self._own])
        if len(total) > self._own:
            for place in range(self._own, len(total)):
                total[place] += ADDED if raw[place] >= ADDED_FROM else -GRID_NORM
            best = max(range(len(total)), key=lambda place: (total[place], -place))
            nearness = nearness if best < self._own else raw[best]
        return Scored(tuple(total), cues, tuple(near), nearness, chatter)


def _spans(
    pattern: re.Pattern[str] | None, unless: re.Pattern[str] | None, text: str
) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    void = [match.span() for match in unless.finditer(text)] if unless else []
    for match in pattern.finditer(text) if pattern else ():
        if len(found) == MAX_CUES:
            break
        if not any(start <= match.start() and match.end() <= end for start, end in void):
            found.append(match.span())
    return tuple(found)


def _cosine_milli(left: Vectors, right: Vectors) -> Milli:
    """Cosines in thousandths, rounded down; exact, since products of grid vectors fit float32."""
    products = left.astype(np.float32) @ right.astype(np.float32).T
    exact: Milli = products.astype(np.int64) * 1000 // (GRID_NORM * GRID_NORM)
    return exact

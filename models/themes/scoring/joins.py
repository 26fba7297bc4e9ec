"""Fit the weights of ``join_model`` on labelled streams, and see whether they hold on another set.

In: labelled texts with vectors. Out: the evidence of every assignment and move with whether it was right (its theme's
majority label at the end is the concern's), weights, and figures of weights on streams they were not fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.themes.changes import Assigned, Change, Merged, Moved, Point
from models.themes.engine import ThemeEngine
from models.themes.evidence import FEATURES, Evidence
from models.themes.grid import to_grid
from models.themes.join_model import UNIT, JoinModel, Weights
from models.themes.keywords import ThemeTerms, terms
from models.themes.members import concern_hash
from models.themes.policy import ThemePolicy
from models.themes.scoring.confidence import confidence, majorities
from models.themes.scoring.play import LabelledSet
from models.themes.scoring.streams import Order, make_stream
from models.themes.shared_words import overlap_milli

_CUT = 4.0
_INVERSE_PENALTY = 0.1


class HeardWords:
    """The engine's ``Lexicon`` for a labelled stream: counts the terms of what has been assigned."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._terms = ThemeTerms()
        self._texts = texts
        self._hashes: dict[str, tuple[int, ...]] = {}
        self._where: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """As ``models.themes.evidence.Lexicon`` says."""
        family = [theme_id, *self._parts.get(theme_id, [])]
        parts = [part for theme in family if (part := self._terms.counts(theme)) is not None]
        return overlap_milli(self._words(concern_id), parts, self._terms.everywhere)

    def listen(self, changes: Sequence[Change]) -> None:
        """Take note of what was assigned, moved and merged."""
        for change in changes:
            if isinstance(change, Merged):
                gone = [change.from_theme, *self._parts.pop(change.from_theme, [])]
                self._parts.setdefault(change.into_theme, []).extend(gone)
            elif isinstance(change, Assigned | Moved):
                theme = change.theme_id if isinstance(change, Assigned) else change.to_theme
                words = self._words(change.concern_id)
                if change.concern_id in self._where:
                    self._terms.subtract(self._where[change.concern_id], words)
                self._terms.add(theme, words)
                self._where[change.concern_id] = theme

    def _words(self, concern_id: str) -> tuple[int, ...]:
        if concern_id not in self._hashes:
            said = terms(self._texts[concern_id], "en")
            self._hashes[concern_id] = tuple(map(concern_hash, said))
        return self._hashes[concern_id]


@dataclass(frozen=True, slots=True)
class Judged:
    """Assignments and moves with whether they were right, and the same for all that is held at the end."""

    said: Sequence[tuple[Evidence, bool]]
    standing: Sequence[tuple[Evidence, bool]]


def judge(
    data: LabelledSet, texts: Sequence[str] | None, order: Order, seed: int, policy: ThemePolicy
) -> Judged:
    """Play a stream; without ``texts`` no words are known."""
    stream = make_stream(data.gold, data.vectors, order, seed)
    engine, grid = ThemeEngine("eval", policy), to_grid(data.vectors)
    words = HeardWords(dict(zip(data.ids, texts, strict=True))) if texts else None
    engine.listen_to(words)
    made: list[Assigned | Moved] = []
    for i, place in enumerate(stream.places.tolist()):
        at_s = i * stream.step_s
        changes = [*engine.tick(at_s), *engine.add(Point(data.ids[place], grid[place], "", at_s))]
        made += [change for change in changes if isinstance(change, Assigned | Moved)]
        if words is not None:
            words.listen(changes)
    label = dict(zip(data.ids, data.gold.tolist(), strict=True))
    themes = {concern: engine.theme_of(concern) for concern in data.ids}
    top = majorities(list(themes.values()), [label[concern] for concern in themes])

    def right(concern: str, theme: str) -> bool:
        return bool(top.get(engine.resolve(theme)) == label[concern])

    said = [
        (c.evidence, right(c.concern_id, c.theme_id if isinstance(c, Assigned) else c.to_theme)) for c in made
    ]
    held = ((theme, concern, engine.evidence(concern)) for concern, theme in themes.items() if theme)
    return Judged(said, [(found, right(concern, theme)) for theme, concern, found in held if found])


def fit(judged: Sequence[tuple[Evidence, bool]]) -> Weights:
    """Logistic regression on standardised evidence; what is not known stands at the mean."""
    table = np.array([[np.nan if x is None else x for x in found] for found, _ in judged], np.float64)
    centre = np.rint(np.nanmean(table, axis=0))
    scale = np.maximum(np.rint(np.nanstd(table, axis=0)), 1.0)
    scaled = np.nan_to_num(np.clip((table - centre) / scale, -_CUT, _CUT))
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
    model.fit(scaled, [right for _, right in judged])
    weight = np.rint(model.coef_[0] * UNIT)
    assert len(weight) == len(FEATURES)
    return Weights(_whole(centre), _whole(scale), _whole(weight), round(float(model.intercept_[0]) * UNIT))


def _whole(values: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def figures(weights: Weights, judged: Sequence[tuple[Evidence, bool]]) -> dict[str, float | None]:
    """Calibration and ranking of weights on judged assignments, as ``confidence`` gives them."""
    model = JoinModel(weights)
    stated = np.array([model.p_milli(found) for found, _ in judged], np.int64)
    return confidence(stated, np.array([right for _, right in judged], bool))

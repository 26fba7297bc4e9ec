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

from models.themes.changes import Assigned, Moved, Point
from models.themes.engine import ThemeEngine
from models.themes.evidence import FEATURES, Evidence
from models.themes.grid import to_grid
from models.themes.join_model import UNIT, JoinModel, Weights
from models.themes.policy import ThemePolicy
from models.themes.scoring.confidence import confidence, majorities
from models.themes.scoring.play import LabelledSet
from models.themes.scoring.streams import Order, make_stream
from models.themes.scoring.words import HeardWords

_CUT = 2.0
_INVERSE_PENALTY = 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    """Assignments and moves with whether they were right, and the same for all that is held at the end."""

    said: Sequence[tuple[Evidence, bool]]
    standing: Sequence[tuple[Evidence, bool]]

    def without_words(self) -> Judged:
        """The same as if no words were known: they change no assignment."""
        parts = (self.said, self.standing)
        said, standing = ([(found._replace(words=None), right) for found, right in part] for part in parts)
        return Judged(said, standing)


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
    known = np.ma.masked_invalid(table)
    centre = np.rint(known.mean(axis=0).filled(0.0))
    scale = np.maximum(np.rint(known.std(axis=0).filled(1.0)), 1.0)
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

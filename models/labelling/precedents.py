"""What people decided about concerns like these: which of it a model is shown, and in which order.

In:    vectors on the grid, of a concern and of those that people decided.   Out: places of the nearest, then examples.
Exact integers, so equal vectors give equal choices; of equally near ones the one decided last is first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np

from contracts.vectors import GridVector, norm_squared
from models.llm.prompts import Example, Question

NEAREST = 3
"""Of each concern, at most; in a call of several the prompt's own bound holds too."""

LEAST_MILLI = 400
"""The least cosine, in thousandths: what is further away says nothing of the concern."""


class Precedent(NamedTuple):
    """A concern that a person decided, by what is known of it without its words; ``number`` grows with time."""

    number: int
    language: str
    encoder: str
    vector: GridVector


def nearest(
    vector: GridVector, encoder: str, language: str, among: Sequence[Precedent], limit: int = NEAREST
) -> list[Precedent]:
    """The nearest, those in the same language first; those of other encoders are in another space."""
    ours = [one for one in among if one.encoder == encoder and one.vector.shape == vector.shape]
    if not ours:
        return []
    dots = np.stack([one.vector for one in ours]).astype(np.int64) @ vector.astype(np.int64)
    near = [
        (one, int(dot)) for one, dot in zip(ours, dots, strict=True) if _is_near(int(dot), one.vector, vector)
    ]
    near.sort(key=lambda pair: (pair[0].language != language, -pair[1], -pair[0].number))
    return [one for one, _dot in near[:limit]]


def _is_near(dot: int, one: GridVector, other: GridVector) -> bool:
    return dot > 0 and dot * dot * 1_000_000 >= LEAST_MILLI**2 * norm_squared(one) * norm_squared(other)


def shown_with(questions: Sequence[Question]) -> list[Example]:
    """The examples of a call: the nearest of each question, then the second of each, none twice."""
    by_rank = zip_longest(*(question.near for question in questions))
    found: dict[tuple[str, str], Example] = {}
    for one in chain.from_iterable(by_rank):
        if one is not None:
            found.setdefault((one.text, one.decision.model_dump_json()), one)
    return list(found.values())

"""What a learner says when something is no longer what it was."""

from __future__ import annotations

from typing import NamedTuple


class Seen(NamedTuple):
    """The learner's measure over ``before_n`` observations, and over the ``after_n`` since.

    ``p``: the chance of this without any change; None where the learner is no test.
    """

    before: float
    after: float
    before_n: int
    after_n: int
    p: float | None = None

"""The trend word follows the counts, and small counts say little."""

from __future__ import annotations

import pytest

from wiring.views.trend import trend_of


@pytest.mark.parametrize(
    ("daily", "word"),
    [
        ([0] * 20 + [2] * 7, "new"),
        ([0] * 20 + [2] * 14, "new"),
        ([0] * 3 + [2] * 7, "steady"),
        ([1] * 28 + [3] * 7, "rising"),
        ([3] * 28 + [1] * 7, "fading"),
        ([1] * 35, "steady"),
        ([0, 0, 0, 1] * 8 + [0, 1, 0, 0, 1, 0, 1], "steady"),
        ([2, 1] + [0] * 30, "fading"),
        ([1] * 5, "steady"),
        ([], "steady"),
        ([0] * 60, "fading"),
    ],
)
def test_the_word_follows_the_counts(daily: list[int], word: str) -> None:
    assert trend_of(daily) == word

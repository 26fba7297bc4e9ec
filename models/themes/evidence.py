"""What speaks for a concern being in a theme: a few whole numbers, from which ``join_model`` makes a probability.

In: what is known of the theme, of the concern's words in it, and of the concerns most like it. Out: ``Evidence``,
in the order of ``FEATURES``; integers made from integers, so every machine gets the same.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Lexicon(Protocol):
    """Knows the words of concerns and themes; the engine itself sees none."""

    def overlap_milli(self, concern_id: str, theme_id: str) -> int | None:
        """How much more the theme uses the concern's words than the tenant does, as 1000 · log₂ of the ratio.

        None if either has no words yet.
        """
        ...


class Evidence(NamedTuple):
    """What is known of one assignment; every number in thousandths. None: not known, so it counts neither way."""

    size: int
    """Members of the theme beside the mean of all themes, as the binary logarithm of the ratio."""
    words: int | None
    """How much more the theme uses the concern's words than its tenant does, as a binary logarithm."""
    company: int | None
    """The share of the theme in the concerns most like it, among its latest and those of the themes that come next."""
    likeness: int | None
    """Cosine to the median of the theme's latest."""


FEATURES = Evidence._fields


def milli_log2(count: int) -> int:
    """1000 · log₂ of a count ≥ 1, along straight lines between powers of two; 0 below.

    >>> [milli_log2(count) for count in (0, 1, 2, 3, 4, 1000)]
    [0, 0, 1000, 1500, 2000, 9953]
    """
    if count < 1:
        return 0
    whole = count.bit_length() - 1
    return 1000 * whole + 1000 * (count - (1 << whole)) // (1 << whole)


def weigh(sizes: tuple[int, int, int], words: int | None, company: tuple[int, int] | None) -> Evidence:
    """The evidence from the theme's members, the number of themes and of all concerns, from the words, and from the
    company (likeness and share)."""
    members, themes, concerns = sizes
    likeness, share = company or (None, None)
    return Evidence(
        size=milli_log2(members * themes) - milli_log2(concerns),
        words=words,
        company=share,
        likeness=likeness,
    )

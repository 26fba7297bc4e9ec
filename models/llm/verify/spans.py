"""Quotes to places: a quote counts if it stands in the text, character for character, and nothing else does.

Out: spans that are in order, disjoint and inside the text, so that what is shown later is the customer's words by
construction. White space counts too: other than ``models.labellers.quotes``, nothing is normalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Span = tuple[int, int]

MAX_QUOTES: Final = 4
"""As many as the local labeller gives; more are left out."""


def spans_of(text: str, quotes: Sequence[str]) -> tuple[Span, ...] | None:
    """Where ``quotes`` stand in ``text``; None if one of them stands nowhere or holds no letter or digit.

    A quote that stands more than once is the first one after the quote before it, else the first of all. Spans that
    touch each other's characters become one.

    >>> spans_of("slow, very slow", ["slow", "slow"])
    ((0, 4), (11, 15))
    >>> spans_of("slow", ["Slow"]) is None
    True
    """
    found: list[Span] = []
    after = 0
    for quote in quotes:
        at = text.find(quote, after)
        if at < 0:
            at = text.find(quote)
        if at < 0 or not any(char.isalnum() for char in quote):
            return None
        after = at + len(quote)
        found.append((at, after))
    return _disjoint(found[:MAX_QUOTES])


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Whether ``span`` shares a character with any of ``others``."""
    return any(span[0] < end and start < span[1] for start, end in others)


def _disjoint(spans: Sequence[Span]) -> tuple[Span, ...]:
    kept: list[Span] = []
    for start, end in sorted(spans):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return tuple(kept)

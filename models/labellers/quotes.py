"""The evidence check: a quote counts only if it stands in the text.

White space is normalised on both sides (any run of it is one space, none at the ends), nothing else: case,
punctuation and spelling must be the text's own. A quote of no words is never literal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checked:
    """Quotes that stand in the text, normalised, and those that do not, as given."""

    literal: tuple[str, ...]
    rejected: tuple[str, ...]


def literal_quotes(text: str, quotes: Sequence[str]) -> Checked:
    """Split quotes by whether the text holds them.

    >>> literal_quotes("It  fails\\nalways", ["fails always", "Fails"])
    Checked(literal=('fails always',), rejected=('Fails',))
    """
    held = " ".join(text.split())
    normal = [" ".join(quote.split()) for quote in quotes]
    pairs = list(zip(normal, quotes, strict=True))
    literal = tuple(quote for quote, _ in pairs if quote and quote in held)
    return Checked(literal, tuple(given for quote, given in pairs if not quote or quote not in held))

"""Whether a text tries to instruct whoever labels it: a cheap second look with patterns of many languages.

In:   a concern's text.   Out: which kinds of instruction it holds, where, and whether they were hidden.
It lowers confidence and fixes labels where they were; it never blocks, because people do quote such things.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suspicion:
    """``spans`` are the sentences that hold it. ``asks_for_rank``: the writer asks for a severity or priority."""

    kinds: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    hidden: bool = False
    asks_for_rank: bool = False

    @property
    def instruction_like(self) -> bool:
        """Whether anything was found beside a wish for rank."""
        return bool(self.kinds)


def suspicion(text: str) -> Suspicion:  # noqa: ARG001 -- the patterns come next
    """What is found in ``text``; nothing, until the patterns are here."""
    return Suspicion()

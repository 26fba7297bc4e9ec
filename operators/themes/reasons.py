"""Why a concern is in its theme, in one line for a person: how near, and what speaks most for it and against it.

In: the change, the shares of its evidence in the probability, and words that may be shown. Out: text without quotes.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.themes.changes import Assigned, Moved

SHARED_WORDS = 2
"""Words that a reason names, at most."""
_MOST = 3
_TOLD = 128
"""Share of log-odds (1/1024) from which a factor is worth telling: an eighth."""

_FOR_AND_AGAINST = {
    "size": ("a small theme", "a large theme, which often holds several topics"),
    "company": ("the concerns most like it are in the theme", "many concerns like it are elsewhere"),
    "likeness": ("like most of the theme's latest", "unlike many of the theme's latest"),
}


def reason(change: Assigned | Moved, factors: Sequence[tuple[str, int]], shared: Sequence[str]) -> str:
    """One line: how far above chance, then at most three factors, the strongest first.

    ``factors``: as ``JoinModel.factors`` gives them. ``shared``: words of the concern that the theme uses.
    """
    told = [_said(name, share, shared) for name, share in factors if abs(share) >= _TOLD]
    parts = [f"{change.z_milli / 1000:.1f} sd above chance", *[one for one in told if one][:_MOST]]
    return ", ".join([*parts, _when(change)])


def tells_words(factors: Sequence[tuple[str, int]]) -> bool:
    """Whether a reason with these factors may name words; else nobody needs to look for any."""
    return any(name == "words" and share >= _TOLD for name, share in factors)


def _said(name: str, share: int, shared: Sequence[str]) -> str:
    if name in _FOR_AND_AGAINST:
        return _FOR_AND_AGAINST[name][share < 0]
    if name == "words":
        if share < 0:
            return "few of the theme's words"
        return f"shares the words {' · '.join(shared)}" if shared else "shares words with it"
    return ""


def _when(change: Assigned | Moved) -> str:
    if isinstance(change, Moved):
        return "moved as its theme was split" if change.why == "split" else "moved because it has come nearer"
    return "on arrival" if change.arrival else "after waiting for others like it"

"""Whether a text tries to instruct whoever labels it: a cheap second look with patterns of many languages.

In:   a concern's text.   Out: which kinds of instruction it holds, where, and whether they were hidden.
It lowers confidence and fixes labels where they were; it never blocks, because people do quote such things.
Elsewhere: what holds without it (``bounds``, ``notes``, the closed lists of the schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from models.llm.prompts.fence import MAX_SHOWN
from models.llm.verify.views import View, views
from models.segments.sentences import sentences

FILE: Final = Path(__file__).with_name("suspicion.yaml")


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


def suspicion(text: str) -> Suspicion:
    """What is found in the part of ``text`` that a model is shown."""
    shown = text[:MAX_SHOWN]
    patterns, rank = _patterns()
    kinds: dict[str, bool] = {}
    places: list[tuple[int, int]] = []
    asks = False
    for view in views(shown):
        asks = asks or any(one.search(view.plain) for one in rank)
        for kind, at in _found(view, patterns):
            kinds[kind] = kinds.get(kind, True) and view.hidden
            places.append(at)
    hidden = bool(kinds) and all(kinds.values())
    return Suspicion(tuple(sorted(kinds)), _sentences_at(shown, places), hidden, asks)


def _found(
    view: View, patterns: Mapping[str, Sequence[re.Pattern[str]]]
) -> Iterator[tuple[str, tuple[int, int]]]:
    for kind, listed in patterns.items():
        for pattern in listed:
            for match in pattern.finditer(view.plain):
                ends = view.places[match.start()], view.places[match.end() - 1]
                yield kind, (min(ends), max(ends) + 1)


def _sentences_at(text: str, places: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The sentences that ``places`` touch, and the places themselves where no sentence is."""
    whole = [(one.start, one.end) for one in sentences(text)]
    touched = {span for span in whole if any(span[0] < end and start < span[1] for start, end in places)}
    return tuple(
        sorted(touched | {at for at in places if not any(at[0] < e and s < at[1] for s, e in touched)})
    )


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, list[re.Pattern[str]]], list[re.Pattern[str]]]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    patterns = {kind: [re.compile(one) for one in listed] for kind, listed in content["patterns"].items()}
    for kind, languages in content["pairs"].items():
        pairs = [_near(*words, gap=content["gap"]) for words in languages.values()]
        patterns[kind] = [*patterns.get(kind, []), *pairs]
    return patterns, [re.compile(one) for one in content["rank"]]


def _near(first: Sequence[str], second: Sequence[str], *, gap: int) -> re.Pattern[str]:
    """One of each list within ``gap`` characters, in either order; Latin words from their start on."""
    ours, theirs = _any(first), _any(second)
    between = rf"[^\n]{{0,{gap}}}?"
    return re.compile(f"(?:{ours}{between}{theirs}|{theirs}{between}{ours})")


def _any(words: Sequence[str]) -> str:
    return (
        "(?:"
        + "|".join(
            rf"\b{word}" if re.match(r"[\w(\\]", word) and word[0].isascii() else word for word in words
        )
        + ")"
    )

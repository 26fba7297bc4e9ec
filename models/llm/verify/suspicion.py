"""Whether a text tries to instruct whoever labels it: a cheap second look with patterns of many languages.

In:   a concern's text.   Out: which kinds of instruction it holds, where, and whether they were hidden.
It lowers confidence and fixes labels where they were; it never blocks, because people do quote such things.
Elsewhere: what holds without it (``bounds``, ``notes``, the closed lists of the schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The file, compiled: patterns with their kinds, markers that count in series, and wishes for rank."""

    alone: tuple[tuple[str, re.Pattern[str]], ...]
    series: tuple[re.Pattern[str], ...]
    least: int
    rank: tuple[re.Pattern[str], ...]


def suspicion(text: str) -> Suspicion:
    """What is found in the part of ``text`` that a model is shown."""
    shown = text[:MAX_SHOWN]
    patterns = _patterns()
    kinds: dict[str, bool] = {}
    places: list[tuple[int, int]] = []
    asks = False
    for view in views(shown):
        asks = asks or any(one.search(view.plain) for one in patterns.rank)
        for kind, at in _found(view, patterns):
            kinds[kind] = kinds.get(kind, True) and view.hidden
            places.append(at)
    hidden = bool(kinds) and all(kinds.values())
    return Suspicion(tuple(sorted(kinds)), _sentences_at(shown, places), hidden, asks)


def _found(view: View, patterns: _Patterns) -> Iterator[tuple[str, tuple[int, int]]]:
    for kind, pattern in patterns.alone:
        for match in pattern.finditer(view.plain):
            yield kind, _place(view, match.start(), match.end())
    for pattern in patterns.series:
        ends = [match.end() for match in pattern.finditer(view.plain)]
        if len(ends) >= patterns.least:
            yield "series", _place(view, 0, ends[-1])


def _place(view: View, start: int, end: int) -> tuple[int, int]:
    first, last = view.places[start], view.places[end - 1]
    return min(first, last), max(first, last) + 1


def _sentences_at(text: str, places: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The sentences that ``places`` touch, and the places themselves where no sentence is."""
    whole = [(one.start, one.end) for one in sentences(text)]
    touched = {span for span in whole if any(span[0] < end and start < span[1] for start, end in places)}
    return tuple(
        sorted(touched | {at for at in places if not any(at[0] < e and s < at[1] for s, e in touched)})
    )


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    alone = [(kind, re.compile(one)) for kind, listed in content["patterns"].items() for one in listed]
    for kind, languages in content["pairs"].items():
        alone += [(kind, _near(*words, gap=content["gap"])) for words in languages.values()]
    return _Patterns(
        alone=tuple(alone),
        series=tuple(re.compile(one) for one in content["series"]["markers"]),
        least=content["series"]["least"],
        rank=tuple(re.compile(one) for one in content["rank"]),
    )


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

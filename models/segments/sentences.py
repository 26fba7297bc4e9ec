"""Sentences of a text as spans, with what the layout says about each.

A sentence ends at a line break or at end punctuation before a space; abbreviations and single letters do
not end one. Bullets and list numbers are left outside the span and remembered as a sign of a new matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Beyond this many, the rest of a text counts as one sentence: bounds the work on pasted logs.
MAX_SENTENCES = 1_000

# Possessive and only at the front of a run: a hundred thousand dots must not be tried from each dot.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]{0,3}(?=\s)|(?<![。！？])[。！？]++")
_MARKER = re.compile(r"(?:[-*•–—●▪]{1,2}|\(?\d{1,2}[.)]|\(?[a-z]\))[ \t]+(?=\S)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.?g|i\.?e|vs|etc|approx|incl|no|nr|mr|mrs|ms|dr|st|inc|ltd|max|min|ca|bzw|usw|z\.\s?B|d\.\s?h|u\.\s?a"
    r"|evtl|ggf|p\.\s?ej|sr|sra|art|núm|ex|p\.\s?ex|env|cf|[^\W\d_])\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: ``text[start:end]``, never blank."""

    start: int
    end: int
    listed: bool  # stood behind a bullet or list number
    opens_paragraph: bool  # a blank line or the start of the text stands before it


def sentences(text: str) -> list[Sentence]:
    """All sentences in order, at most ``MAX_SENTENCES``; text that is only space has none.

    >>> [("One. Two e.g. three!"[s.start : s.end]) for s in sentences("One. Two e.g. three!")]
    ['One.', 'Two e.g. three!']
    """
    found: list[Sentence] = []
    blank_before = True
    for start, end in _lines(text):
        if text[start:end].isspace() or start == end:
            blank_before = True
            continue
        if len(found) >= MAX_SENTENCES - 1:
            _append(found, text, start, len(text), blank_before)
            return found
        _split_line(found, text, start, end, blank_before)
        blank_before = False
    return found


def _lines(text: str) -> list[tuple[int, int]]:
    spans = []
    start = 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line)))
        start += len(line)
    return spans


def _split_line(found: list[Sentence], text: str, start: int, end: int, opens: bool) -> None:
    at = start
    marker = _MARKER.match(text, _skip_space(text, start, end), end)
    for stop in _END.finditer(text, marker.end() if marker else start, end):
        if len(found) >= MAX_SENTENCES - 1:
            break
        # Thirty characters hold the longest abbreviation; looking further back would be quadratic.
        if stop.group()[0] == "." and _ABBREVIATION.search(text[max(at, stop.end() - 30) : stop.end()]):
            continue
        opens = _append(found, text, at, stop.end(), opens) and opens
        at = stop.end()
    _append(found, text, at, end, opens)


def _append(found: list[Sentence], text: str, start: int, end: int, opens: bool) -> bool:
    """Add the span without its marker and outer space; whether the flag ``opens`` is still to be given."""
    start = _skip_space(text, start, end)
    while end > start and text[end - 1].isspace():
        end -= 1
    marker = _MARKER.match(text, start, end)
    if marker:
        start = marker.end()
    if start >= end:
        return True
    found.append(Sentence(start, end, listed=marker is not None, opens_paragraph=opens))
    return False


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start

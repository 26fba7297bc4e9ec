"""One line for a concern: its main sentence.

Promise: at most ``MAX_SUMMARY`` characters on one line, words uncut, no greeting and no "also," in front;
every word stands in the text in that order, so a summary can invent nothing.
"""

from __future__ import annotations

import re

from models.encoders.stems import content_stems
from models.segments.sentences import Sentence, sentences
from models.segments.small_talk import ends_message, greeting_end, is_small_talk

MAX_SUMMARY = 140
# Only so many sentences compete: the matter of a concern stands at its front.
MAX_CANDIDATES = 12

_LEAD = re.compile(
    r"(?:(?:and|but|so|also|well|oh|ok(?:ay)?|however|besides|additionally|furthermore|finally|lastly|second(?:ly)?"
    r"|third(?:ly)?|btw|by the way|on another note|außerdem|zudem|übrigens|aber|además|también|pero|além disso|também"
    r"|mas|de plus|par ailleurs|mais)\b[,:]?\s+)+(?=\S)",
    re.IGNORECASE,
)
_POINT = re.compile(
    r"\b(?:not|no|never|cannot|can't|won't|doesn't|don't|didn't|isn't|unable|fail\w*|crash\w*|error\w*|wrong|broken"
    r"|missing|slow|stuck|charged|please|add|wish|want|need\w*|should|could|would|kein\w*|nicht|fehl\w*|falsch|langsam"
    r"|bitte|nunca|falla\w*|lent[oa]|falta|não|falha\w*|pas|jamais|erreur\w*|lente?)\b",
    re.IGNORECASE,
)


def summary(text: str) -> str:
    """The concern's main sentence; an empty text gives an empty summary.

    >>> summary("Hi all, I use this daily. The export button does nothing when I press it. Thanks")
    'The export button does nothing when I press it.'
    """
    found = [one for one in sentences(text) if not is_small_talk(text[one.start : one.end])]
    candidates = _before_signature(text, found)[:MAX_CANDIDATES] or sentences(text)[:1]
    if not candidates:
        return ""
    said = [text[one.start : one.end] for one in candidates]
    best = max(range(len(said)), key=lambda place: (_weight(said[place], place), -place))
    return _shorten(_trim(said[best]))


def _before_signature(text: str, found: list[Sentence]) -> list[Sentence]:
    for place, one in enumerate(found):
        if place and ends_message(text[one.start : one.end]):
            return found[:place]
    return found


def _weight(sentence: str, place: int) -> int:
    """Content words (up to eight), a bonus for saying what is wrong or wanted, less for each place behind."""
    return 2 * min(8, len(content_stems(sentence[:1_000]))) + 5 * bool(_POINT.search(sentence)) - 2 * place


def _trim(sentence: str) -> str:
    one_line = " ".join(sentence.split())
    one_line = one_line[greeting_end(one_line) :]
    lead = _LEAD.match(one_line)
    return one_line[lead.end() :] if lead else one_line


def _shorten(line: str) -> str:
    if len(line) <= MAX_SUMMARY:
        return line
    cut = line.rfind(" ", 0, MAX_SUMMARY)
    return (line[:cut] if cut > 0 else line[: MAX_SUMMARY - 1]).rstrip(" ,;:–—-") + "…"

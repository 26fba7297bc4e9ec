"""Which sentences of a message are about the same matter.

Promise: spans in order, disjoint, inside the text, not blank; a text with any character but space has at
least one; at most ``MAX_CONCERNS``, the last taking what is left. A short message is one concern unless
a list, "also", "second" and their like say otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from models.encoders.stems import content_stems, words
from models.segments.sentences import Sentence, sentences
from models.segments.small_talk import ends_message, greeting_end, is_sign_off, is_small_talk

# More matters than this in one message is a pasted document, not feedback to be counted eight times over.
MAX_CONCERNS = 8
# A part below this many words carries no matter of its own.
MIN_WORDS = 4
# After a blank line a new matter needs this many words on both sides and no word in common.
PARAGRAPH_WORDS = 6

_TURN = re.compile(
    r"(?:and |but |oh,? )?(?:also\b|second(?:ly)?\b|third(?:ly)?\b|fourth(?:ly)?\b|separately\b|additionally\b"
    r"|another (?:thing|issue|problem|bug|point|request|suggestion)|(?:on|in) another note"
    r"|on (?:a|an) (?:different|unrelated|side) note|furthermore\b|moreover\b|in addition\b|on top of (?:that|this)"
    r"|besides(?: that)?,|apart from that|other than that|last(?:ly| but not least)\b|finally,|one (?:more|other) thing"
    r"|(?:one )?(?:more|other) (?:issue|request|suggestion)|by the way|btw\b|unrelated\b|next,|as for\b"
    r"|p\.?\s?s\.?\b[:,]?|außerdem|zweitens|drittens|zudem|des weiteren|darüber hinaus|übrigens|ein weiteres"
    r"|noch etwas|zum anderen|además|por otro lado|por otra parte|en segundo lugar|otra cosa|también|por último"
    r"|além disso|outra coisa|por outro lado|em segundo lugar|também|por fim"
    r"|de plus|par ailleurs|deuxièmement|en outre|autre chose|d'autre part|enfin,)",
    re.IGNORECASE,
)
_INNER_TURN = re.compile(
    r"(?<=[,;])\s(?=(?:but|and) also\b|(?:and|but) on another note|and another thing|on top of that|plus,"
    r"|außerdem\b|zudem\b|además\b|além disso|de plus\b|par ailleurs)"
    r"|(?<=;)\s(?=also\b|second(?:ly)?\b)|\s(?=but also\s)",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"(?:but|however|although|that said|jedoch|allerdings|aber|sin embargo|pero|porém|mas|no entanto|cependant|mais"
    r"|toutefois)\b",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(
    r"\bnot (?:only|just)\b|\bnicht nur\b|\bno s[oó]lo\b|\bnão só\b|\bnon seulement\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters: the concern is ``text[start:end]``."""

    start: int
    end: int


def concerns(text: str) -> list[Span]:
    """The concerns of a redacted message, in order; none only when the text is blank.

    >>> text = "Hi! Export fails on large boards. Also, the invoice page shows no tax. Thanks!"
    >>> [text[span.start : span.end] for span in concerns(text)]
    ['Export fails on large boards.', 'Also, the invoice page shows no tax.']
    """
    units = _substance(text)
    if not units:
        stripped = text.strip()
        start = text.find(stripped)
        return [Span(start, start + len(stripped))] if stripped else []
    groups: list[list[Sentence]] = [[units[0]]]
    for unit in units[1:]:
        if len(groups) < MAX_CONCERNS and _starts_new(text, groups[-1], unit, short=len(units) <= 2):
            groups.append([unit])
        else:
            groups[-1].append(unit)
    return [Span(group[0].start, group[-1].end) for group in groups]


def _substance(text: str) -> list[Sentence]:
    """Sentences without small talk, greetings cut off their front, split at turns inside."""
    kept: list[Sentence] = []
    for sentence in sentences(text):
        said = text[sentence.start : sentence.end]
        if kept and (ends_message(said) or is_sign_off(said)):
            break
        if is_small_talk(said):
            continue
        cut = greeting_end(said) if not kept else 0
        kept.extend(_inner_parts(text, replace(sentence, start=sentence.start + cut)))
    return kept


def _inner_parts(text: str, sentence: Sentence) -> list[Sentence]:
    """The sentence cut at "…, but also …" where both sides can stand alone."""
    parts: list[Sentence] = []
    rest = sentence
    for turn in _INNER_TURN.finditer(text, sentence.start, sentence.end):
        left, right = text[rest.start : turn.start()], text[turn.end() : rest.end]
        if _NOT_ONLY.search(left) or min(_count(left), _count(right)) < MIN_WORDS:
            continue
        parts.append(replace(rest, end=turn.start()))
        rest = Sentence(turn.end(), sentence.end, listed=True, opens_paragraph=False)
    return [*parts, rest]


def _starts_new(text: str, group: list[Sentence], unit: Sentence, *, short: bool) -> bool:
    before, said = text[group[0].start : group[-1].end], text[unit.start : unit.end]
    if _count(said) < 3 or _count(before) < 3:
        return False
    if unit.listed:
        return not before.rstrip().endswith(":") or len(group) > 1
    if _TURN.match(said):
        return min(_count(said), _count(before)) >= MIN_WORDS
    if short or not (unit.opens_paragraph or _CONTRAST.match(said)):
        return False
    return min(_count(said), _count(before)) >= PARAGRAPH_WORDS and not _shares_words(before, said)


def _count(text: str) -> int:
    """Words, counted no further than any rule asks."""
    return len(words(text[:400]))


def _shares_words(left: str, right: str) -> bool:
    return not set(content_stems(left[-2_000:])).isdisjoint(content_stems(right[:2_000]))

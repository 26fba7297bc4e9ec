"""How the writer feels: VADER with feedback's own weights, joined with the star rating when there is one.

Score in thousandths, −1000 … 1000. English goes through VADER (Hutto & Gilbert 2014); German, Spanish,
Portuguese and French through short word lists; any other language rests on the rating, else it is neutral
and marked uncertain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models.encoders.stems import PLACEHOLDER

SentimentLabel = Literal["negative", "neutral", "positive"]

# Between the two a text is neutral; the gap is wider above zero because politeness reads as joy.
NEGATIVE_BELOW = -100
POSITIVE_FROM = 250
# A star away from the middle is worth half a scale; stars outweigh words three to two.
STAR_MILLI = 500
STAR_WEIGHT, WORD_WEIGHT = 3, 2
# What a grievance told without one bad word is worth ("still no answer after two hours").
GRIEVANCE_MILLI = -400
# A question that says neither good nor bad stays in the middle.
MAX_CHARS = 2_000

_NOISE = re.compile(r"https?://\S+|@\w+|" + PLACEHOLDER.pattern)
_GRIEVANCE = re.compile(
    r"\b(?:still (?:no|not|waiting|have(?:n't| not)|hasn't|can't|on hold|don't|doesn't|nothing)|no (?:one"
    r"|response|reply|answer|help|luck|record)"
    r"|(?:can't|cannot|couldn't|won't|unable to|not able to|never|refuse[sd]? to|failed to|tried to"
    r"|trying to|been trying) \w+"
    r"|(?:\d+|two|three|four|five|several|many|couple|over an?|an|few)\+? ?(?:hours?|hrs?|hr|days?|weeks?"
    r"|months?|mins?|minutes)\b"
    r"|on hold|hung up|hang up|(?:lost|losing|misplaced|damaged) (?:my|our|the|his|her)|(?:does|do|did|is"
    r"|was|are|were|has|have|would|could|should)n't"
    r"|why (?:is|are|do|does|did|has|have|was|were|can't|am)|how (?:is it|can you|do you (?:not|justify))"
    r"|what (?:is going on|a joke|happened|kind of)|where is my"
    r"|not (?:working|happy|cool|good|ok|acceptable|impressed|great|even|worth)|no longer|yet again"
    r"|(?:third|second|3rd|2nd|4th) time|instead of|supposed to"
    r"|(?:every|each) time|keeps? \w+ing|keep getting|get (?:it|your act) together|step up|do better"
    r"|really\?|seriously|come on|wake up|at least)\b"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentiment:
    """``milli`` in −1000 … 1000; ``certain`` is false when nothing in text or rating could be read."""

    label: SentimentLabel
    milli: int
    certain: bool = True


class SentimentModel:
    """VADER with our weights loaded once; ``score`` is a pure function."""

    def __init__(self) -> None:
        """Read the word file beside this module."""
        words = _words()
        self._vader = SentimentIntensityAnalyzer()
        self._vader.lexicon.update({word: float(weight) for word, weight in words["vader"].items()})
        self._lists = {
            language: {side: _beginnings(listed) for side, listed in sides.items()}
            for language, sides in words["other"].items()
        }

    def score(self, text: str, folded: str, language: str | None, rating: int | None) -> Sentiment:
        """Sentiment of one concern; ``folded`` is its folded text, ``rating`` 1–5 stars or None."""
        told = self._told(text[:MAX_CHARS], folded[:MAX_CHARS], language)
        if rating is None:
            return Sentiment("neutral", 0, certain=False) if told is None else Sentiment(_label(told), told)
        stars = STAR_MILLI * (rating - 3)
        if told is None:
            return Sentiment(_label(stars), stars)
        # Floor division is exact on integers; the sum of weights is five.
        joined = (STAR_WEIGHT * stars + WORD_WEIGHT * told) // (STAR_WEIGHT + WORD_WEIGHT)
        return Sentiment(_label(joined), joined)

    def _told(self, text: str, folded: str, language: str | None) -> int | None:
        """What the words alone say; None when they cannot be read."""
        if language not in (None, "en"):
            return self._counted(folded, language or "")
        plain = _NOISE.sub(" ", text).replace("’", "'")
        milli: int = round(1000 * self._vader.polarity_scores(plain)["compound"])
        if milli <= 450 and _GRIEVANCE.search(folded):
            milli = max(-1000, milli + GRIEVANCE_MILLI)
        return milli

    def _counted(self, folded: str, language: str) -> int | None:
        lists = self._lists.get(language)
        if lists is None:
            return None
        good = len(lists["positive"].findall(folded))
        bad = len(lists["negative"].findall(folded))
        if good + bad == 0:
            return -200 if lists["negation"].search(folded) else None
        if lists["negation"].search(folded):
            good, bad = 0, good + bad  # "not good": which word is negated is beyond a word list
        return 800 * (good - bad) // (good + bad)


def _label(milli: int) -> SentimentLabel:
    if milli < NEGATIVE_BELOW:
        return "negative"
    return "positive" if milli >= POSITIVE_FROM else "neutral"


@lru_cache(maxsize=1)
def _words() -> Any:
    return yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))


def _beginnings(listed: list[str]) -> re.Pattern[str]:
    parts = (re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in listed)
    return re.compile(r"\b(?:" + "|".join(parts) + r")\b")

"""How sure we are that a text is an understood concern: a calibrated probability in thousandths.

Not "is the label right" but "is there a product concern here, and do we read it in one voice": enough words
that carry meaning, nearer to feedback than to chatter, cues found, cues and exemplars agreeing. Logistic in
eight features, fitted once on sentences of our own (``calibrate.py``); ADR 6 says how and how well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.encoders.stems import content_stems, words

REVIEW_BELOW = 700
MAX_WORDS = 8
# Nearness to exemplars is judged only where they can be read: the exemplars are English.
MAX_CHARS = 2_000

# 1000·σ(z/2) for z = −16 … 16; between them a straight line, so no libm is asked and every machine agrees.
_SIGMOID = (0, 1, 1, 2, 2, 4, 7, 11, 18, 29, 47, 76, 119, 182, 269, 378, 500,
            622, 731, 818, 881, 924, 953, 971, 982, 989, 993, 996, 998, 998, 999, 999, 1000)  # fmt: skip

_PLAUSIBLE = re.compile(
    r"(?=.*[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüý])(?!.*(.)\1\1)(?!.*[bcdfghjklmnpqrstvwxz]{5})"
)
_ALPHABETIC = re.compile(r"[a-zà-ÿ]")


@dataclass(frozen=True, slots=True)
class Features:
    """What confidence rests on; counts are whole numbers, cosines thousandths."""

    content: int  # plausible content words, at most MAX_WORDS
    plausible: int  # share of words that look like words, thousandths
    margin: int  # nearness to exemplars less nearness to chatter
    nearness: int  # to the nearest exemplar
    cues: int  # labels with at least one cue, at most 3
    agree: int  # 1 when the label with the best exemplar also has a cue
    mood: int  # 1 when sentiment is clear either way
    foreign: int  # 1 when the exemplars are not in the text's language: then margin and nearness are 0

    def row(self) -> tuple[int, ...]:
        """The numbers in the order of the coefficients."""
        return (
            self.content, self.plausible, self.margin, self.nearness, self.cues, self.agree, self.mood, self.foreign,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Intercept and weights, in thousandths of a logit per unit of each feature (cosines: per 1,000)."""

    intercept: int
    weights: tuple[int, ...]


# Made by ``python -m models.labellers.calibrate``; a test repeats the fit.
MEANING = Coefficients(-5102, (1672, 83, 1852, 959, 1799, 1391, 742, -229))
KEYWORDS = Coefficients(-5280, (1813, 95, 1024, 338, 2464, 1092, 822, -345))

# Per-unit scale of each feature in ``Features.row``: counts as they are, thousandths as fractions.
SCALES = (1, 1000, 1000, 1000, 1, 1, 1, 1)


def word_features(text: str) -> tuple[int, int]:
    """Plausible content words (at most eight) and the share of plausible words in thousandths.

    >>> word_features("export fails qwrtzp")
    (2, 666)
    """
    said = words(text[:MAX_CHARS])
    if not said:
        return 0, 0
    seen = {stem for stem in content_stems(text[:MAX_CHARS]) if is_plausible(stem)}
    return min(MAX_WORDS, len(seen)), 1000 * sum(is_plausible(word) for word in said) // len(said)


@lru_cache(maxsize=65_536)
def is_plausible(word: str) -> bool:
    """Whether it could be a word: a vowel, no letter thrice, no five consonants; other scripts pass."""
    return not _ALPHABETIC.match(word) or len(word) <= 2 or _PLAUSIBLE.match(word) is not None


def confidence(features: Features, coefficients: Coefficients) -> int:
    """The probability in thousandths, 1 … 999."""
    logit = coefficients.intercept + sum(
        weight * value // scale
        for weight, value, scale in zip(coefficients.weights, features.row(), SCALES, strict=True)
    )
    return min(999, max(1, sigmoid_milli(logit)))


def sigmoid_milli(logit: int) -> int:
    """1000·σ of a logit in thousandths, by a table and straight lines.

    >>> [sigmoid_milli(logit) for logit in (-9000, 0, 847, 9000)]
    [0, 500, 698, 1000]
    """
    place = min(16_000, max(0, logit + 8_000)) if -8_000 <= logit <= 8_000 else (0 if logit < 0 else 16_000)
    step, rest = divmod(place, 500)
    low = _SIGMOID[step]
    return low if not rest else low + (_SIGMOID[step + 1] - low) * rest // 500

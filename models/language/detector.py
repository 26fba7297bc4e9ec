"""Name the language of short feedback texts.

In:  plain texts.  Out: one ISO 639-1 code each, ``und`` when the letters are too few or the evidence too thin.
Law: a result depends on its own text only, never on its neighbours or on what was asked before.
How: lingua's n-gram models over sixteen languages (fewer candidates are more accurate and 15 times faster than all 75)
     with a prior for English that counts for short texts only: "app crashes on login" carries too few n-grams to
     decide, and most feedback is English, while a long text speaks for itself.
State: the models, loaded once, about 400 MB shared by the process; immutable."""

import re
from collections.abc import Sequence
from typing import Final

from lingua import Language, LanguageDetectorBuilder

UNDETERMINED: Final = "und"

_LANGUAGES: Final = (
    *(Language.ARABIC, Language.CHINESE, Language.DUTCH, Language.ENGLISH, Language.FRENCH, Language.GERMAN),
    *(
        Language.HINDI,
        Language.ITALIAN,
        Language.JAPANESE,
        Language.KOREAN,
        Language.POLISH,
        Language.PORTUGUESE,
    ),
    *(Language.RUSSIAN, Language.SPANISH, Language.SWEDISH, Language.TURKISH),
)
_CODES: Final = {language: language.iso_code_639_1.name.lower() for language in _LANGUAGES}
# What a language's probability is multiplied with, for English: the most for the fewest words, nothing beyond sixteen.
_ENGLISH_PRIOR: Final = ((2, 8.0), (4, 5.0), (8, 2.5), (16, 1.5))
# Below this share of the probability the best language is a guess among sixteen.
_LEAST_CONFIDENCE: Final = 0.2
# Letters that a text must hold (two are enough in scripts that write a word with one sign).
_LEAST_LETTERS: Final = 2
# The start of a long text decides as well as the whole of it.
_MAX_CHARS: Final = 1_500

_NO_LANGUAGE: Final = re.compile(
    r"<[A-Z][A-Z_]*_\d+>|https?://\S+|www\.\S+|\S+@\S+\.\S+|[@#]\w+|\b(?:RT|http|https)\b|\w*\d\w*",
    re.IGNORECASE,
)
_LETTERS: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class LanguageDetector:
    """Sixteen languages, one code per text.

    >>> LanguageDetector().detect(["The app crashes on login", "Die App stürzt beim Start ab", "12:30"])
    ['en', 'de', 'und']
    """

    def __init__(self) -> None:
        self._lingua = LanguageDetectorBuilder.from_languages(*_LANGUAGES).build()

    def detect(self, texts: Sequence[str]) -> list[str]:
        """Return an ISO 639-1 code or ``und`` for each of ``texts``, in their order. Raises nothing."""
        words = [_LETTERS.findall(_NO_LANGUAGE.sub(" ", text[:_MAX_CHARS])) for text in texts]
        codes = [UNDETERMINED] * len(texts)
        asked = [i for i, found in enumerate(words) if sum(map(len, found)) >= _LEAST_LETTERS]
        answers = self._lingua.compute_language_confidence_values_in_parallel(
            [" ".join(words[i]) for i in asked]
        )
        for i, answer in zip(asked, answers, strict=True):
            codes[i] = _decide({_CODES[found.language]: found.value for found in answer}, len(words[i]))
        return codes


def _decide(probabilities: dict[str, float], words: int) -> str:
    """The most probable code once the prior for English is counted in; ties go to the first code by name."""
    weighed = probabilities | {"en": probabilities["en"] * _prior(words)}
    total = sum(weighed.values())
    best = min(weighed, key=lambda code: (-weighed[code], code))
    return best if total > 0 and weighed[best] / total >= _LEAST_CONFIDENCE else UNDETERMINED


def _prior(words: int) -> float:
    """How much more probable English is before a text of ``words`` words is read."""
    return next((weight for most, weight in _ENGLISH_PRIOR if words <= most), 1.0)

"""A format of personal data as a regular expression with a check."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from models.privacy.base import PiiSpan

# What makes one word with a letter or digit beside it: digits and the alphabets that part words by spaces. Letters of
# other scripts, and particles of Korean, touch a number or an address that stands alone.
JOINED: Final = "0-9A-Za-zªº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f\u1e00-\u1fff"
# Behind and before a value that stands alone. Signs join only with a letter or digit beyond them: "_…_" is emphasis.
ALONE_BEHIND: Final = rf"(?<![{JOINED}+])(?<![{JOINED}][._-])"
ALONE_BEFORE: Final = rf"(?![{JOINED}])(?![_-][{JOINED}])"

# What may stand between a word that announces a value and the value: "number is", ": ", "no. ".
_GAP: Final = r"[^\w\n]{{0,4}}(?:(?:{fillers})\b[^\w\n]{{0,4}}){{0,4}}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Group ``value`` of ``regex`` is personal data of ``type`` when ``check`` accepts its text."""

    type: str
    regex: re.Pattern[str]
    check: Callable[[str], bool] = bool

    def find(self, text: str) -> Iterator[PiiSpan]:
        """Every accepted match in ``text``, ascending."""
        for match in self.regex.finditer(text):
            if self.check(match["value"]):
                yield PiiSpan(self.type, match.start("value"), match.end("value"))


def free(value: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """``value`` standing alone: no letter, digit or joining sign touches it."""
    return re.compile(rf"{ALONE_BEHIND}(?P<value>{value}){ALONE_BEFORE}", flags)


@dataclass(frozen=True, slots=True)
class Cut(Pattern):
    """As ``Pattern``, where what follows a value may look like more of it: ends of words are tried, the last first.

    ``regex`` says how far a value may reach; of what it reaches, the longest part that ``check`` accepts is the value.
    """

    def find(self, text: str) -> Iterator[PiiSpan]:
        """Every accepted part of a match in ``text``, ascending and disjoint."""
        at = 0
        while match := self.regex.search(text, at):
            start, at = match.start("value"), match.start("value") + 1
            for end in _word_ends(match["value"]):
                if self.check(match["value"][:end]):
                    yield PiiSpan(self.type, start, start + end)
                    at = start + end
                    break


def _word_ends(value: str) -> Iterator[int]:
    """Where a word of ``value`` ends, the last first."""
    yield len(value)
    for at in range(len(value) - 1, 0, -1):
        if not value[at].isalnum() and value[at - 1].isalnum():
            yield at


def cued(*cues: str, value: str, fillers: str = "is|no|number|num|nr|id|was|at|on|to") -> re.Pattern[str]:
    """``value`` that counts only behind one of ``cues``; up to four ``fillers`` may stand between."""
    return re.compile(
        rf"(?<![{JOINED}_])(?:{'|'.join(cues)}){_GAP.format(fillers=fillers)}(?P<value>{value})(?![{JOINED}]|_[{JOINED}])",
        re.IGNORECASE,
    )

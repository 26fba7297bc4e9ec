"""A format of personal data as a regular expression with a check."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from models.privacy.base import PiiSpan

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
    return re.compile(rf"(?<![\w.+-])(?P<value>{value})(?![\w-])", flags)


def cued(*cues: str, value: str, fillers: str = "is|no|number|num|nr|id|was|at|on|to") -> re.Pattern[str]:
    """``value`` that counts only behind one of ``cues``; up to four ``fillers`` may stand between."""
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(cues)}){_GAP.format(fillers=fillers)}(?P<value>{value})(?!\w)", re.IGNORECASE
    )

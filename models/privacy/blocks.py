"""Contact blocks: the lines of a letterhead or a signature, where an address, phone or e-mail stands among names.

In:  texts of any language.  Out: spans for whole lines, person above the first address and place below it.
A block is a run of at least three short lines (blank lines and quote marks between them do not break it) of which one
holds an address, a phone number or a mailbox: nothing but names stands beside those. State: none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from models.privacy.addresses import AddressDetector
from models.privacy.base import LOCATION, PERSON, PiiSpan
from models.privacy.known import cannot_be_name
from models.privacy.structured import StructuredDetector

_LEAST_LINES: Final = 3
_LONGEST_LINE: Final = 48
_MOST_WORDS: Final = 7
_LINE: Final = re.compile(r"(?m)^[ \t>|*-]*(?P<line>.*?)[ \t]*$")
# A line of prose ends in a sentence mark or holds one inside.
_PROSE: Final = re.compile(r"[!?;…]|(?<![.\s]\w)(?<!\b\w\w)\.\s|[^.\s]{4,}\.$")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without quote marks, at ``start``; ``anchor`` when it holds an address, phone number or mailbox."""

    text: str
    start: int
    anchor: bool


class BlockDetector:
    """Names and places in contact blocks.

    >>> BlockDetector().find(["Zoë Ardent\\nFeather Works\\n12 High Street"], ["en"])[0][0]
    PiiSpan(type='PERSON', start=0, end=10)
    """

    finds_names = False

    def __init__(self) -> None:
        self._anchors = (AddressDetector(), StructuredDetector())

    def reads(self, _language: str, /) -> bool:
        """A block has no grammar."""
        return True

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        """Return the lines of contact blocks that are neither prose nor an anchor themselves. Raises nothing."""
        return [list(self._lines_of_blocks(text)) if text.count("\n") > 1 else [] for text in texts]

    def _lines_of_blocks(self, text: str) -> Iterator[PiiSpan]:
        lines = [line for line in self._lines(text) if line.text]
        for short, run in groupby(lines, key=lambda line: _is_short(line.text)):
            block = list(run)
            anchors = [at for at, line in enumerate(block) if line.anchor]
            if not short or len(block) < _LEAST_LINES or not anchors:
                continue
            for at, line in enumerate(block):
                if not line.anchor and not any(cannot_be_name(word) for word in line.text.split()):
                    kind = PERSON if at < anchors[0] else LOCATION
                    yield PiiSpan(kind, line.start, line.start + len(line.text))

    def _lines(self, text: str) -> Iterator[_Line]:
        for match in _LINE.finditer(text):
            line = match["line"]
            anchor = _is_short(line) and any(detector.find([line], ["und"])[0] for detector in self._anchors)
            yield _Line(line, match.start("line"), anchor)


def _is_short(line: str) -> bool:
    """Whether a line is no prose."""
    return len(line) <= _LONGEST_LINE and len(line.split()) <= _MOST_WORDS and _PROSE.search(line) is None

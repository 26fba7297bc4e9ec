"""A model's own sentences, made harmless: short, plain, without links, and of this one text alone.

In:    what a model wrote; the concern's text; what it must not repeat (other concerns, examples, instructions).
Out:   the sentence, or None with the remark that says why. A sentence is dropped whole, never cleaned.
Why:   a sentence is the only place of an answer where a stranger's wish could leave as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from contracts.answers import MAX_NOTE
from models.llm.verify.reasons import Remark
from models.privacy.redactor import PLACEHOLDER, Redactor, patterns_only_redactor

ALIKE: Final = 40
"""Letters and digits in a row that two texts share only if one was copied from the other; about seven words."""

MAX_ENTITIES: Final = 8
MAX_ENTITY: Final = 80
_LONGEST_WORD: Final = 40
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})

_SUFFIXES = (
    "com|net|org|io|ai|app|dev|co|uk|de|fr|es|it|nl|pl|pt|br|ru|cn|jp|kr|in|eu|us|info|biz|xyz|top|site|online|shop|club"
    "|link|click|me|tv|cc|ly|gl|to|sh|gg|so|test|example|local|internal"
)
_LINK: Final = re.compile(
    r"\w{2,20}://|\b(?:https?|ftp|file|data|javascript|mailto|tel|hxxps?):\S|\bwww\.|\]\s*\(|!\[|@\w+\.\w"
    rf"|\b[\w-]{{2,60}}(?:\.|\[\.\]|\s?\(dot\)\s?)(?:{_SUFFIXES})\b(?!\.\w)|\b\w[\w-]{{0,60}}\.[a-z]{{2,20}}/\w"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(r"<(?![A-Z][A-Z_]*_\d{1,6}>)\S|`{2,}|\{\{|\$\{|&#|\\u[0-9a-f]{4}", re.IGNORECASE)


def link_in(said: str) -> bool:
    """Whether anything in ``said`` could be followed or would be turned into a link by what shows it.

    >>> [link_in(one) for one in ("See https://a.b", "at evil.com", "e.g. version 2.1.0", "Export fails.")]
    [True, True, False, False]
    """
    return _LINK.search(said) is not None


class Notes:
    """Judges sentences about one concern."""

    def __init__(self, text: str, others: Sequence[str] = ()) -> None:
        """``others``: texts of other people; what they share with ``text`` may be said."""
        self._text = text
        self._own = letters(text)
        self._marks = frozenset(match.group() for match in PLACEHOLDER.finditer(text))
        self._others = frozenset[str]().union(*(runs(other) for other in others))

    def sentence(self, said: str | None) -> tuple[str | None, Remark | None]:
        """One sentence of at most ``MAX_NOTE`` characters; a longer one ends at a word."""
        return self._judged(said, MAX_NOTE, names=False)

    def translation(self, said: str | None) -> tuple[str | None, Remark | None]:
        """The whole text in English; it may be twice as long as what was translated, and name what we do not know."""
        kept, why = self._judged(said, 2 * len(self._text) + 200, names=True)
        return kept, None if why == "note_link" and link_in(self._text) else why

    def entities(self, said: Sequence[str]) -> tuple[str, ...]:
        """Those that stand in the text as they are written, are no placeholder and no link; others are left out."""
        plain = dict.fromkeys(one.strip() for one in said)
        fit = [one for one in plain if one and len(one) <= MAX_ENTITY and one in self._text]
        fit = [one for one in fit if not _unclean(one) and not link_in(one) and not PLACEHOLDER.search(one)]
        return tuple(fit[:MAX_ENTITIES])

    def _judged(self, said: str | None, most: int, *, names: bool) -> tuple[str | None, Remark | None]:
        plain = " ".join(said.split()) if said else ""
        if not plain:
            return None, None
        cut = _cut(plain, most)
        why = self._why_not(cut, names)
        return (None, why) if why else (cut, None)

    def _why_not(self, plain: str, names: bool) -> Remark | None:
        if link_in(plain):
            return "note_link"
        if _unclean(plain):
            return "note_unclean"
        if any(match.group() not in self._marks for match in PLACEHOLDER.finditer(plain)):
            return "note_placeholder"
        if shares(plain, self._others, self._own):
            return "note_of_others"
        if self._personal(plain):
            return "note_personal"
        return "note_name" if not names and self._names(plain) else None

    def _personal(self, plain: str) -> bool:
        """Whether patterns find personal data in it that the text does not hold."""
        found = _redactor().redact([plain], ["en"])[0].spans
        return any(plain[span.start : span.end] not in self._text for span in found)

    def _names(self, plain: str) -> bool:
        """Whether a capital letter in the middle names something that the text does not."""
        known = self._text.casefold()
        words = _CAPITAL.findall(plain)
        return any(word.casefold() not in known and word.casefold() not in _COMMON for word in words)


# A capitalised word that opens no sentence; abbreviations of the trade and the calendar name nobody.
_CAPITAL: Final = re.compile(r"(?<=[\w,;)] )[^\W\d_a-z][^\W\d_]+")
_COMMON: Final = frozenset(
    """
    api app pdf csv url ui ux pin sms ok id ios android sso mfa otp faq gb mb english german french spanish portuguese
    italian dutch polish russian turkish chinese japanese korean arabic hindi swedish monday tuesday wednesday thursday
    friday saturday sunday january february march april may june july august september october november december
    """.split()  # noqa: SIM905 -- a list of this many is read as words
)


def letters(text: str) -> str:
    """What is left of a text when only its letters and digits count: spelling it out or in capitals hides nothing."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def runs(text: str) -> frozenset[str]:
    """Every run of ``ALIKE`` letters and digits in ``text``."""
    spelt = letters(text)
    return frozenset(spelt[at : at + ALIKE] for at in range(len(spelt) - ALIKE + 1))


def shares(said: str, others: frozenset[str], own: str) -> bool:
    """Whether ``said`` has a run in common with ``others`` that ``own``, as ``letters``, has not."""
    return any(run not in own for run in runs(said) & others)


def _unclean(said: str) -> bool:
    """Letters that are not seen, markup, or a word that no language has: something encoded."""
    if any(unicodedata.category(char) in _UNSEEN for char in said) or _MARKUP.search(said):
        return True
    return any(len(word) > _LONGEST_WORD and word.isascii() for word in said.split())


def _cut(said: str, most: int) -> str:
    if len(said) <= most:
        return said
    at = said.rfind(" ", 0, most)
    return said[: at if at > 0 else most - 1].rstrip(" ,;:–—-") + "…"


@lru_cache(maxsize=1)
def _redactor() -> Redactor:
    return patterns_only_redactor()

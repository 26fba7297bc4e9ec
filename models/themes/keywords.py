"""What a theme is about, in the words of its members: class-based term scores over salted hashes.

In: redacted text. ``terms`` gives the unigrams and bigrams worth counting; the caller hashes them with the
tenant's salt and keeps the vocabulary. State per theme: at most twice ``CAPACITY`` hashes with integer counts
(when there are more, the rarest half goes: counts are never too high, and a term that two texts in a row of
new terms share stays), so no text is here. ``label`` picks the most telling terms. Elsewhere: which of them make a
name (``models.themes.wording``).
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from models.themes.grid import pack, unpack_ints
from models.themes.stop_words import STOP_WORDS

CAPACITY = 200
"""Terms counted per theme after a clearing; twice as many, about 10 KB of state log, before one."""
BACKGROUND_CAPACITY = 4_000
"""Terms counted for the tenant as a whole, for how common a term is."""
_UNHEARD = 5
"""Texts added to those counted elsewhere: one mention more or less of a rare term must not decide."""
NEEDED_IN = 20
"""One in so many of a theme's texts must have a term for it to be telling: the fewer are looked at, the quicker."""
COMMON = 1 / 3
"""Share of the tenant's other texts from which on a term sets nothing apart, however often the theme says it."""

_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*?(?:_\d+)?>")
_WORD = re.compile(r"[^\W\d_](?:[\w]|['’-](?=\w))*")
_PHRASE_END = re.compile(r"[.,;:!?()\[\]\"\n\x00]+")
_LONGEST = 30


def terms(text: str, language: str) -> list[str]:
    """Distinct unigrams and bigrams of a redacted text, in order of appearance.

    Placeholders such as ``<EMAIL_1>`` and punctuation end a phrase; a bigram has no stop word in it.

    >>> terms("The invoice total is wrong, ask <EMAIL_1>", "en")
    ['invoice', 'total', 'invoice total', 'wrong', 'ask']
    """
    stop = _stop_words(language)
    found: dict[str, None] = {}
    for phrase in _PHRASE_END.split(_PLACEHOLDER.sub("\x00", text.replace("’", "'"))):
        before = ""
        for match in _WORD.findall(phrase):
            word = match.lower()
            if word in stop or not 2 < len(word) <= _LONGEST or ("'" in word and word.split("'")[0] in stop):
                before = ""
                continue
            found[word] = None
            if before:
                found[f"{before} {word}"] = None
            before = word
    return list(found)


@cache
def _stop_words(language: str) -> frozenset[str]:
    return STOP_WORDS.get(language, frozenset()) | STOP_WORDS["en"]


class TermCounts:
    """The most frequent hashes of a stream, never counted too high; ties go to the lowest hash.

    >>> counts = TermCounts(capacity=1)
    >>> counts.add([1, 2]); counts.add([1, 3]); counts.rows
    Counter({1: 2})
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self.rows: Counter[int] = Counter()
        self.documents = 0

    def add(self, hashes: Sequence[int]) -> None:
        """Count one text's distinct terms."""
        self.documents += 1
        self.rows.update(hashes)
        if len(self.rows) > 2 * self._capacity:
            kept = heapq.nsmallest(self._capacity, self.rows.items(), key=lambda row: (-row[1], row[0]))
            self.rows = Counter(dict(kept))

    def subtract(self, hashes: Sequence[int]) -> None:
        """Take one text's terms back; what was pushed out meanwhile is not counted twice."""
        self.documents = max(self.documents - 1, 0)
        for name in hashes:
            left = self.rows.get(name, 0) - 1
            if left > 0:
                self.rows[name] = left
            else:
                self.rows.pop(name, None)

    def encode(self) -> list[Any]:
        """As JSON-able data: texts, then hashes in order and their counts, both as packed arrays."""
        names = np.fromiter(self.rows.keys(), np.uint64, len(self.rows))
        counts = np.fromiter(self.rows.values(), np.int64, len(self.rows))
        order = np.argsort(names)
        return [self.documents, pack(names[order].view(np.int64)), pack(counts[order])]

    @classmethod
    def decode(cls, encoded: Sequence[Any], capacity: int = CAPACITY) -> TermCounts:
        """The inverse of ``encode``."""
        found = cls(capacity)
        found.documents = int(encoded[0])
        names, counts = unpack_ints(encoded[1]).view(np.uint64), unpack_ints(encoded[2])
        found.rows = Counter(dict(zip(names.tolist(), counts.tolist(), strict=True)))
        return found


class ThemeTerms:
    """Term counts of every theme of one tenant, and of the tenant as a whole."""

    def __init__(self) -> None:
        self._themes: dict[str, TermCounts] = {}
        self._tenant = TermCounts(BACKGROUND_CAPACITY)
        self._dirty: set[str] = set()
        self.changes = 0
        """How often any count changed; what was looked up holds until this moves."""

    def add(self, theme: str, hashes: Sequence[int]) -> None:
        """Count a text that joined ``theme``."""
        counts = self._themes.get(theme)
        if counts is None:
            counts = self._themes[theme] = TermCounts()
        counts.add(hashes)
        self._tenant.add(hashes)
        self._dirty.update((theme, ""))
        self.changes += 1

    def subtract(self, theme: str, hashes: Sequence[int]) -> None:
        """Take back a text that left ``theme``."""
        if theme in self._themes:
            self._themes[theme].subtract(hashes)
            self._tenant.subtract(hashes)
            self._dirty.update((theme, ""))
            self.changes += 1

    def counts(self, theme: str) -> TermCounts | None:
        """The terms of the theme's texts, None if it has had none. Not to be changed."""
        return self._themes.get(theme)

    @property
    def everywhere(self) -> TermCounts:
        """The terms of all texts in a theme. Not to be changed."""
        return self._tenant

    def label(self, theme: str | Sequence[str], count: int = 8) -> list[int]:
        """The ``count`` most telling hashes of a theme (or of the parts of a merged one), best first.

        Score: n · ln(1 + inside / outside), with n the theme's texts that have the term, and inside and outside
        the shares of the theme's and of all other texts that have it (a name that is said everywhere is no
        label, however often the theme says it). A term needs two texts and a twentieth of them all; ties go to the
        lowest hash.
        """
        parts = [
            self._themes.get(part, TermCounts()) for part in ([theme] if isinstance(theme, str) else theme)
        ]
        total = parts[0].rows.copy() if len(parts) > 1 else parts[0].rows
        for part in parts[1:]:
            total.update(part.rows)
        texts = max(sum([part.documents for part in parts]), 1)
        others = max(self._tenant.documents - texts, 0)
        share, log, everywhere = (others + _UNHEARD) / texts, math.log, self._tenant.rows.get
        scored, least = [], max(2, texts // NEEDED_IN)
        for name, number in [row for row in total.items() if row[1] >= least]:
            elsewhere = everywhere(name, 0) - number
            unheard = elsewhere + _UNHEARD if elsewhere > 0 else _UNHEARD
            scored.append((-number * log(1 + number * share / unheard), name))
        return [name for _, name in heapq.nsmallest(count, scored)]

    def usage(self, parts: Sequence[str], names: Sequence[int]) -> list[tuple[int, bool]]:
        """Of each term: how many texts of the theme (all its ``parts``) have it, and whether it is ``COMMON``."""
        counts = [self._themes[part] for part in parts if part in self._themes]
        others = self._tenant.documents - sum([part.documents for part in counts])
        common = COMMON * others if others > 0 else math.inf
        inside = [sum([part.rows.get(name, 0) for part in counts]) for name in names]
        said = self._tenant.rows.get
        return [(texts, said(name, 0) - texts >= common) for name, texts in zip(names, inside, strict=True)]

    def state_changes(self) -> Iterator[tuple[str, Any]]:
        """Rows changed since the last call, by theme (``""``: the tenant)."""
        marked, self._dirty = sorted(self._dirty), set()
        for key in marked:
            yield key, (self._themes[key] if key else self._tenant).encode()

    def load(self, key: str, encoded: Sequence[Any]) -> None:
        """Take up one row."""
        self.changes += 1
        if key:
            self._themes[key] = TermCounts.decode(encoded)
        else:
            self._tenant = TermCounts.decode(encoded, BACKGROUND_CAPACITY)


_ENDINGS = ("ationen", "ations", "ation", "ments", "ment", "ings", "ing", "ungen", "ung", "ies", "es", "ed")
_VOWEL_ENDINGS = ("s", "e", "n", "a", "o", "y")


def stem(word: str) -> str:
    """A rough stem, enough to see that two words are one: at least four letters stay.

    >>> stem("charge") == stem("charged") == stem("charges") == stem("charging")
    True
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    while len(word) > 4 and word.endswith(_VOWEL_ENDINGS):
        word = word[:-1]
    return word

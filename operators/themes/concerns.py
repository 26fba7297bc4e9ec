"""What is kept of each concern once it has been seen: where it is now, and how often that changed.

A concern that may still change its theme is a row of its own. One that only its retraction can still change is
settled: a few numbers (``models.themes.columns``), about 30 bytes, because there is no end to these.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

import numpy as np

from contracts.feedback import Sealed
from models.themes.columns import Columns
from models.themes.members import concern_hash
from operators.state import Table

# Concerns whose terms are kept, so that a move takes them along. The theme engine moves only its latest
# 5,000 concerns; what is older keeps its words where it first counted.
KEPT_TERMS = 5_000


NARROW = 0xFFFFFFFF
"""Of whom a concern is, the part by which a theme's examples tell people apart."""


class Known(NamedTuple):
    """A concern that the engine knows.

    ``person`` is whom its theme counts it for (account, else author, else item), ``who`` the same as a number;
    ``sequence`` counts its changes; ``terms`` are salted hashes. ``near`` is the theme that shows it as a
    counter-example, None if none does. ``critical`` says that its severity is; ``mark`` is a digest of its
    sealed words, 0 where these may not be shown. A settled concern has neither person nor terms nor times nor mark.
    """

    item_id: str
    person: str
    who: int
    at_s: int
    sequence: int
    theme: str | None
    arrival: int
    terms: tuple[int, ...]
    near: str | None = None
    critical: bool = False
    mark: int = 0


@lru_cache(maxsize=20_000)
def who_is(person: str) -> int:
    """A person as 64 bits of BLAKE2."""
    return int.from_bytes(blake2b(person.encode(), digest_size=8).digest(), "big")


def mark_of(sealed: Sealed | None) -> int:
    """Sealed words as 63 bits of BLAKE2; 0 for none."""
    if sealed is None:
        return 0
    digest = blake2b(f"{sealed.nonce} {sealed.ciphertext}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class Engine(Protocol):
    """What the theme engine says of its concerns, and its themes as small numbers."""

    @property
    def settled(self) -> int:
        """So many of the first concerns are never moved again, apart from those that wait."""
        ...

    def waits(self, concern_id: str) -> bool:
        """Whether a concern waits for a theme."""
        ...

    def is_ordered(self, concern_id: str) -> bool:
        """Whether an order of a person is about the concern, so that it may be moved however old it is."""
        ...

    def ordinal(self, theme_id: str) -> int:
        """The place of a theme among all that were ever born."""
        ...

    def theme_at(self, ordinal: int) -> str:
        """The inverse of ``ordinal``."""
        ...


def _encode(known: Known) -> list[Any]:
    terms = base64.b64encode(np.array(known.terms, "<u8").tobytes()).decode("ascii")
    place = [known.sequence, known.theme, known.arrival]
    row = [
        known.item_id,
        known.person,
        known.at_s,
        *place,
        terms,
        known.near,
        int(known.critical),
        known.mark,
    ]
    return row if known.person else [*row, known.who]  # one that was settled has a number alone


def _decode(row: list[Any]) -> Known:
    terms = tuple(np.frombuffer(base64.b64decode(row[6]), "<u8").tolist())
    who = row[10] if len(row) > 10 else who_is(row[1])
    place = (row[3], row[4], row[5], terms, row[7])
    return Known(row[0], row[1], who, row[2], *place, bool(row[8]), row[9])


def changed(before: Known, theme: str | None, near: str | None) -> Known:
    """The concern after one more change: its theme, and the theme that shows it."""
    item_id, person, who, at_s, sequence, _, arrival, terms, _, critical, mark = before
    return Known(item_id, person, who, at_s, sequence + 1, theme, arrival, terms, near, critical, mark)


_NOWHERE = -1


class Concerns:
    """The concerns of one tenant; ``table`` (those that may change) and ``settled`` are the bulk state."""

    def __init__(self, themes: Engine) -> None:
        self.table: Table[Known] = Table(_encode, _decode)
        # Who, theme, theme that shows it, twice its changes and one more if it is critical; themes as ordinals.
        self.settled = Columns(("<u8", "<i4", "<i4", "<i4"))
        self._themes = themes
        self._newest = -1
        self._settling = 0
        # (arrival, concern), by arrival: those that have not been looked at for settling.
        self._moving: deque[tuple[int, str]] = deque()

    def __contains__(self, concern: str) -> bool:
        return concern in self.table or concern_hash(concern) in self.settled

    def get(self, concern: str, item_id: str) -> Known:
        """What is known of a concern; of a settled one the caller says what item it came in."""
        known = self.table.get(concern)
        if known is not None:
            return known
        row = self.settled.get(concern_hash(concern))
        if row is None:
            raise KeyError(concern)
        who, theme, near, changes = row
        place = (changes >> 1, self._theme(theme), -1, ())
        return Known(item_id, "", who, 0, *place, self._theme(near), bool(changes & 1))

    def arrival(self, concern: str) -> int | None:
        """The place of a concern among all that came; None of a settled one."""
        known = self.table.get(concern)
        return None if known is None else known.arrival

    def terms(self, known: Known) -> tuple[int, ...]:
        """The terms that move with a concern; none once it is old."""
        return known.terms if known.arrival > self._newest - KEPT_TERMS else ()

    def add(self, concern: str, known: Known) -> None:
        """A concern arrived."""
        self.table.put(concern, known)
        self._newest = known.arrival
        self._moving.append((known.arrival, concern))

    def put(self, concern: str, known: Known, *, waits: bool) -> None:
        """The concern's place changed."""
        if known.arrival < self._settling and not waits and not self._themes.is_ordered(concern):
            self._settle(concern, known)
        else:
            self.table.put(concern, known)

    def reopen(self, concern: str, item_id: str) -> None:
        """An order is about the concern: remember its item, and keep it open from now on."""
        row = None if concern in self.table else self.settled.get(concern_hash(concern))
        if row is not None:
            self.table.put(concern, self.get(concern, item_id))
            self.settled.drop(concern_hash(concern))

    def drop(self, concern: str) -> None:
        """The concern was retracted."""
        if concern in self.table:
            self.table.drop(concern)
        else:
            self.settled.drop(concern_hash(concern))

    def settle(self) -> None:
        """Make small what can no longer move; nothing that is told depends on when this is done."""
        self._settling = min(self._themes.settled, self._newest - KEPT_TERMS + 1)
        while self._moving and self._moving[0][0] < self._settling:
            _, concern = self._moving.popleft()
            known = self.table.get(concern)
            if known is not None and not self._stays_open(concern):
                self._settle(concern, known)

    def places(self) -> Iterator[tuple[str, int]]:
        """Theme and person of every concern that is in a theme, in no order that may be seen."""
        for concern in self.table:
            known = self.table[concern]
            if known.theme is not None:
                yield known.theme, known.who
        _, (who, themes, _, _) = self.settled.arrays()
        inside = themes != _NOWHERE
        for theme, person in zip(themes[inside].tolist(), who[inside].tolist(), strict=True):
            yield self._themes.theme_at(theme), person

    def finish_load(self, arrivals: int) -> None:
        """Restore the order in which concerns are settled; so many have arrived."""
        self._newest = arrivals - 1
        self._moving = deque(sorted((self.table[key].arrival, key) for key in self.table))

    def _stays_open(self, concern: str) -> bool:
        return self._themes.waits(concern) or self._themes.is_ordered(concern)

    def _settle(self, concern: str, known: Known) -> None:
        self.table.drop(concern)
        places = (self._ordinal(known.theme), self._ordinal(known.near))
        changes = 2 * known.sequence + known.critical
        self.settled.put(concern_hash(concern), (known.who, *places, changes))

    def _ordinal(self, theme: str | None) -> int:
        return _NOWHERE if theme is None else self._themes.ordinal(theme)

    def _theme(self, ordinal: int) -> str | None:
        return None if ordinal == _NOWHERE else self._themes.theme_at(ordinal)

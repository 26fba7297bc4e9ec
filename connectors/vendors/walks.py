"""A walk over pages that may shift, repeat or never end: each row is handed on once, and a loop is noticed.

In: the rows of each page.  Out: those that are new to the walk.  State: ids of one walk, in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from connectors.vendors.errors import VendorAway

Row = TypeVar("Row")

# Pages in a row without a new row, after which the vendor is going round in circles. A few are slips: a page sent
# twice, a step back and the way forward again.
MOST_REPEATED = 8


class GoesInCircles(VendorAway):
    """The vendor's pages lead to each other and never to an end."""


class Walk:
    """Over stretches of history, each in one or more rounds; ``vendor`` is named in errors."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._handed: set[str] = set()
        self._ids: set[str] = set()
        self._round: set[str] = set()
        self._new_in_round = 0
        self._repeated = 0
        self._total = 0

    def stretch(self) -> None:
        """Go on to another stretch, with a count of its own."""
        self._ids, self._total = set(), 0

    def begin(self) -> None:
        """Begin a round at the first page."""
        self._round = set()
        self._new_in_round = self._repeated = 0

    def fresh(
        self,
        rows: Iterable[Row],
        id_of: Callable[[Row], str],
        version_of: Callable[[Row], str],
        total: int = 0,
        wanted: Callable[[Row], bool] = lambda _row: True,
    ) -> list[Row]:
        """The wanted rows of which this version was not handed on yet.

        ``total`` is how many rows the vendor says there are, the unwanted ones too. Raises
        ``GoesInCircles``.
        """
        self._total = max(self._total, total)
        seen, found, known = 0, [], len(self._round)
        for row in rows:
            seen += 1
            version = f"{id_of(row)}\x1f{version_of(row)}"
            self._ids.add(id_of(row))
            self._round.add(version)
            if version not in self._handed and wanted(row):
                self._handed.add(version)
                found.append(row)
        self._repeated = self._repeated + 1 if seen and len(self._round) == known else 0
        if self._repeated >= MOST_REPEATED:
            raise GoesInCircles(f"{self._vendor} sends the same page again and again; tried again later")
        self._new_in_round += len(found)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether as many rows came as there are, or another round brought no more."""
        return len(self._ids) >= self._total or not self._new_in_round

    @property
    def progress(self) -> str:
        """How far, for people."""
        return f"{len(self._ids):,} of {self._total:,}" if self._total else f"{len(self._ids):,}"

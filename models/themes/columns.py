"""Rows of a few integers by 64-bit name, at little more than their own bytes: what a stream leaves behind for ever.

The latest rows are in a dictionary, the rest in sorted arrays that the dictionary is folded into now and then; how
far that folding has come cannot be seen from outside. In the state log the rows go in segments: one entry for all
that changed between two snapshots. A segment is never written again; later ones win.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = tuple[int, ...]
_FOLD_AT = 4_096
_FOLD_FIRST = 256
_FOLD_SHARE = 256
"""Rows that wait for folding: ``_FOLD_AT``, or this part of all, so that folding stays cheap beside arriving; of a
small tenant ``_FOLD_FIRST``, or a quarter of all, as a row in the dictionary takes ten times the room."""


class Columns:
    """Rows by name; ``types`` are numpy's names of the integers in a row.

    >>> rows = Columns(("<i4", "<i4")); rows.put(7, (3, -1)); rows.get(7), rows.get(8)
    ((3, -1), None)
    """

    def __init__(self, types: Sequence[str]) -> None:
        self._recent: dict[int, Row | None] = {}
        self._names: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._columns: list[NDArray[Any]] = [np.empty(0, type_) for type_ in types]
        self._fold_at = _FOLD_FIRST
        self._changed: set[int] = set()
        self._segments = 0
        # The name that was not there when it was asked for last: of what is new several ask, one after the other.
        self._absent = -1

    def __contains__(self, name: int) -> bool:
        return self.get(name) is not None

    def get(self, name: int) -> Row | None:
        """The row of a name, None if there is none."""
        found = self._recent.get(name)
        if found is None and name != self._absent and name not in self._recent:
            at = int(self._names.searchsorted(np.uint64(name)))
            if at < len(self._names) and int(self._names[at]) == name:
                found = tuple(int(column[at]) for column in self._columns)
            else:
                self._absent = name
        return found

    def put(self, name: int, row: Row) -> None:
        """Set a row."""
        self._changed.add(name)
        self._take(name, row)

    def drop(self, name: int) -> None:
        """Forget a row."""
        self._changed.add(name)
        self._take(name, None)

    def arrays(self) -> tuple[NDArray[np.uint64], list[NDArray[Any]]]:
        """All rows: names ``(n,)`` in order, and each column ``(n,)``. Not to be changed."""
        self._fold()
        return self._names, self._columns

    def state_changes(self) -> Iterator[tuple[str, Any]]:
        """The segment of what changed since the last call, if anything did: names, columns, names that are gone."""
        changed, self._changed = sorted(self._changed), set()
        if not changed:
            return
        rows = {name: row for name in changed if (row := self.get(name)) is not None}
        columns = zip(*rows.values(), strict=True) if rows else ([] for _ in self._columns)
        packed = [_pack(list(column), own.dtype) for column, own in zip(columns, self._columns, strict=True)]
        gone = [name for name in changed if name not in rows]
        yield f"{self._segments:010d}", [_pack(list(rows), "<u8"), *packed, _pack(gone, "<u8")]
        self._segments += 1

    def load(self, key: str, value: Sequence[str]) -> None:
        """Take up a segment."""
        names, *columns, gone = value
        unpacked = (_unpack(column, own.dtype) for column, own in zip(columns, self._columns, strict=True))
        for name, row in zip(_unpack(names, "<u8"), zip(*unpacked, strict=True), strict=True):
            self._take(name, row)
        for name in _unpack(gone, "<u8"):
            self._take(name, None)
        self._segments = int(key) + 1

    def _take(self, name: int, row: Row | None) -> None:
        self._recent[name], self._absent = row, -1
        if len(self._recent) >= self._fold_at:
            self._fold()

    def _fold(self) -> None:
        if not self._recent:
            return
        touched = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        alive = [(name, row) for name, row in sorted(self._recent.items()) if row is not None]
        kept = ~np.isin(self._names, touched)
        names = np.concatenate([self._names[kept], np.array([name for name, _ in alive], np.uint64)])
        order = np.argsort(names, kind="stable")  # of two sorted runs: a merge
        self._names, self._recent = names[order], {}
        self._fold_at = max(min(_FOLD_AT, len(names) // 4), len(names) // _FOLD_SHARE, _FOLD_FIRST)
        for place, column in enumerate(self._columns):
            fresh = np.array([row[place] for _, row in alive], column.dtype)
            self._columns[place] = np.concatenate([column[kept], fresh])[order]


def _pack(values: Sequence[int], type_: Any) -> str:
    return base64.b64encode(np.array(values, type_).tobytes()).decode("ascii")


def _unpack(text: str, type_: Any) -> list[int]:
    found: list[int] = np.frombuffer(base64.b64decode(text), type_).tolist()
    return found

"""Bulk state as tables that remember what changed, so that a snapshot costs what changed.

A step keeps everything that grows in ``Table``s. At a snapshot the host drains the changes into the
step's state log; on restore it loads the log's entries back. The order in which a restored table
iterates is not the order of the undisturbed run: iterate ``sorted(...)`` wherever it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from contracts.errors import StateCorrupt

V = TypeVar("V")


def _as_is(value: Any) -> Any:
    return value


class Table(Generic[V]):
    """A dictionary from string to ``V`` that knows which keys changed since the last drain.

    ``encode`` turns a value into JSON-able data (str, int, float, bool, None, list, dict);
    ``decode`` is its inverse.

    >>> seen = Table[int]()
    >>> seen.put("a", 1); seen.put("b", 2); seen.drop("a")
    >>> list(seen.drain())
    [('a', None), ('b', 2)]
    >>> list(seen.drain())
    []
    """

    def __init__(
        self,
        encode: Callable[[V], Any] = _as_is,
        decode: Callable[[Any], V] = _as_is,
    ) -> None:
        self._rows: dict[str, V] = {}
        self.get = self._rows.get
        """The value at a key, or None: the dictionary's own, because it is asked twenty times an item."""
        self._changed: set[str] = set()
        self._encode = encode
        self._decode = decode

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> V:
        return self._rows[key]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        # Sorted, so that iterating is the same after a restore.
        return iter(sorted(self._rows))

    def keys(self) -> list[str]:
        """All keys, sorted, so that iterating is the same after a restore."""
        return sorted(self._rows)

    def put(self, key: str, value: V) -> None:
        """Set ``key`` and remember that it changed."""
        self._rows[key] = value
        self._changed.add(key)

    def touch(self, key: str) -> None:
        """Say that the value at ``key`` was changed in place."""
        self._changed.add(key)

    def drop(self, key: str) -> None:
        """Remove ``key``, if it is there, and remember that."""
        if self._rows.pop(key, None) is not None:
            self._changed.add(key)

    def drain(self) -> Iterator[tuple[str, Any]]:
        """Changes since the last drain, sorted by key; a dropped key comes with None."""
        changed, self._changed = sorted(self._changed), set()
        for key in changed:
            yield key, (self._encode(self._rows[key]) if key in self._rows else None)

    def load(self, key: str, encoded: Any) -> None:
        """Apply one logged change without marking it as changed."""
        if encoded is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = self._decode(encoded)


class BulkState(Protocol):
    """Bulk state as the host sees it: drained at a snapshot, loaded at a restore.

    A model keeps its own form of it and offers these three; ``Tables`` is the form most steps use.
    """

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        """Changes since the last drain as ``(table, key, value)`` in a fixed order; None drops the key."""
        ...

    def load(self, table: str, key: str, value: Any) -> None:
        """Apply one logged change without marking it as changed."""
        ...

    def finish_load(self) -> None:
        """All changes are applied: derive what is not logged."""
        ...


class Tables:
    """Named tables, with or without a model's bulk state beside them, as one ``BulkState``.

    A change of a table that is not among the named ones is the model's.
    """

    def __init__(self, tables: Mapping[str, Table[Any]], rest: BulkState | None = None) -> None:
        self._tables = {name: tables[name] for name in sorted(tables)}
        self._rest = rest

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        """Table by table in the order of their names, each sorted by key, then the model's."""
        for name, table in self._tables.items():
            for key, value in table.drain():
                yield name, key, value
        if self._rest is not None:
            yield from self._rest.drain()

    def load(self, table: str, key: str, value: Any) -> None:
        """See ``BulkState.load``; a table that nobody knows raises ``StateCorrupt``."""
        if table in self._tables:
            self._tables[table].load(key, value)
        elif self._rest is not None:
            self._rest.load(table, key, value)
        else:
            raise StateCorrupt(f"the state log speaks of a table {table!r} that this step does not have")

    def finish_load(self) -> None:
        """See ``BulkState.finish_load``."""
        if self._rest is not None:
            self._rest.finish_load()

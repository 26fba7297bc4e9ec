"""What people ordered of one tenant's themes and what still holds of it.

In:    rows, each made by one order.   Out: what follows for a concern, a theme or a pair of themes.
State: the rows, strings and small lists alone, so that whoever reads the journal can rebuild them without an engine.
Nothing here moves anything (``placing``) or says whether an order fits the rest (``objections``).

A *unit* is what must-links tie together, directly or through others; a concern without a link is one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, cast, get_args

from models.themes.places import Places

Kind = Literal[
    "must", "cannot", "placed", "barred", "apart", "together", "pinned", "muted", "name", "whole",
    "proposed", "autonomy", "critical",
]  # fmt: skip

MOST = 50_000
"""Rows of one tenant; about 10 MB. A person makes a few a day."""


class By(NamedTuple):
    """Whose order a row comes from: its place in the journal, its verb, its author."""

    order_id: str
    verb: str
    author: str

    def __str__(self) -> str:
        return f"{self.verb} of {self.author} (order {self.order_id})"


class Row(NamedTuple):
    """One row: who made it, and its values; which these are depends on the kind (``Constraints``)."""

    by: By
    values: tuple[str, ...]


Rows = dict[Kind, dict[str, Row]]


@dataclass(frozen=True)
class _Derived:
    """What follows from the rows; made again after a change."""

    rows: Rows

    @cached_property
    def units(self) -> dict[str, tuple[str, ...]]:
        """Each linked concern's unit, sorted."""
        of: dict[str, set[str]] = {}
        for row in self.rows["must"].values():
            joined = set(row.values).union(*(of.get(one, ()) for one in row.values))
            of.update(dict.fromkeys(joined, joined))
        return {one: tuple(sorted(unit)) for one, unit in of.items()}

    @cached_property
    def partners(self) -> dict[str, dict[str, By]]:
        """The concerns that each must not share a theme with, and by whose order."""
        found: dict[str, dict[str, By]] = {}
        for _, row in sorted(self.rows["cannot"].items()):
            for one in row.values:
                others = found.setdefault(one, {})
                for other in row.values:
                    if other != one:
                        others.setdefault(other, row.by)
        return found

    @cached_property
    def barred(self) -> dict[str, dict[str, By]]:
        """The themes that each concern was taken out of, and by whose order."""
        found: dict[str, dict[str, By]] = {}
        for _, row in sorted(self.rows["barred"].items()):
            concern, theme = row.values
            found.setdefault(concern, {})[theme] = row.by
        return found

    @cached_property
    def concerns(self) -> frozenset[str]:
        """Every concern that an order is about."""
        linked = self.units.keys() | self.partners.keys()
        return frozenset(self.rows["placed"].keys() | linked | self.barred.keys())


class Constraints:
    """The rows by kind and name, and what follows from them.

    ``must`` and ``cannot`` (order: concerns), ``placed`` (concern: the theme where a person put it), ``barred``
    (order: concern and theme), ``apart`` (order: two themes), ``together`` (theme: the one that a person merged it
    into), ``pinned``, ``muted``, ``critical``, ``name`` and ``whole`` (theme: the name, or nothing), ``proposed``
    (what was proposed once) and ``autonomy``.
    """

    def __init__(self) -> None:
        self.rows: Rows = {kind: {} for kind in get_args(Kind)}
        self.changed: set[str] = set()
        """Keys of rows that changed since this was last emptied."""
        self._made: _Derived | None = None

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    @property
    def _derived(self) -> _Derived:
        if self._made is None:
            self._made = _Derived(self.rows)
        return self._made

    # -- rows ------------------------------------------------------------------------------------------

    def put(self, kind: Kind, name: str, by: By, *values: str) -> None:
        """Set a row."""
        self.rows[kind][name] = Row(by, values)
        self._touch(kind, name)

    def drop(self, kind: Kind, name: str) -> bool:
        """Forget a row; whether there was one."""
        there = self.rows[kind].pop(name, None) is not None
        if there:
            self._touch(kind, name)
        return there

    def lift(self, order_id: str) -> list[tuple[Kind, str, Row]]:
        """Forget every row that an order made, and say which."""
        made = [
            (kind, name, row)
            for kind, rows in self.rows.items()
            for name, row in sorted(rows.items())
            if row.by.order_id == order_id
        ]
        for kind, name, _ in made:
            self.drop(kind, name)
        return made

    def get(self, kind: Kind, name: str) -> Row | None:
        """A row, None if there is none."""
        return self.rows[kind].get(name)

    def _touch(self, kind: Kind, name: str) -> None:
        self.changed.add(f"{kind}|{name}")
        self._made = None

    def encode(self, key: str) -> list[Any] | None:
        """A row as JSON-able data, None for one that is gone."""
        kind, _, name = key.partition("|")
        row = self.rows[cast(Kind, kind)].get(name)
        return None if row is None else [list(row.by), list(row.values)]

    def load(self, key: str, value: list[Any] | None) -> None:
        """Take up what ``encode`` gave; later rows win."""
        kind, _, name = key.partition("|")
        rows = self.rows[cast(Kind, kind)]
        if value is None:
            rows.pop(name, None)
        else:
            rows[name] = Row(By(*value[0]), tuple(value[1]))
        self._made = None

    # -- concerns --------------------------------------------------------------------------------------

    @property
    def concerns(self) -> frozenset[str]:
        """Every concern that an order is about; the engine alone does not move these."""
        return self._derived.concerns

    def unit(self, concern: str) -> tuple[str, ...]:
        """The concerns that are in one theme with this one always, itself included; sorted."""
        return self._derived.units.get(concern, (concern,))

    def units(self) -> list[tuple[str, ...]]:
        """Every unit of linked concerns, and every other concern that an order is about; sorted."""
        return sorted({self.unit(concern) for concern in self.concerns})

    def tied(self, concern: str) -> By | None:
        """An order that ties the concern to others."""
        rows = (row for _, row in sorted(self.rows["must"].items()) if concern in row.values)
        return next((row.by for row in rows), None)

    def bars(self, concern: str) -> dict[str, By]:
        """The themes that the concern was taken out of, and by whose order."""
        return self._derived.barred.get(concern, {})

    def partners(self, unit: Iterable[str]) -> dict[str, By]:
        """The concerns that must not be in a theme with any of these, and by whose order."""
        unit = tuple(unit)
        return {other: by for one in unit for other, by in self._derived.partners.get(one, {}).items()}

    def home(self, unit: Iterable[str]) -> tuple[str, By] | None:
        """Where a person put one of these, and by which order; the lowest id where several were."""
        rows = ((one, self.get("placed", one)) for one in sorted(unit))
        return next(((row.values[0], row.by) for _, row in rows if row is not None), None)

    def forbidden(self, unit: Iterable[str], places: Places) -> dict[str, By]:
        """The themes, by what they are read as, that none of these may be in, and by whose order."""
        unit = tuple(unit)
        found = {
            root: by
            for other, by in self.partners(unit).items()
            if (root := places.theme_of(other)) is not None
        }
        for one in unit:
            for theme, by in self.bars(one).items():
                found[places.resolve(theme)] = by
        return found

    # -- themes ----------------------------------------------------------------------------------------

    def is_guarded(self, root: str) -> bool:
        """Whether merges and splits of the theme are proposed and not done."""
        kinds: tuple[Kind, ...] = ("pinned", "name", "muted")
        return self.suggests or any(root in self.rows[kind] for kind in kinds)

    def keeps_whole(self, root: str, places: Places) -> bool:
        """Whether nothing of the theme may be split off, nor that be proposed: people made it what it is."""
        return root in self.rows["whole"] or any(places.resolve(one) == root for one in self.rows["together"])

    @property
    def suggests(self) -> bool:
        """Whether all merges and splits of the tenant are proposed and not done."""
        row = self.get("autonomy", "")
        return row is not None and row.values == ("suggest",)

    def parted(self, one: str, other: str, places: Places) -> By | None:
        """The order because of which two themes must not become one; None if there is none."""
        both = {one, other}
        for _, (by, themes) in sorted(self.rows["apart"].items()):
            if {places.resolve(theme) for theme in themes} == both:
                return by
        for _, (by, (concern, theme)) in sorted(self.rows["barred"].items()):
            if {places.theme_of(concern), places.resolve(theme)} == both:
                return by
        for _, (by, concerns) in sorted(self.rows["cannot"].items()):
            if both <= {places.theme_of(concern) for concern in concerns}:
                return by
        return None

"""Queries in SOQL: a keyset over (SystemModstamp, Id), which ties cannot break, and look-ups by id.

What goes in is checked before: names by ``options.ApiName``, ids by ``is_id``, times are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from connectors.vendors.port import Json
from connectors.vendors.values import dig, iso, moment

_ID: Final = re.compile(r"^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$")
# Ids in one look-up, so that its address stays below the 16,000 characters that are taken.
IDS: Final = 300

Place = tuple[str, str]
"""A row's SystemModstamp, of one length and in UTC, and its id."""


def is_id(value: Json) -> bool:
    """Whether it has the form of an id, and so may stand in a query."""
    return isinstance(value, str) and bool(_ID.match(value))


def place_of(row: Json, stamp: str = "SystemModstamp") -> Place | None:
    """Where a row stands in the order of changes; None for what is no row."""
    at, name = moment(dig(row, stamp)), dig(row, "Id")
    return (iso(at), name) if at is not None and is_id(name) else None


def after(
    name: str,
    fields: Sequence[str],
    place: Place,
    before: datetime,
    limit: int,
    stamp: str = "SystemModstamp",
) -> str:
    """Rows beyond ``place`` that changed before ``before``, in order."""
    at, last = place
    tie = f"({stamp} = {at} AND Id > '{last}') OR " if last else ""
    sign = ">" if last else ">="
    return (
        f"SELECT {', '.join(fields)} FROM {name} WHERE ({tie}{stamp} {sign} {at}) AND {stamp} < {iso(before)} "  # noqa: S608
        f"ORDER BY {stamp}, Id LIMIT {limit}"
    )


def by_ids(name: str, fields: Sequence[str], key: str, ids: Iterable[str], also: str = "") -> Iterator[str]:
    """Queries that together find the rows whose ``key`` is one of ``ids``."""
    wanted = sorted({one for one in ids if is_id(one)})
    for start in range(0, len(wanted), IDS):
        listed = ", ".join(f"'{one}'" for one in wanted[start : start + IDS])
        yield f"SELECT {', '.join(fields)} FROM {name} WHERE {key} IN ({listed}){also}"  # noqa: S608

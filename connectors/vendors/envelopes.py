"""Open what a vendor answered: the list that an answer is about, and records of which one may be bad."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.vendors.errors import VendorAway, VendorGarbled
from connectors.vendors.http import Answer
from connectors.vendors.port import Json, Taken, Unreadable
from connectors.vendors.values import rows_at
from connectors.vendors.wire import write_json

MOST_REPEATS = 10
"""Pages in a row that were asked for before: some may be the vendor's own retries, so many are a circle."""


def object_in(answer: Answer) -> Mapping[str, Any]:
    """The answer as an object. Raises ``VendorGarbled``."""
    told = answer.json()
    if not isinstance(told, Mapping):
        raise VendorGarbled("the vendor answered with something else than an object")
    return told


def rows_in(told: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """The objects of the list called ``name``. Raises ``VendorGarbled`` where there is no such list."""
    return [row for row in rows_at(told, name) if isinstance(row, Mapping)]


def read_or_put_aside(record_id: str, told: Json, read: Callable[[Json], Sequence[Taken]]) -> Sequence[Taken]:
    """What ``read`` makes of a record, or the record as it came: one bad record must not hold up a stream."""
    try:
        return read(told)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as exc:
        return [Unreadable(record_id, write_json(told), type(exc).__name__)]


class Turnstile:
    """Lets each page of a walk through once, and notices a walk that goes round in circles."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._seen: set[str] = set()
        self._repeats = 0

    def turn(self, token: str) -> None:
        """The page at ``token`` is asked for next. Raises ``VendorAway`` for a circle."""
        self._repeats = self._repeats + 1 if token in self._seen else 0
        self._seen.add(token)
        if self._repeats >= MOST_REPEATS:
            raise VendorAway(f"{self._vendor} sends the same pages again and again; tried again later")

"""What a stage's logic is: plain classes, engine-free.

Law, property-tested for every step: ``on_records(a + b) == on_records(a) + on_records(b)``.
Nothing in a step reads a clock, a random source, or the order of a hash table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from contracts.envelope import Envelope, Out
from operators.state import BulkState, Table, Tables


class Step(Protocol):
    """One stage's logic for one journal partition.

    ``tables`` is the bulk state, which the host writes to the state log; ``snapshot`` returns the
    small rest as JSON-able data. Neither holds text.
    """

    tables: Mapping[str, Table[Any]]

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """What these records, in this order, lead to."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """The small state, as a copy."""
        ...

    def restore(self, small: Mapping[str, Any]) -> None:
        """Take up the small state; the tables are loaded before this is called."""
        ...


@runtime_checkable
class HoldsBulk(Protocol):
    """A step part of whose bulk state lives in a model and not in its tables."""

    def bulk(self) -> BulkState:
        """That part; its table names differ from those in ``Step.tables``."""
        ...


def bulk_of(step: Step) -> BulkState:
    """All bulk state of a step: its tables and, if it ``HoldsBulk``, its model's."""
    return Tables(step.tables, step.bulk() if isinstance(step, HoldsBulk) else None)

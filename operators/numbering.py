"""Ids of a stage's outputs: the journal record that caused them, the stage, and a running number.

One cause can reach a stage as several records and in several batches, so the count goes on for as long as
the cause stays the same; it is part of the stage's snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.envelope import Envelope
from contracts.identity import cause_of, output_id


class Numbering:
    """Hands out the ids of one stage's outputs.

    >>> ids = Numbering("intake")
    >>> ids.after_cause("0-7"), ids.after_cause("0-7"), ids.after_cause("0-8")
    ('0-7-intake-0', '0-7-intake-1', '0-8-intake-0')
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._cause = ""
        self._next = 0
        self._record = self._record_cause = ""

    def after(self, record: Envelope) -> str:
        """The next output id on account of ``record``."""
        if record.id != self._record:  # of one record come several outputs, one after the other
            self._record, self._record_cause = record.id, cause_of(record.id)
        return self.after_cause(self._record_cause)

    def after_cause(self, cause: str) -> str:
        """The next output id on account of the journal record ``cause``."""
        if cause != self._cause:
            self._cause, self._next = cause, 0
        number = self._next
        self._next += 1
        return output_id(cause, self._stage, number)

    def header(self, cause: Envelope, tenant: str | None = None) -> dict[str, Any]:
        """What an output has of ``cause``, with the next id; ``tenant`` where it is told of another's."""
        return {
            "id": self.after(cause),
            "tenant": cause.tenant if tenant is None else tenant,
            "ingested_at": cause.ingested_at,
            "trace": cause.trace,
        }

    def snapshot(self) -> dict[str, Any]:
        """The last cause and its count."""
        return {"cause": self._cause, "next": self._next}

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped."""
        self._cause, self._next = small["cause"], small["next"]

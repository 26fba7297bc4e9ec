"""Where the first poll of a connection begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time


def start_of(start: date | None, otherwise: datetime) -> datetime:
    """The first moment of the day ``start`` in UTC, or ``otherwise`` where the connection names none."""
    return otherwise if start is None else datetime.combine(start, time(), UTC)

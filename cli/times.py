"""Times as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from contracts.errors import WrongUsage

_AGE = re.compile(r"(\d+)\s*([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def time_of(told: str, option: str, now: datetime) -> datetime:
    """The moment, in UTC, of a time with its zone, a day (its first moment in UTC), or an age before ``now``.

    ``option`` is what the person wrote it for, such as ``--since``. Raises ``WrongUsage``.

    >>> time_of("36h", "--since", datetime(2026, 3, 2, tzinfo=UTC)).isoformat()
    '2026-02-28T12:00:00+00:00'
    """
    told = told.strip()
    try:
        if age := _AGE.fullmatch(told):
            return now - int(age[1]) * _UNITS[age[2]]
        at = datetime.fromisoformat(told)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUsage(
            f"{option} {told}: write a time as 2026-01-31T12:00:00Z, a day as 2026-01-31, or an age as 90m, 36h or 7d"
        ) from None
    if not _DAY.fullmatch(told):
        raise WrongUsage(f"{option} {told}: which zone? Say {told}Z for UTC")
    return at.replace(tzinfo=UTC)

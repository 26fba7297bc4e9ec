"""Whole seconds since 1970 as times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

# A journal may say that something happened at either end of the calendar; a window around it ends behind that, and so
# does the last second, which floating point rounds up.
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)
_FIRST_S, _LAST_S = int(_FIRST.timestamp()), int(_LAST.timestamp())


@lru_cache(maxsize=8192)
def moment(seconds: int) -> datetime:
    """Whole seconds since 1970 as a time in UTC; what lies outside of the years 1 to 9999 as their nearest end.

    >>> moment(0).isoformat(), moment(10**12).year, moment(-(10**12)).year
    ('1970-01-01T00:00:00+00:00', 9999, 1)
    """
    if _FIRST_S < seconds < _LAST_S:
        return datetime.fromtimestamp(seconds, UTC)
    return _FIRST if seconds <= _FIRST_S else _LAST

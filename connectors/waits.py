"""How long a server asks its caller to wait, from the headers of its answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the headers tell, None where they do not: milliseconds, seconds, or a date.

    A date is held against the answer's own ``Date``, so that no clock of ours matters. Header names in lower case,
    or a mapping that does not care.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait_s = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        if math.isfinite(wait_s):
            return max(0.0, wait_s)
    try:
        then, now = (parsedate_to_datetime(headers[name]) for name in ("retry-after", "date"))
        return max(0.0, (then - now).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None

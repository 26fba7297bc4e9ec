"""Salesforce's daily quota: what it says with every answer, and how it says that nothing is left."""

from __future__ import annotations

import re
from typing import Final

from connectors.vendors.errors import VendorGarbled
from connectors.vendors.http import Answer
from connectors.vendors.port import Json
from connectors.vendors.values import dig

# The day rolls: what was used up comes back bit by bit.
PAUSE_S: Final = 900.0
# Statuses that pass by themselves, as clients in use have met them.
PASSING: Final = {406: 5.0, 420: 30.0}

_USAGE = re.compile(r"(?:^|[\s;])api-usage=(\d+)/(\d+)")


def usage(header: str) -> tuple[int, int] | None:
    """Calls used and allowed in 24 hours, from ``api-usage=25/15000; per-app-api-usage=…``."""
    found = _USAGE.search(header)
    return (int(found[1]), int(found[2])) if found else None


def error_codes(answer: Answer) -> frozenset[str]:
    """The codes of an error: a list of objects, or one object; of a page of HTML there are none."""
    try:
        told: Json = answer.json()
    except VendorGarbled:
        return frozenset()
    return frozenset(str(dig(one, "errorCode")) for one in (told if isinstance(told, list) else [told]))


def pause_s(answer: Answer, leave_percent: int) -> float | None:
    """Seconds to ask nothing more: the quota is used up, or as much of it as is ours."""
    if answer.status in PASSING:
        return PASSING[answer.status]
    if answer.status == 403:
        return PAUSE_S if "REQUEST_LIMIT_EXCEEDED" in error_codes(answer) else None
    used = usage(answer.headers.get("sforce-limit-info", "")) if answer.status == 200 else None
    return PAUSE_S if used and used[0] * 100 >= used[1] * (100 - leave_percent) else None

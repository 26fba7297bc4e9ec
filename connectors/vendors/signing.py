"""What checks of webhook signatures have in common: constant time, two live secrets, a window where time is stamped."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.vendors.port import Connection, Request, SignatureRefused
from connectors.vendors.wire import read_json

AHEAD_S = 300.0
"""How far a vendor's clock may be ahead of ours."""

MOST_ID_CHARS = 200
"""The longest id of a delivery that is kept as it is; a longer one is kept as its digest."""


def believe(connection: Connection, told: str, signature: Callable[[bytes], str]) -> None:
    """Check what a header told against what each live secret makes. Raises ``SignatureRefused``."""
    given = told.encode("utf-8", "surrogateescape")
    # All secrets are tried whatever the first says, so that time tells nothing of which one matched.
    fits = [hmac.compare_digest(signature(secret).encode(), given) for secret in connection.signing_secrets()]
    if not any(fits):
        raise SignatureRefused("mismatch")


def needed(request: Request, name: str) -> str:
    """A header that has to be there. Raises ``SignatureRefused``."""
    value = request.headers.get(name)
    if not value:
        raise SignatureRefused("missing")
    return value


def within(stamped: datetime, now: datetime, window_s: float) -> None:
    """Refuse what is older than ``window_s`` seconds, or of the future. Raises ``SignatureRefused``."""
    if now - stamped > timedelta(seconds=window_s):
        raise SignatureRefused("stale")
    if stamped - now > timedelta(seconds=AHEAD_S):
        raise SignatureRefused("future")


def delivery_id(body: bytes, field: str) -> str:
    """The id that a delivery says it has in ``field``; where it says none, the digest of its body."""
    try:
        told = read_json(body)
    except ValueError:
        told = None
    said = told.get(field) if isinstance(told, dict) else None
    if isinstance(said, str | int) and 0 < len(str(said)) <= MOST_ID_CHARS:
        return str(said)
    return hashlib.sha256(body).hexdigest()

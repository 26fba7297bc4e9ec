"""What Linear's answers mean: its errors come with status 200 or 400 and are told by their ``extensions``."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from connectors.outgoing import Gone, Heard, Limited, Refused, Unauthorised, Unsure

LIMITED_S = 60.0
"""How long to wait where Linear limits us and does not say until when."""


class Conflict(Refused):
    """What was to be made with an id of ours is there already."""


class NotOffered(Refused):
    """The workspace's plan has no such feature."""


class Unknown(Gone):
    """Linear knows nothing with this id."""


def authorization(token: str, scheme: str) -> str:
    """A personal key goes as it is, OAuth's token with Bearer; ``auto`` tells them by the prefix of keys."""
    is_key = scheme == "key" or (scheme == "auto" and token.startswith("lin_api_"))
    return token if is_key else f"Bearer {token}"


def answered(heard: Heard, now: datetime, who: str) -> dict[str, Any]:
    """The data of an answer. Raises what its errors say, whatever its status."""
    said = heard.json()
    errors = said.get("errors") if isinstance(said, dict) else None
    if errors:
        _raise(errors, heard, now, who)
    if heard.status in (401, 403):
        raise Unauthorised(f"{who}: {heard.status}; check its token file")
    if heard.status == 429:
        raise Limited(f"{who}: asks for less", retry_after_s=_wait_s(heard, now))
    if heard.status >= 500 or (heard.status == 200 and not isinstance(said, dict)):
        raise Unsure(f"{who}: status {heard.status}", retry_after_s=heard.waits_s(0.0))
    if heard.status != 200 or not isinstance(said, dict) or not isinstance(said.get("data"), dict):
        raise Refused(f"{who}: status {heard.status}", reason="refused")
    data: dict[str, Any] = said["data"]
    return data


def _raise(errors: Any, heard: Heard, now: datetime, who: str) -> None:
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    extensions = first.get("extensions") or {}
    code, message = str(extensions.get("code", "")), str(first.get("message", ""))
    shown = str(extensions.get("userPresentableMessage", ""))
    lower = f"{message} {shown}".lower()
    if code == "RATELIMITED":
        raise Limited(f"{who}: asks for less", retry_after_s=_wait_s(heard, now))
    if code == "AUTHENTICATION_ERROR" or heard.status == 401:
        raise Unauthorised(f"{who}: {code or heard.status}; check its token file")
    if "conflict on insert" in lower or "already exists" in lower:
        raise Conflict(f"{who}: it is there already", reason="conflict")
    if "feature not accessible" in lower or code == "FEATURE_NOT_ACCESSIBLE":
        raise NotOffered(f"{who}: not in its plan", reason="not_offered")
    if "entity not found" in lower or code == "ENTITY_NOT_FOUND":
        raise Unknown
    if heard.status >= 500 or code == "INTERNAL_SERVER_ERROR":
        raise Unsure(f"{who}: {code or heard.status}", retry_after_s=heard.waits_s(0.0))
    raise Refused(f"{who}: {code or 'refused'}", reason="refused")


def _wait_s(heard: Heard, now: datetime) -> float:
    """``Retry-After``, else until the window of requests ends (milliseconds since 1970)."""
    try:
        left = float(heard.headers["x-ratelimit-requests-reset"]) / 1000 - now.timestamp()
    except (KeyError, ValueError):
        left = LIMITED_S
    if math.isnan(left):  # "nan" is a number to Python, and no wait
        left = LIMITED_S
    return heard.waits_s(min(max(left, 1.0), 3600.0))

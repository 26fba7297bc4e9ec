"""What vendors write, read the same way everywhere: times, paths into JSON, ratings, options of a connection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from connectors.vendors.errors import VendorGarbled
from connectors.vendors.port import Connection, Json
from connectors.vendors.wire import write_json
from contracts.errors import WrongUsage
from contracts.unfit import first_unfit

# Epoch seconds of the year 5138; what is larger counts milliseconds.
_LAST_SECOND = 100_000_000_000
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class Options(BaseModel):
    """Options of a connection: an unknown one is a mistake, because a misspelt option would do nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow_private_hosts: tuple[str, ...] = ()


Told = TypeVar("Told", bound=Options)


def options_of(connection: Connection, shape: type[Told]) -> Told:
    """The options of a connection, checked. Raises ``WrongUsage`` naming connection and option."""
    try:
        return shape.model_validate(dict(connection.options))
    except ValidationError as exc:
        raise WrongUsage(
            f"connection {connection.name}: options: {first_unfit(exc).told('options')}"
        ) from None


def dig(value: Json, path: str) -> Json:
    """What stands at ``a.b.0.c``; None where there is no such place. An empty path is the value itself."""
    for step in filter(None, path.split(".")):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def rows_at(payload: Json, path: str) -> list[Json]:
    """The list at ``path``. Raises ``VendorGarbled``: an answer of another shape is not an empty one."""
    rows = dig(payload, path)
    if not isinstance(rows, list):
        raise VendorGarbled(f"the vendor answered without a list at {path or 'the top'}")
    return rows


def said(value: Json) -> str | None:
    """A text or number as text; None for what is empty or neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) if str(value).strip() else None


def moment(value: Json) -> datetime | None:
    """A time in UTC from ISO 8601 (with ``Z``, an offset, or none: UTC), epoch seconds or milliseconds.

    Also as mail and feeds write it (RFC 2822). Eight digits of a text are a date.
    """
    text = str(value).strip()
    try:
        if isinstance(value, int | float) or (_NUMBER.fullmatch(text) and len(text) != len("20260131")):
            number = float(value)
            return datetime.fromtimestamp(number / 1000 if abs(number) >= _LAST_SECOND else number, UTC)
        read = _written(text.removesuffix(" UTC"))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None


def _written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def iso(at: datetime) -> str:
    """UTC with milliseconds, all of one length, so that they sort as texts: ``2026-01-08T10:00:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(value: Json) -> str | None:
    """``moment`` as ISO 8601 with what precision it has."""
    at = moment(value)
    return None if at is None else at.isoformat()


def rating_of(value: Json, scale: float) -> float | None:
    """Stars of a scale that ends at ``scale`` as 1 to 5; None for what is no number or outside of the scale."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        stars = float(value)
    except ValueError:
        return None
    return max(1.0, round(stars * 5 / scale, 3)) if 0 <= stars <= scale else None


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}


def _start(value: Any) -> datetime:
    found = moment(value.isoformat() if isinstance(value, date) else value)
    if found is None:
        raise ValueError("a date or a time in ISO 8601, say 2024-01-31")
    return found


Start = Annotated[datetime, BeforeValidator(_start)]
"""Where history begins: a date (midnight UTC) or a time, as YAML or ISO 8601 has it."""


# How far back a first poll reads where nobody said: history is a command of its own.
FIRST = timedelta(days=1)


def begun(start: datetime | None, now: datetime) -> datetime:
    """Where a first poll begins: the option ``start``, else a day back."""
    return start or now - FIRST


def fingerprint(value: Json) -> str:
    """A short digest of what a vendor sent, to notice that it changed."""
    return hashlib.sha256(write_json(value, ordered=True)).hexdigest()[:16]


def next_link(url: Json, base: str) -> str | None:
    """Where a page says that the next one is, absolute; None where there is none.

    Raises ``VendorGarbled`` for another host than ``base``: our secrets do not travel there.
    """
    if not isinstance(url, str) or not url:
        return None
    there = httpx.URL(base).join(url)
    if (there.scheme, there.host, there.port) != (
        httpx.URL(base).scheme,
        httpx.URL(base).host,
        httpx.URL(base).port,
    ):
        raise VendorGarbled("the next page is said to be at another host; secrets do not travel there")
    return str(there)

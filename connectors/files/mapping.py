"""Which column of a file is which field of a feedback body: ``text=comment,rating=stars``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.errors import WrongUsage
from contracts.feedback import FeedbackBody

FIELDS: tuple[str, ...] = (
    "source",
    "source_record_id",
    *(name for name in FeedbackBody.model_fields if name != "context"),
)
"""Fields that a column can be mapped to; what was said around it is no column."""

# Column names that need no mapping when a file has them, besides the field names themselves.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "source_record_id": ("id", "record_id", "ticket_id", "review_id"),
    "text": ("body", "comment", "message", "review", "feedback", "content"),
    "rating": ("stars",),
    "created_at": ("date", "timestamp", "ts", "created", "time"),
    "source_updated_at": ("updated_at",),
    "author": ("user", "user_id", "email"),
    "account": ("company", "organization", "account_id"),
    "source_url": ("url", "link"),
}

_TIMES = ("created_at", "source_updated_at")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A row in our words: the source and id it names, and the body as JSON-able data."""

    source: str | None
    source_record_id: str | None
    body: dict[str, Any]


def parse_mapping(text: str | None, columns: Sequence[str]) -> dict[str, str]:
    """Field to column, from ``--map`` and from columns that bear a field's name.

    Raises ``WrongUsage`` naming the unknown field or column, one that is mapped and is there twice, or when nothing is
    mapped to ``text``.
    """
    chosen: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in (text or "").split(","))):
        field, sign, column = (part.strip() for part in pair.partition("="))
        if not sign or field not in FIELDS:
            raise WrongUsage(f"--map {pair}: write field=column with a field of: {', '.join(FIELDS)}")
        if column not in columns:
            raise WrongUsage(f"--map {pair}: no column {column!r}; the file has: {', '.join(columns)}")
        chosen[field] = column
    lowered = {column.lower(): column for column in reversed(columns)}
    for field in FIELDS:
        for name in (field, *SYNONYMS.get(field, ())):
            if field not in chosen and name in lowered and lowered[name] not in chosen.values():
                chosen[field] = lowered[name]
    if "text" not in chosen:
        raise WrongUsage(f"no column is the text; say --map text=COLUMN with one of: {', '.join(columns)}")
    twice = [column for column in chosen.values() if columns.count(column) > 1]
    if twice:  # the last one would count, and nobody would miss what the others say
        raise WrongUsage(f"two columns are called {twice[0]!r}: rename those that are not meant")
    return chosen


def map_row(fields: Mapping[str, Any], mapping: Mapping[str, str]) -> Mapped:
    """One row in our words; values are left for the contract to judge, times brought to ISO 8601."""
    named = {field: fields.get(column) for field, column in mapping.items()}
    source, record_id = named.pop("source", None), named.pop("source_record_id", None)
    body = {field: _value(field, value) for field, value in named.items() if value is not None}
    return Mapped(_text(source), _text(record_id), body)


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _value(field: str, value: Any) -> Any:
    if field in _TIMES:
        return iso(value)
    if isinstance(value, str) and field != "text":
        return value.strip() or None
    if isinstance(value, int | float) and field not in ("rating", "mrr"):
        return str(value)  # ids that look like numbers
    return value


def iso(value: Any) -> Any:
    """ISO 8601 from what exports hold: a zone where none is given is UTC; Unix seconds and milliseconds."""
    text = str(value).strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) != len("20260131"):
        seconds = float(text)
        seconds = seconds / 1000 if seconds > 1e11 else seconds
        return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds < 1e11 else text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()

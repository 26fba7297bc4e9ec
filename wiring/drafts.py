"""A row of a file on its way to a delivery: its source and id, its moments, its body.

In:    a row or what could not be read as one, and which column is which field.   Out: a ``Draft``.
A date that cannot be right is no date: a wrong century would bring a million ticks with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from connectors.files.mapping import Mapped, map_row
from connectors.files.reader import BadRow, Row
from contracts.feedback import MAX_SOURCE_CHARS
from operators.intake.facts import is_address

# A date outside of these cannot be right: exports write 1900 or 1970 for "none", and 9999 for "never".
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)

Digest = Callable[[bytes], str]
MakeId = Callable[[Mapped], str]
"""The id of a row that has none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row on its way to an arrival; ``at`` and ``happened_at`` are None where the row does not tell.

    ``author``: whose row it is, where it has no body and says so all the same.
    """

    at: datetime | None
    happened_at: datetime | None
    source: str | None
    record_id: str
    body: dict[str, Any] | None
    line: int
    raw: bytes = b""
    unreadable: str | None = None
    author: str | None = None

    @property
    def said_by(self) -> str | None:
        """The author's own name at the source; None where it is not known."""
        told = self.author if self.body is None else self.body.get("author")
        return str(told) if told else None


def source_name(path: Path) -> str:
    """The source of rows that name none: the file's name without its endings, unless it holds somebody's address."""
    name = path.name.split(".")[0][:MAX_SOURCE_CHARS]
    return "file" if not name or is_address(path.name) else name


def draft_of(row: Row | BadRow, mapping: Mapping[str, str], make_id: MakeId, loaded_at: datetime) -> Draft:
    """The draft of one row; one without any date happened at ``loaded_at``."""
    if isinstance(row, BadRow):
        return _unreadable(row.line, row.raw, row.reason)
    mapped = map_row(row.fields, mapping)
    if mapped.source and len(mapped.source) > MAX_SOURCE_CHARS:
        reason = f"source: longer than {MAX_SOURCE_CHARS} characters"
        draft = _unreadable(row.line, orjson.dumps(dict(row.fields)), reason)
        author = mapped.body.get("author")
        return replace(draft, author=str(author) if author else None)
    dates = mapped.body.get("created_at"), mapped.body.get("source_updated_at")
    happened, changed = (_moment(date, loaded_at) for date in dates)
    at = changed or happened or (None if any(dates) else loaded_at)
    record_id = mapped.source_record_id or make_id(mapped)
    # Sources are told in the clear.
    source = None if mapped.source and is_address(mapped.source) else mapped.source
    return Draft(at, happened, source, record_id, mapped.body, row.line)


def _unreadable(line: int, raw: bytes, reason: str) -> Draft:
    return Draft(None, None, None, f"line {line}", None, line, raw, reason)


def digest_of(mapped: Mapped, digest: Digest) -> str:
    """An HMAC of the mapped fields."""
    return digest(orjson.dumps(mapped.body, option=orjson.OPT_SORT_KEYS))


class Numbered:
    """Ids for rows without one: an HMAC of the fields plus an occurrence number; the same row twice is two records."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._occurrences: Counter[str] = Counter()

    def __call__(self, mapped: Mapped) -> str:
        """The id of the next row."""
        made = digest_of(mapped, self._digest)
        self._occurrences[made] += 1
        return f"{made}-{self._occurrences[made]}"


def can_be_right(moment: datetime, now: datetime) -> bool:
    """Whether something that came ``now`` can have happened at this moment."""
    return EARLIEST <= moment <= now + AHEAD


def _moment(value: object, loaded_at: datetime) -> datetime | None:
    """The moment if it is one and can be right."""
    try:
        moment = datetime.fromisoformat(str(value)) if value else None
        moment = moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and can_be_right(moment, loaded_at) else None

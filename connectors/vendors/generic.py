"""Any source that answers JSON over HTTP, by configuration alone: where records are, which field is what, how it pages.

Read from an overlap before the newest change that was seen; the cursor moves page by page where the source promises
``ascending`` order, else once a whole walk is done. ``social`` is the same under the name of a source of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog
from pydantic import Field, field_validator, model_validator

from connectors.vendors.envelopes import Turnstile
from connectors.vendors.http import VendorHttp
from connectors.vendors.polled import Polled
from connectors.vendors.port import Connection, Cursor, Gone, Json, Page, Taken, Unreadable, Utterance
from connectors.vendors.values import (
    Options,
    Start,
    begun,
    dig,
    fingerprint,
    iso,
    iso_or_none,
    moment,
    next_link,
    options_of,
    rating_of,
    rows_at,
    said,
)
from connectors.vendors.values import without_none as known
from connectors.vendors.walks import Walk
from connectors.vendors.wire import write_json
from contracts.feedback import FeedbackBody

log = structlog.get_logger()

_TIMES: Final = ("created_at", "source_updated_at")
_NOT_MAPPED: Final = ("context", "rating_scale", "second_hand")
FIELDS: Final = ("id", *(name for name in FeedbackBody.model_fields if name not in _NOT_MAPPED))
"""What a connection's ``fields`` may name."""

_PLACE: Final = re.compile(r"\{([a-z0-9][a-z0-9._-]*)\}")


class Since(Options):
    """How ``{since}`` is written, and how much before the newest change is read again (seconds)."""

    format: Literal["iso", "epoch_s", "epoch_ms"] = "iso"
    overlap_s: int = Field(default=3600, ge=0)


class Pages(Options):
    """``number`` and ``offset`` count in ``param``; a ``token`` is found at ``next`` and sent as ``param``; a
    ``link`` is an address at ``next``. ``size`` is sent as ``size_param``; a page with
    fewer records is then the last.
    """

    style: Literal["none", "number", "offset", "token", "link"] = "none"
    param: str = "page"
    first: int = 1
    size_param: str | None = None
    size: int = Field(default=100, ge=1)
    next: str = ""


class Deleted(Options):
    """A record is deleted where ``path`` holds one of ``values``."""

    path: str
    values: tuple[Any, ...] = (True,)


class GenericOptions(Options):
    """``params`` and ``headers`` may say ``{since}`` and the name of any credential, such as ``Bearer {token}``.

    ``records`` is the path of the list in an answer, ``fields`` ours to the path in a record (``id`` and ``text`` at
    least), ``constants`` are the same for every record. ``rating_scale`` is where the source's ratings end.
    """

    url: str = Field(pattern=r"^https?://")
    params: Mapping[str, str] = Field(default_factory=dict)
    headers: Mapping[str, str] = Field(default_factory=dict)
    records: str = ""
    fields: Mapping[str, str]
    constants: Mapping[str, str] = Field(default_factory=dict)
    since: Since = Since()
    pages: Pages = Pages()
    deleted: Deleted | None = None
    ascending: bool = False
    rating_scale: float = Field(default=5.0, gt=0)
    start: Start | None = None
    every_s: float = Field(default=0.0, ge=0)

    @field_validator("fields", "constants")
    @classmethod
    def _are_ours(cls, told: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := sorted(set(told) - set(FIELDS)):
            raise ValueError(f"unknown: {', '.join(unknown)}; there are: {', '.join(FIELDS)}")
        return told

    @model_validator(mode="after")
    def _enough(self) -> GenericOptions:
        if not {"id", "text"} <= set(self.fields):
            raise ValueError("fields needs id and text")
        if self.pages.style in ("token", "link") and not self.pages.next:
            raise ValueError(
                f"pages of style {self.pages.style} need next, the path where the next one is said"
            )
        return self


class Generic(Polled):
    """``port.Vendor`` for what is configured; ``name`` is the source that its feedback is of."""

    streams: Sequence[str] = ("records",)

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, connection: Connection) -> None:
        """Options, and every credential that they name."""
        options = options_of(connection, GenericOptions)
        _filled(options.headers, connection, "")
        _filled(options.params, connection, "")

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """One walk from before the newest change; a change in the future does not move the cursor beyond ``now``."""
        options = options_of(connection, GenericOptions)
        reached = moment(since.state["through"]) if since else None
        newest = reached or begun(options.start, now)
        begin = newest - timedelta(seconds=options.since.overlap_s if reached else 0)
        walk, unread = Walk(connection.name), 0
        async for rows in _pages(connection, options, http, begin):
            fresh = walk.fresh(rows, lambda row: str(dig(row, options.fields["id"])), fingerprint)
            if not fresh:
                # Whoever drains counts pages: empty ones that lead on for ever must come to an end, too.
                yield Page((), None, f"{walk.progress} records")
                continue
            times = (
                moment(_raw(row, "source_updated_at", options)) or _created(row, options) for row in fresh
            )
            newest = max((newest, *(at for at in times if at is not None and at <= now)))
            unread += sum(_tells_no_time(row, options) for row in fresh)
            yield Page(
                [taken_of(row, options, now) for row in fresh],
                _cursor(newest) if options.ascending else None,
                f"{walk.progress} records",
            )
        if unread:
            log.warning("generic_times_unreadable", connection=connection.name, records=unread)
        yield Page((), _cursor(newest), f"until {iso(newest)}")


def _cursor(newest: datetime) -> Cursor:
    through = iso(newest)
    return Cursor({"through": through}, (through,))


async def _pages(
    connection: Connection, options: GenericOptions, http: VendorHttp, begin: datetime
) -> AsyncIterator[list[Json]]:
    """The records of page after page."""
    since, style = _since(begin, options.since), options.pages.style
    asked: dict[str, str] = _filled(options.params, connection, since)
    headers = _filled(options.headers, connection, since)
    if options.pages.size_param:
        asked[options.pages.size_param] = str(options.pages.size)
    url: str | None = options.url
    count, token = options.pages.first, None
    turnstile = Turnstile(connection.name)
    while url:
        here = asked | _paged(options.pages, count, token)
        turnstile.turn(f"{url} {here}")
        told = await http.request("GET", url, params=here or None, headers=headers, every_s=options.every_s)
        payload = told.json()
        rows = rows_at(payload, options.records)
        yield rows
        count += 1 if style == "number" else len(rows)
        following = dig(payload, options.pages.next) if options.pages.next else None
        if style == "link":
            url, asked = next_link(following, options.url), {}
        elif style == "token":
            token = said(following)
            url = options.url if token else None
        elif style == "none" or not rows or (options.pages.size_param and len(rows) < options.pages.size):
            url = None


def _paged(pages: Pages, count: int, token: str | None) -> dict[str, str]:
    if pages.style in ("number", "offset"):
        return {pages.param: str(count)}
    return {pages.param: token} if pages.style == "token" and token else {}


def _since(begin: datetime, since: Since) -> str:
    if since.format == "iso":
        return iso(begin)
    return str(int(begin.timestamp() * (1000 if since.format == "epoch_ms" else 1)))


def _filled(told: Mapping[str, str], connection: Connection, since: str) -> dict[str, str]:
    """``{since}`` and credentials put in."""

    def value(found: re.Match[str]) -> str:
        return since if found[1] == "since" else connection.credential(found[1])

    return {name: _PLACE.sub(value, text) for name, text in told.items()}


def taken_of(row: Json, options: GenericOptions, now: datetime) -> Taken:
    """One record, under its source's own id."""
    record = said(dig(row, options.fields["id"]))
    if record is None:
        return Unreadable("", write_json(row), f"a record without {options.fields['id']}")
    if options.deleted and dig(row, options.deleted.path) in options.deleted.values:
        return Gone(record, "deleted at its source")
    body = {name: _value(row, name, options) for name in FIELDS if name != "id"}
    if body["text"] is None:
        return Unreadable(record, write_json(row), f"a record without {options.fields['text']}")
    if body["rating"] is not None:
        body["rating_scale"] = options.rating_scale
    happened = _created(row, options) or moment(body["source_updated_at"]) or now
    return Utterance(record, known(body), happened)


def _created(row: Json, options: GenericOptions) -> datetime | None:
    return moment(_raw(row, "created_at", options))


def _tells_no_time(row: Json, options: GenericOptions) -> bool:
    """Whether a time of a record cannot be read: it counts as of now, and the cursor does not move."""
    return any((told := _raw(row, name, options)) and moment(told) is None for name in _TIMES)


def _raw(row: Json, name: str, options: GenericOptions) -> Json:
    return dig(row, options.fields[name]) if name in options.fields else options.constants.get(name)


def _value(row: Json, name: str, options: GenericOptions) -> Any:
    value = _raw(row, name, options)
    if name in _TIMES:
        return iso_or_none(value)
    if name == "rating":
        return rating_of(value, options.rating_scale)
    if name == "mrr":
        return (
            value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
        )
    return said(value)


VENDOR = Generic("generic")

"""Read the responses to each form from new to old, down to where the last poll began.

``before`` names a response and is exclusive, so what arrives meanwhile shifts nothing; ``since`` is inclusive and
``after`` of an undocumented order, so neither is used. A walk that is interrupted goes on where it was.

Cursor: for each form the newest response of the last whole walk, the tokens that were read since ``overlap_s`` before
it, and the walk under way. Its order counts the pages that were read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog

from connectors.vendors.envelopes import Turnstile, object_in, read_or_put_aside, rows_in
from connectors.vendors.errors import VendorAway, VendorLimited, VendorRefused
from connectors.vendors.http import Answer, VendorHttp
from connectors.vendors.port import Connection, Cursor, Json, Page, Taken
from connectors.vendors.typeform.mapping import Fields, fields_of, response, submitted, token_of
from connectors.vendors.typeform.options import TypeformOptions, headers_of, told_by

log = structlog.get_logger()

MOST_KNOWN = 5_000
"""Tokens that a cursor remembers of a form; what is forgotten is read again, and changes nothing."""

UNKNOWN = (403, 404)


@dataclass
class Place:
    """How far one form was read; seconds since 1970. ``before`` is None while no walk is under way."""

    high: float
    known: dict[str, float] = field(default_factory=dict)
    before: str | None = None
    floor: float = 0.0
    seen_high: float = 0.0

    @classmethod
    def of(cls, state: Mapping[str, Any] | None, start: float) -> Place:
        """As a cursor's state says."""
        return cls(start) if state is None else cls(**state)

    def state(self) -> dict[str, Any]:
        """For a cursor's state."""
        return {name: getattr(self, name) for name in ("high", "known", "before", "floor", "seen_high")}

    def begin(self, floor: float) -> None:
        """Begin a walk at the newest response."""
        self.before, self.floor, self.seen_high = "", floor, self.high

    def end(self, overlap_s: float) -> None:
        """The walk is whole."""
        self.high, self.before = self.seen_high, None
        newest = sorted(self.known.items(), key=lambda one: (one[1], one[0]))[-MOST_KNOWN:]
        self.known = {token: at for token, at in newest if at >= self.high - overlap_s}


@dataclass
class Desk:
    """One connection as one poll sees it."""

    connection: Connection
    http: VendorHttp
    options: TypeformOptions

    async def get(self, path: str, params: Mapping[str, str], accept: tuple[int, ...] = ()) -> Answer:
        """One answer of the API. Raises as ``VendorHttp.request``."""
        return await self.http.request(
            "GET",
            self.options.base + path,
            params=params,
            headers=headers_of(self.connection),
            accept=accept,
            every_s=self.options.every_s,
        )

    async def fields(self, form: str) -> Fields:
        """The questions of a form. Raises ``VendorRefused`` where the credential sees no such form."""
        answer = await self.get(f"/forms/{quote(form, safe='')}", {}, UNKNOWN)
        if answer.status in UNKNOWN:
            told = f"{self.connection.name}: the credential sees no form {form}; look at options.forms"
            raise VendorRefused(told, status=answer.status)
        return fields_of(object_in(answer))

    async def page(self, form: str, before: str) -> Mapping[str, Any] | None:
        """The responses before one, the newest first; None where that one is there no more."""
        params = {"page_size": str(self.options.page_size), "response_type": "completed"}
        more = {"before": before} if before else {}
        path = f"/forms/{quote(form, safe='')}/responses"
        answer = await self.get(path, params | more, (400,) if before else ())
        return None if answer.status == 400 else object_in(answer)


async def responses(
    connection: Connection, http: VendorHttp, since: Cursor | None, now: datetime
) -> AsyncIterator[Page]:
    """Every form in turn; one that fails stops no other.

    Raises at the end: ``VendorRefused`` where there is a form that cannot be seen, ``VendorAway`` where one is away.
    """
    options = told_by(connection)
    desk = Desk(connection, http, options)
    begin = options.start or now - timedelta(days=1)
    # Forms that are named no more keep their place: they may be named again.
    states: dict[str, Any] = dict(since.state) if since else {}
    count = int(since.order[0]) if since else 0
    failed: VendorAway | VendorRefused | None = None
    for form in options.forms:
        place = Place.of(states.get(form), begin.timestamp())
        try:
            async for records in _walked(desk, form, place, new=form not in states):
                states[form] = place.state()
                count += 1
                yield Page(records, Cursor(dict(states), (count,)), f"form {form}")
        except VendorLimited:
            raise
        except (VendorAway, VendorRefused) as exc:
            failed = exc
    if failed is not None:
        raise failed


async def _walked(desk: Desk, form: str, place: Place, *, new: bool) -> AsyncIterator[list[Taken]]:
    """One form's walk, or the rest of it; ``place`` moves along."""
    overlap_s, fields = desk.options.overlap_s, await desk.fields(form)
    if place.before is None:
        place.begin(place.high if new else place.high - overlap_s)
    turnstile = Turnstile("Typeform")
    while True:
        turnstile.turn(place.before or "")
        told = await desk.page(form, place.before or "")
        if told is None:
            log.info("typeform_walk_begun_anew", connection=desk.connection.name, form=form)
            place.before = ""
            continue
        rows = sorted(rows_in(told, "items"), key=_at)
        now_s = desk.http.now().timestamp()
        records = [one for row in rows for one in _fresh(form, row, place, fields, desk.options, now_s)]
        if not rows or _at(rows[0]) < place.floor:
            place.end(overlap_s)
            yield records
            return
        place.before = next((token for row in rows if (token := token_of(row))), "")
        yield records


def _fresh(
    form: str, row: Json, place: Place, fields: Fields, options: TypeformOptions, now_s: float
) -> list[Taken]:
    """A response that was not read yet, and is not older than the walk goes."""
    token, at = token_of(row) or "", _at(row)
    if token in place.known or at < place.floor:
        return []
    place.known[token] = min(at, now_s)
    # Of the future, or without a time: a place in the future would pass over everything until then.
    place.seen_high = max(place.seen_high, at if at <= now_s else 0.0)
    return list(read_or_put_aside(f"{form}:{token}", row, lambda one: response(form, one, fields, options)))


def _at(row: Json) -> float:
    """Seconds since 1970; a row without a time is the newest, so that it is put aside and not passed over."""
    at = submitted(row)
    return at.timestamp() if at else float("inf")

"""Read what changed at Zendesk: the incremental export names tickets, each one's comments are then fetched.

The export's cursor is opaque; its order is the ``generated_timestamp`` of the newest ticket, which also moves where
``updated_at`` does not. Going back to a start time would lose what changed meanwhile, so only the first poll has one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog

from connectors.vendors.envelopes import Turnstile, object_in, read_or_put_aside, rows_in
from connectors.vendors.errors import VendorAway, VendorGarbled, VendorRefused
from connectors.vendors.http import Answer, VendorHttp
from connectors.vendors.owed import Owed, is_of_the_connection
from connectors.vendors.port import Connection, Cursor, Json, Page, Taken
from connectors.vendors.values import dig, moment, said
from connectors.vendors.zendesk import mapping
from connectors.vendors.zendesk.options import ZendeskOptions, headers_of, quota, told_by

log = structlog.get_logger()

OLDEST_START_S = 120
"""The export refuses a start of the last minute."""

COMMENTS_PER_PAGE = 100


@dataclass
class Desk:
    """One account as one poll sees it; remembers the organizations that it asked for."""

    connection: Connection
    http: VendorHttp
    options: ZendeskOptions
    organizations: dict[str, Json] = field(default_factory=dict)

    async def get(
        self, path: str, params: Mapping[str, str], accept: Sequence[int] = (), *, export: bool = False
    ) -> Answer:
        """One answer of the API. Raises as ``VendorHttp.request``."""
        return await self.http.request(
            "GET",
            self.options.base + path,
            params=params,
            headers=headers_of(self.connection, self.options),
            limits=quota,
            accept=accept,
            every_s=60.0 / self.options.export_per_minute if export else 0.0,
            lane="export" if export else "",
        )

    async def known(self, number: str) -> Sequence[Taken] | None:
        """What is to be taken of a ticket as it is now; None where Zendesk knows it no more."""
        answer = await self.get(f"/api/v2/tickets/{quote(number, safe='')}.json", {}, accept=(404,))
        return None if answer.status == 404 else await self.ticket(dig(answer.json(), "ticket"))

    async def ticket(self, told: Json) -> Sequence[Taken]:
        """What is to be taken of a ticket, whose comments are asked for."""
        number = said(dig(told, "id"))
        if number is None:
            return read_or_put_aside("?", told, lambda one: [mapping.gone(mapping.number_of(one))])
        if mapping.is_deleted(told):
            return [mapping.gone(number)]
        comments, users = await self._comments(number)
        organization = await self._organization(said(dig(told, "organization_id")))
        return read_or_put_aside(
            number, told, lambda one: mapping.ticket(one, comments, users, organization, self.options)
        )

    async def _comments(self, number: str) -> tuple[list[Json], dict[str, Json]]:
        """All comments, the oldest first; none where the ticket was deleted meanwhile."""
        comments: list[Json] = []
        users: dict[str, Json] = {}
        after, turnstile = "", Turnstile("Zendesk")
        while True:
            turnstile.turn(after)
            params = {"page[size]": str(COMMENTS_PER_PAGE), "include": "users"}
            path = f"/api/v2/tickets/{quote(number, safe='')}/comments.json"
            answer = await self.get(path, params | ({"page[after]": after} if after else {}), accept=(404,))
            if answer.status == 404:
                return [], {}
            told = object_in(answer)
            comments += rows_in(told, "comments")
            for user in told.get("users") or ():
                users[said(dig(user, "id")) or ""] = user
            after = said(dig(told, "meta.after_cursor")) or ""
            if dig(told, "meta.has_more") is not True or not after:
                return comments, users

    async def _organization(self, number: str | None) -> Json:
        """What is known of an organization, if a field of it was asked for.

        None where it cannot be read, since the ticket can: one bad organization must not hold up all its tickets.
        """
        if number is None or not (self.options.tier_field or self.options.mrr_field):
            return None
        if number not in self.organizations:
            path = f"/api/v2/organizations/{quote(number, safe='')}.json"
            try:
                answer = await self.get(path, {}, accept=(404,))
                told = None if answer.status == 404 else dig(answer.json(), "organization")
            except (VendorAway, VendorRefused, VendorGarbled) as exc:
                if is_of_the_connection(exc):
                    raise
                log.warning("zendesk_organization_unread", organization=number, why=str(exc))
                told = None
            self.organizations[number] = told
        return self.organizations[number]


async def tickets(
    connection: Connection, http: VendorHttp, since: Cursor | None, now: datetime
) -> AsyncIterator[Page]:
    """Tickets that changed, a page of the export at a time, to its ``end_of_stream``."""
    desk = Desk(connection, http, told_by(connection))
    owed = Owed.of("Zendesk", since, http)

    async def known(http: VendorHttp, number: str) -> Sequence[Taken] | None:
        return await replace(desk, http=http).known(number)

    if since and len(owed):
        late = await owed.again(known)
        yield Page(late, Cursor({**since.state, **owed.state()}, since.order), owed=len(owed))
    high = int(since.order[0]) if since else 0
    after = str(since.state["after"]) if since else ""
    begin = min((desk.options.start or now - timedelta(days=1)), now - timedelta(seconds=OLDEST_START_S))
    turnstile, count = Turnstile("Zendesk"), 0
    while True:
        turnstile.turn(after)
        where = {"cursor": after} if after else {"start_time": str(int(begin.timestamp()))}
        params = {"per_page": str(desk.options.per_page), **where}
        told = object_in(await desk.get("/api/v2/incremental/tickets/cursor.json", params, export=True))
        rows = rows_in(told, "tickets")
        records = await _read(desk, owed, rows)
        count += len(rows)
        place = max(
            (at for row in rows if isinstance(at := row.get("generated_timestamp"), int)), default=high
        )
        # Beyond a place in the future no cursor would be saved.
        place = min(place, max(high, int(now.timestamp())))
        after = said(told.get("after_cursor")) or after
        # An old page that is sent again must not put the cursor back to what follows it.
        cursor = Cursor({"after": after, **owed.state()}, (place,)) if place >= high and after else None
        high = max(high, place)
        yield Page(records, cursor, f"{count:,} tickets", len(owed))
        if told.get("end_of_stream") is not False or not said(told.get("after_cursor")):
            return


async def _read(desk: Desk, owed: Owed, rows: Sequence[Mapping[str, Any]]) -> list[Taken]:
    """What a page of tickets says but for those that are owed from now on."""
    tickets = {said(row.get("id")): row for row in rows}
    unasked = [row for number, row in tickets.items() if number is None or mapping.is_deleted(row)]
    asked = {number: row for number, row in tickets.items() if number and not mapping.is_deleted(row)}

    async def read(http: VendorHttp, number: str) -> Sequence[Taken] | None:
        here = replace(desk, http=http)
        return await (here.ticket(asked[number]) if number in asked else here.known(number))

    gone = [one for row in unasked for one in await desk.ticket(row)]
    return [*gone, *await owed.taken(list(asked), read)]


async def ratings(
    connection: Connection, http: VendorHttp, since: Cursor | None, now: datetime
) -> AsyncIterator[Page]:
    """Ratings with words, from the newest that was read on, inclusive."""
    desk = Desk(connection, http, told_by(connection))
    if desk.options.csat == "off":
        return
    begin = desk.options.start or now - timedelta(days=1)
    high = int(since.order[0]) if since else int(begin.timestamp())
    start, after, turnstile = high, "", Turnstile("Zendesk")
    while True:
        turnstile.turn(after)
        params = {"score": "received", "start_time": str(start), "page[size]": "100"}
        more = {"page[after]": after} if after else {}
        answer = await desk.get("/api/v2/satisfaction_ratings.json", params | more, accept=(403, 404))
        if answer.status in (403, 404):
            log.info("zendesk_lists_no_ratings", connection=connection.name, status=answer.status)
            return
        told = object_in(answer)
        rows = rows_in(told, "satisfaction_ratings")
        records = [one for row in rows for one in _rating(row)]
        high = max(high, min(int(now.timestamp()), max(map(_epoch, rows), default=0)))
        after = said(dig(told, "meta.after_cursor")) or ""
        over = dig(told, "meta.has_more") is not True or not after
        # The list is in no order that Zendesk documents: only its end is safe.
        yield Page(records, Cursor({}, (high,)) if over else None, f"{len(rows):,} ratings")
        if over:
            return


def _rating(row: Mapping[str, Any]) -> Sequence[Taken]:
    number = said(row.get("ticket_id"))
    return (
        []
        if number is None
        else read_or_put_aside(number, row, lambda one: mapping.rating(number, one, one, {}))
    )


def _epoch(row: Mapping[str, Any]) -> int:
    at = moment(row.get("updated_at")) or moment(row.get("created_at"))
    return int(at.timestamp()) if at else 0

"""Read what changed at Intercom: the search names conversations, each is then fetched with its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog

from connectors.vendors.envelopes import Turnstile, object_in, read_or_put_aside, rows_in
from connectors.vendors.http import VendorHttp
from connectors.vendors.intercom.mapping import conversation
from connectors.vendors.intercom.options import IntercomOptions, headers_of, quota, told_by
from connectors.vendors.owed import Owed
from connectors.vendors.port import Connection, Cursor, Gone, Json, Page, Taken
from connectors.vendors.values import dig, said

log = structlog.get_logger()

AT_ONCE = 5
"""Conversations that are fetched at the same time; the quota is of ten seconds."""

MOST_KNOWN = 5_000
"""Versions of conversations that a cursor remembers; what is forgotten is fetched again, and changes nothing."""

SETTLED_S = 15
"""A conversation that changed so lately is fetched again: it may change once more within the same second.

A second and what two clocks may differ by; with a minute every conversation was fetched by two polls a minute apart.
"""

DELETED_PER_PAGE = 60


class _Walk:
    """What one walk through the search knows: which versions were read, and how far it is safe to say."""

    def __init__(self, since: Cursor | None, start: int, overlap_s: int, now: datetime) -> None:
        self.high: int = since.state["updated_at"] if since else start
        self.known: dict[str, int] = dict(since.state["known"]) if since else {}
        self.begin = self.high - overlap_s if since else start
        self._overlap_s = overlap_s
        self._now = int(now.timestamp())
        self._settled = self._now - SETTLED_S
        self._met: set[tuple[str, int]] = set()
        self._highest_met = 0
        self._in_order = True
        self.total = 0

    def fresh(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Conversations of a page that are new, or newer than what was read."""
        found = []
        low = self._highest_met
        for row in rows:
            number, at = said(row.get("id")), row.get("updated_at")
            if number is None or not isinstance(at, int) or (number, at) in self._met:
                continue
            self._met.add((number, at))
            if at < low and self._in_order:
                # The sort is undocumented: without it nothing is safe before the end of the walk.
                log.warning("intercom_search_unsorted")
                self._in_order = False
            self._highest_met = max(self._highest_met, at)
            if self.known.get(number, -1) < at:
                found.append(number)
                if at < self._settled:
                    self.known[number] = at
        return found

    def cursor(self, owed: Owed, *, at_end: bool) -> Cursor | None:
        """How far everything was read but what is owed; None where something older may still come."""
        if not (self._in_order or at_end):
            return None
        # Not beyond now: a change that claims to be of the future would pass over all until then.
        self.high = max(self.high, min(self._highest_met, self._now))
        oldest = self.high - self._overlap_s - 86_400
        newest = sorted(self.known.items(), key=lambda one: (one[1], one[0]))[-MOST_KNOWN:]
        self.known = {number: at for number, at in newest if at >= oldest}
        state = {"updated_at": self.high, "known": dict(self.known), **owed.state()}
        return Cursor(state, (self.high,))


async def changed(
    connection: Connection, http: VendorHttp, since: Cursor | None, now: datetime
) -> AsyncIterator[Page]:
    """Conversations that changed, a page of the search at a time. Raises ``VendorAway`` where it goes in circles."""
    options = told_by(connection)
    owed = Owed.of("Intercom", since, http)

    async def read(http: VendorHttp, number: str) -> Sequence[Taken] | None:
        told = await fetched(connection, http, options, number)
        return (
            None if told is None else read_or_put_aside(number, told, lambda one: conversation(one, options))
        )

    if since and len(owed):
        late = await owed.again(read)
        yield Page(late, Cursor({**since.state, **owed.state()}, since.order), owed=len(owed))
    walk = _Walk(since, int((options.start or now - timedelta(days=1)).timestamp()), options.overlap_s, now)
    turnstile, after = Turnstile("Intercom"), ""
    while True:
        turnstile.turn(after)
        told = await _searched(connection, http, options, walk.begin, after)
        fresh = walk.fresh(rows_in(told, "conversations"))
        records = await owed.taken(fresh, read, AT_ONCE)
        after = said(dig(told, "pages.next.starting_after")) or ""
        total = dig(told, "total_count")
        walk.total += len(fresh)
        about = f"{walk.total:,} of {total:,}" if isinstance(total, int) else f"{walk.total:,}"
        cursor = walk.cursor(owed, at_end=not after) if records or not after else None
        yield Page(records, cursor, about, len(owed))
        if not after:
            return


async def _searched(
    connection: Connection, http: VendorHttp, options: IntercomOptions, begin: int, after: str
) -> Mapping[str, Any]:
    # No upper bound: rounded to days it would leave out today. ">" is ">=" in some versions, hence the second less.
    query = {
        "query": {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": begin - 1}]},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": options.per_page, **({"starting_after": after} if after else {})},
    }
    answer = await http.request(
        "POST",
        f"{options.base}/conversations/search",
        json=query,
        headers=headers_of(connection, options),
        limits=quota,
    )
    return object_in(answer)


async def fetched(
    connection: Connection, http: VendorHttp, options: IntercomOptions, number: str
) -> Json | None:
    """A conversation with its parts; None where Intercom knows it no more."""
    answer = await http.request(
        "GET",
        f"{options.base}/conversations/{quote(number, safe='')}",
        params={"display_as": "plaintext"},
        headers=headers_of(connection, options),
        limits=quota,
        accept=(404,),
    )
    return None if answer.status == 404 else answer.json()


async def deleted(
    connection: Connection,
    http: VendorHttp,
    since: Cursor | None,
    now: datetime,  # noqa: ARG001 - the port's
) -> AsyncIterator[Page]:
    """Deleted conversations, the newest first, back to the first page that holds no new one.

    Nothing is safe before the end of the walk, so only its last page has a cursor. Its order counts them.
    """
    known: list[str] = list(since.state["known"]) if since else []
    before, count = frozenset(known), int(since.order[0]) if since else 0
    found: dict[str, None] = {}
    turnstile, number, over = Turnstile("Intercom"), 1, False
    while not over:
        turnstile.turn(str(number))
        told = await _deleted_page(connection, http, number)
        ids = dict.fromkeys(one for row in rows_in(told, "conversations") if (one := said(row.get("id"))))
        fresh = [one for one in ids if one not in before and one not in found]
        found |= dict.fromkeys(fresh)
        last = dig(told, "pages.total_pages")
        over = not fresh or not isinstance(last, int) or number >= last
        kept = {"known": [*found, *known][:MOST_KNOWN]}
        cursor = Cursor(kept, (count + len(found),)) if over else None
        yield Page([Gone(one, "deleted at Intercom") for one in fresh], cursor, f"{len(found):,} deleted")
        number += 1


async def _deleted_page(connection: Connection, http: VendorHttp, number: int) -> Mapping[str, Any]:
    options = told_by(connection)
    answer = await http.request(
        "GET",
        f"{options.base}/conversations/deleted",
        params={"page": str(number), "per_page": str(DELETED_PER_PAGE), "order": "desc"},
        headers=headers_of(connection, options),
        limits=quota,
    )
    return object_in(answer)

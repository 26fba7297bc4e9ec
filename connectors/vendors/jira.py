"""Jira Cloud: what became of our issues there, by webhook and by search (REST v3).

An issue of ours carries the label ``fb-`` and our id of it. Cursor: ``updated`` of the newest change; searches ask for
the last minutes, because JQL reads a date in the time zone of the account. A search does not show deleted issues: only
the webhook tells of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from pydantic import Field

from connectors.vendors.envelopes import Turnstile, object_in, rows_in
from connectors.vendors.errors import VendorRefused
from connectors.vendors.http import VendorHttp
from connectors.vendors.owed import is_of_the_connection
from connectors.vendors.port import Connection, Cursor, Hint, IssueSeen, Json, Page, Request, Taken
from connectors.vendors.signing import believe, needed
from connectors.vendors.tracked import OVERLAP, TrackerOptions, Walk
from connectors.vendors.values import dig, moment, options_of, said
from connectors.vendors.wire import read_json
from contracts.commands import IssueState

log = structlog.get_logger()

_OURS = re.compile(r"fb-([0-9a-f]{32})")
_TOLD = ("status", "resolution", "priority", "issuelinks", "Link")
_FIELDS = ["status", "resolution", "priority", "labels", "updated", "issuelinks"]
_PRIORITIES = {"highest": 1, "high": 2, "medium": 3, "low": 4, "lowest": 4}
_EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")


class JiraOptions(TrackerOptions):
    """Options of a connection to Jira. ``url`` is the address of its REST interface, ``email`` the token's owner.

    ``project`` is the key of the project that is searched. ``not_done`` and ``duplicates`` are names of resolutions
    that are no solution.
    """

    url: str = Field(pattern=r"^https?://[^/]+(/[^?#]*)?$")
    email: str | None = None
    project: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]+$")
    not_done: tuple[str, ...] = (
        "Won't Do",
        "Won't Fix",
        "Cannot Reproduce",
        "Declined",
        "Rejected",
        "Invalid",
    )
    duplicates: tuple[str, ...] = ("Duplicate",)


class Jira:
    """``port.Vendor`` for Jira Cloud."""

    name = "jira"
    streams = ("issues",)

    def check(self, connection: Connection) -> None:
        """Raises ``WrongUsage``."""
        options_of(connection, JiraOptions)

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:  # noqa: ARG002 - no time is signed
        """HMAC-SHA256 over the raw body; what is sent again has the same identifier."""
        told = needed(request, "x-hub-signature")
        believe(
            connection, told, lambda key: "sha256=" + hmac.new(key, request.body, hashlib.sha256).hexdigest()
        )
        given = request.headers.get("x-atlassian-webhook-identifier")
        return given[:200] if given else hashlib.sha256(request.body).hexdigest()

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What a notification says of an issue of ours; nothing of what we did ourselves."""
        told, options = read_json(request.body), options_of(connection, JiraOptions)
        event = said(dig(told, "webhookEvent"))
        if event is None:
            raise ValueError("no notification of Jira: it has no webhookEvent")
        if event not in _EVENTS or dig(told, "user.accountId") in options.our_actors:
            return ()
        items = dig(told, "changelog.items") or ()
        changed = {said(dig(one, "field")) for one in items}
        gone = event == "jira:issue_deleted"
        if event == "jira:issue_updated" and not changed.intersection(_TOLD):
            return ()
        seen = _seen(
            dig(told, "issue"),
            options,
            moment(dig(told, "timestamp")),
            gone=gone,
            by_hand="priority" in changed,
        )
        if seen is None:
            return ()
        return [seen, Hint("issue", seen.key)] if seen.state == "duplicate" else [seen]

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """Issues that changed, from old to new."""
        options = options_of(connection, JiraOptions)
        walk, turnstile, token = Walk.since(since, options.start, now), Turnstile("Jira"), None
        minutes = int((max(now - walk.high, timedelta(0)) + OVERLAP).total_seconds()) // 60 + 1
        bounds = [f'project = "{options.project}"', f"updated >= -{minutes}m"]
        if options.label is not None:
            bounds.append(f'labels = "{options.label}"')
        asked: dict[str, Any] = {"jql": " AND ".join(bounds) + " ORDER BY updated ASC", "fields": _FIELDS}
        while True:
            turnstile.turn(token or "")
            page = asked | {"maxResults": 100} | ({"nextPageToken": token} if token else {})
            told = object_in(await self._send(connection, http, options, "POST", "search/jql", page))
            seen = [await self._read(connection, http, options, row) for row in rows_in(told, "issues")]
            records = walk.fresh([one for one in seen if one is not None])
            token = said(told.get("nextPageToken"))
            yield Page(records, None if token else walk.cursor())
            if token is None:
                return

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        """The issue as it is now; nothing where Jira knows it no more."""
        options = options_of(connection, JiraOptions)
        told = await self._issue(connection, http, options, hint.record_id)
        seen = None if told is None else await self._read(connection, http, options, told)
        return () if seen is None else [seen]

    async def _read(
        self, connection: Connection, http: VendorHttp, options: JiraOptions, issue: Json
    ) -> IssueSeen | None:
        """What Jira says of an issue, and which one of ours it repeats, for which that one has to be asked.

        One that it refuses to show is none of ours as far as we can tell, and holds up no report of the others.
        """
        seen = _seen(issue, options, None)
        if seen is None or seen.state != "duplicate":
            return seen
        links = dig(issue, "fields.issuelinks") or ()
        named = [said(dig(one, "outwardIssue.key")) for one in links if dig(one, "type.name") == "Duplicate"]
        for other in filter(None, named):
            try:
                told = await self._issue(connection, http, options, other)
            except VendorRefused as exc:
                if is_of_the_connection(exc):
                    raise
                log.warning("jira_linked_issue_refused", issue=seen.key, linked=other, status=exc.status)
                continue
            ours = _our_id(dig(told, "fields.labels"))
            if ours is not None:
                return IssueSeen(
                    "jira", seen.issue_id, seen.key, seen.state, seen.at, duplicate_of=ours, url=seen.url
                )
        return seen

    async def _issue(
        self, connection: Connection, http: VendorHttp, options: JiraOptions, name: str
    ) -> Mapping[str, Any] | None:
        path = f"issue/{quote(name, safe='')}?fields={','.join(_FIELDS)}"
        try:
            return object_in(await self._send(connection, http, options, "GET", path))
        except VendorRefused as exc:
            if exc.status == 404:
                return None
            raise

    @staticmethod
    async def _send(
        connection: Connection,
        http: VendorHttp,
        options: JiraOptions,
        method: str,
        path: str,
        body: Json = None,
    ) -> Any:
        token = connection.credential("token")
        basic = base64.b64encode(f"{options.email}:{token}".encode()).decode()
        told = {"authorization": f"Basic {basic}" if options.email else f"Bearer {token}"}
        return await http.request(
            method, f"{options.url.rstrip('/')}/rest/api/3/{path}", json=body, headers=told
        )


def _our_id(labels: Json) -> str | None:
    """Our id of an issue, which its label holds."""
    found = (
        [_OURS.fullmatch(one) for one in labels if isinstance(one, str)] if isinstance(labels, list) else []
    )
    return next((str(UUID(match[1])) for match in found if match), None)


def _seen(
    issue: Json,
    options: JiraOptions,
    otherwise: datetime | None,
    *,
    gone: bool = False,
    by_hand: bool = False,
) -> IssueSeen | None:
    """What Jira says of an issue; None where it is none of ours."""
    fields = dig(issue, "fields")
    ours, key = _our_id(dig(fields, "labels")), said(dig(issue, "key"))
    at = otherwise if gone else moment(dig(fields, "updated")) or otherwise
    if ours is None or key is None or at is None:
        return None
    rank = _PRIORITIES.get((said(dig(fields, "priority.name")) or "").lower())
    link = said(dig(issue, "self")) or ""
    site = link.partition("/rest/api/")[0]
    return IssueSeen(
        tracker="jira",
        issue_id=ours,
        key=key[:100],
        state="deleted" if gone else _state(fields, options),
        at=at,
        priority=rank if by_hand else None,
        url=f"{site}/browse/{key}"[:2000] if site else None,
    )


def _state(fields: Json, options: JiraOptions) -> IssueState:
    """A category that nobody knows is work that is not over."""
    category = said(dig(fields, "status.statusCategory.key"))
    if category != "done":
        return "started" if category == "indeterminate" else "open"
    resolution = (said(dig(fields, "resolution.name")) or "").lower()
    if resolution in {name.lower() for name in options.duplicates}:
        return "duplicate"
    return "cancelled" if resolution in {name.lower() for name in options.not_done} else "done"


VENDOR = Jira()

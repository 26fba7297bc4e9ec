"""Linear: what became of our issues there, by webhook and by GraphQL.

An issue's id at Linear is our own id of it. Cursor: ``updatedAt`` of the newest change; the walk goes from new to old,
so it is saved at the end of a walk alone. States are matched by type, which is an open list: an unknown one is left
out. Whether a repeated webhook is stamped anew is undocumented, so the window is an option, and the poll finds what was
refused as too old.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import structlog
from pydantic import Field

from connectors.vendors.envelopes import Turnstile, object_in, rows_in
from connectors.vendors.errors import VendorGarbled
from connectors.vendors.http import Answer, VendorHttp
from connectors.vendors.port import (
    Connection,
    Cursor,
    Hint,
    IssueSeen,
    Json,
    Page,
    Request,
    SignatureRefused,
    Taken,
)
from connectors.vendors.signing import believe, needed, within
from connectors.vendors.tracked import OVERLAP, TrackerOptions, Walk
from connectors.vendors.values import dig, iso, moment, options_of, said
from connectors.vendors.wire import read_json
from connectors.waits import retry_after_s
from contracts.commands import IssueState

log = structlog.get_logger()

URL = "https://api.linear.app/graphql"
LIMITED_S = 60.0

STATES: Mapping[str, IssueState] = {
    "triage": "open",
    "backlog": "open",
    "unstarted": "open",
    "started": "started",
    "completed": "done",
    "canceled": "cancelled",
    "duplicate": "duplicate",
}

_TOLD = frozenset({"stateId", "priority", "trashed"})
"""What of a change is news."""

# Small inner pages: Linear counts a query's cost as the product of its pages, and refuses more than 10,000.
_FIELDS = (
    "id identifier url updatedAt trashed state{type} labels(first:10){nodes{name}} "
    "relations(first:5){nodes{type relatedIssue{id}}}"
)
_CHANGED = (
    "query($f:IssueFilter,$after:String){issues(filter:$f,orderBy:updatedAt,first:100,after:$after,"
    f"includeArchived:true){{nodes{{{_FIELDS}}} pageInfo{{hasNextPage endCursor}}}}}}"
)
_ONE = f"query($id:String!){{issue(id:$id){{{_FIELDS}}}}}"


class LinearOptions(TrackerOptions):
    """Options of a connection to Linear. ``auth``: whose token it is, a person's ``key`` or an app's ``oauth``.

    ``window_s``: seconds after which a webhook is too old. ``url`` is for tests and proxies.
    """

    auth: Literal["key", "oauth"] = "key"
    window_s: float = Field(default=60, gt=0)
    url: str = URL


class Linear:
    """``port.Vendor`` for Linear."""

    name = "linear"
    streams = ("issues",)

    def check(self, connection: Connection) -> None:
        """Raises ``WrongUsage``."""
        options_of(connection, LinearOptions)

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        """HMAC-SHA256 in hex over the raw body, and the time that is stamped inside it."""
        told = needed(request, "linear-signature")
        believe(connection, told, lambda key: hmac.new(key, request.body, hashlib.sha256).hexdigest())
        window_s = options_of(connection, LinearOptions).window_s
        stamped = moment(dig(_json(request.body), "webhookTimestamp"))
        if stamped is None:
            raise SignatureRefused("malformed")
        within(stamped, now, window_s)
        if (stamped - now).total_seconds() > window_s:
            raise SignatureRefused("future")
        return needed(request, "linear-delivery")[:200]

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What a notification says of an issue of ours; nothing of what we did ourselves."""
        told, options = _json(request.body), options_of(connection, LinearOptions)
        kind, action = said(dig(told, "type")), said(dig(told, "action"))
        if kind is None or action is None:
            raise ValueError("no notification of Linear: it has no type and action")
        if kind != "Issue" or dig(told, "actor.id") in options.our_actors:
            return ()
        names = [dig(one, "name") for one in dig(told, "data.labels") or ()]
        if options.label is not None and options.label not in names:
            return ()
        changed = dig(told, "updatedFrom") or {}
        if action == "update" and not _TOLD.intersection(changed):
            return ()
        seen = _seen(dig(told, "data"), gone=action == "remove", by_hand="priority" in changed)
        if seen is None:
            return ()
        # A notification does not say of which issue this one is a duplicate.
        return [seen, Hint("issue", seen.issue_id)] if seen.state == "duplicate" else [seen]

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """Issues that changed, from new to old."""
        options = options_of(connection, LinearOptions)
        walk, turnstile = Walk.since(since, options.start, now), Turnstile("Linear")
        wanted: dict[str, Any] = {"updatedAt": {"gt": iso(walk.high - OVERLAP)}}
        if options.label is not None:
            wanted["labels"] = {"name": {"eq": options.label}}
        after: str | None = None
        while True:
            turnstile.turn(after or "")
            told = await _asked(connection, http, options, _CHANGED, {"f": wanted, "after": after})
            page = dig(told, "issues")
            seen = [_seen(row) for row in rows_in(page if isinstance(page, Mapping) else {}, "nodes")]
            records = walk.fresh([one for one in seen if one is not None])
            after = (
                said(dig(page, "pageInfo.endCursor")) if dig(page, "pageInfo.hasNextPage") is True else None
            )
            yield Page(records, None if after else walk.cursor())
            if after is None:
                return

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        """The issue as it is now; nothing where Linear knows it no more."""
        options = options_of(connection, LinearOptions)
        told = await _asked(connection, http, options, _ONE, {"id": hint.record_id})
        seen = _seen(dig(told, "issue"))
        return () if seen is None else [seen]


def _json(body: bytes) -> Json:
    """Raises ``ValueError``."""
    return read_json(body)


def _seen(issue: Json, *, gone: bool = False, by_hand: bool = False) -> IssueSeen | None:
    """What Linear says of an issue; None for what is none, or in a state of which nobody knows what it means."""
    name, at = said(dig(issue, "id")), moment(dig(issue, "updatedAt"))
    if name is None or at is None:
        return None
    kind = said(dig(issue, "state.type")) or ""
    state = "deleted" if gone or dig(issue, "trashed") is True else STATES.get(kind)
    if state is None:
        log.info("linear_unknown_state", type=kind[:40])
        return None
    relations = dig(issue, "relations.nodes") or ()
    copies = [said(dig(one, "relatedIssue.id")) for one in relations if dig(one, "type") == "duplicate"]
    priority = dig(issue, "priority")
    return IssueSeen(
        tracker="linear",
        issue_id=name,
        key=(said(dig(issue, "identifier")) or name)[:100],
        state=state,
        at=at,
        duplicate_of=next((one for one in copies if one), None) if state == "duplicate" else None,
        priority=priority if by_hand and isinstance(priority, int) and 0 <= priority <= 4 else None,
        url=(said(dig(issue, "url")) or "")[:2000] or None,
    )


async def _asked(
    connection: Connection, http: VendorHttp, options: LinearOptions, query: str, variables: Mapping[str, Any]
) -> Json:
    """The ``data`` of an answer, empty for what is not there. Raises ``VendorGarbled`` for an answer without."""
    token = connection.credential("token")
    answer = await http.request(
        "POST",
        options.url,
        json={"query": query, "variables": dict(variables)},
        headers={"authorization": f"Bearer {token}" if options.auth == "oauth" else token},
        limits=_limits,
    )
    told = object_in(answer)
    if "ENTITY_NOT_FOUND" in _codes(told):
        return {}
    if not isinstance(told.get("data"), Mapping):
        raise VendorGarbled(f"Linear answered without data ({_codes(told) or 'no error either'})")
    return told["data"]


def _limits(answer: Answer) -> float | None:
    """Linear says with status 400 and a code that the quota is used up."""
    if answer.status != 400 or b"RATELIMITED" not in answer.body:
        return None
    asked_s = retry_after_s(answer.headers)
    return LIMITED_S if asked_s is None else asked_s


def _codes(told: Mapping[str, Any]) -> str:
    errors = told.get("errors")
    codes = [said(dig(one, "extensions.code")) for one in errors] if isinstance(errors, list) else []
    return ", ".join(code[:40] for code in codes if code)


VENDOR = Linear()

"""Salesforce by SOQL: accounts; cases, comments, mails, tasks, notes and calls, each joined with its account.

Every object has a cursor over (SystemModstamp, Id), read until five minutes ago, because rows surface late, and from
five minutes before where it stopped, because some surface later still. Deleted rows are seen (``queryAll``).
Only fields that the organisation has, and shows us, are asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from connectors.vendors.errors import VendorAway
from connectors.vendors.http import VendorHttp
from connectors.vendors.owed import Owed
from connectors.vendors.polled import Polled
from connectors.vendors.port import Connection, Cursor, Json, Page, Taken
from connectors.vendors.salesforce.accounts import Accounts, customer_of
from connectors.vendors.salesforce.around import around_of
from connectors.vendors.salesforce.mapping import taken_of
from connectors.vendors.salesforce.notes import Notes
from connectors.vendors.salesforce.objects import ALWAYS, STAMP, Source, source_of
from connectors.vendors.salesforce.options import SalesforceOptions
from connectors.vendors.salesforce.session import Session, assertion
from connectors.vendors.salesforce.soql import Place, after, place_of
from connectors.vendors.values import begun, fingerprint, iso, moment, options_of
from connectors.vendors.walks import Walk

# Behind now, and again before the cursor: the API is eventually consistent, most rows surface within seconds.
TRAIL: Final = timedelta(minutes=5)


class Salesforce(Polled):
    """``port.Vendor`` for Salesforce. Tokens and descriptions of objects are kept between polls, and are no truth."""

    name = "salesforce"
    streams: Sequence[str] = (
        "accounts",
        "cases",
        "comments",
        "emails",
        "tasks",
        "notes",
        "content_notes",
        "transcripts",
    )

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def check(self, connection: Connection) -> None:
        """Options, and the credential ``client_secret`` or ``private_key``."""
        options = options_of(connection, SalesforceOptions)
        if options.sign_in == "client_credentials":
            connection.credential("client_secret")
        else:
            assertion(connection, options, datetime(2026, 1, 1, tzinfo=UTC))

    async def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        """Page after page in the order of changes; nothing for an object that the organisation does not have."""
        session = self._session(connection, http)
        if not session.options.wants(stream):
            return
        source = source_of(stream, session.options)
        fields = await session.present(source.name, (*ALWAYS, *source.fields))
        if "Id" not in fields or STAMP not in fields:
            return
        take = partial(self._taken, session, stream, source)
        notes = Notes(session, source.name, fields, Owed.of("Salesforce", since, http), take)
        if since and len(notes.owed):
            late = await notes.late()
            yield Page(late, Cursor({**since.state, **notes.owed.state()}, since.order), owed=len(notes.owed))
        reached = _reached(since)
        place = _beginning(reached, begun(session.options.start, now))
        while True:
            asked, count, walk = place, 0, Walk("Salesforce")
            async for rows in session.query(
                after(source.name, fields, place, now - TRAIL, session.options.page_size)
            ):
                count += len(rows)
                fresh = walk.fresh(rows, lambda row: str(row.get("Id")), fingerprint)
                taken = await (notes.page(fresh) if stream == "content_notes" else take(fresh, {}))
                place = max((place, *(at for row in rows if (at := place_of(row)))))
                state = {"at": place[0], "id": place[1], **notes.owed.state()}
                cursor = Cursor(state, place) if place >= (reached or place) else None
                yield Page(taken, cursor, f"{source.name} until {place[0]}", len(notes.owed))
            if count < session.options.page_size:
                return
            if place == asked:
                raise VendorAway(f"Salesforce gives the same rows of {source.name} again and again")

    async def _taken(
        self, session: Session, stream: str, source: Source, rows: list[Json], bodies: Mapping[str, str]
    ) -> list[Taken]:
        if stream == "accounts":
            seen = [customer_of(row, session.options) for row in rows if row.get("IsDeleted") is not True]
            return [one for one in seen if one is not None]
        accounts = Accounts(session)
        around = await around_of(session, stream, rows, accounts, bodies)
        about = [*(row.get(path) for row in rows for path in source.about), *around.linked.values()]
        await accounts.look_up(about)
        found = [taken_of(stream, row, source.about, around) for row in rows]
        return [one for one in found if one is not None]

    def _session(self, connection: Connection, http: VendorHttp) -> Session:
        """This connection's, as long as its options stay as they are."""
        key = f"{connection.name} {fingerprint(dict(connection.options))}"
        options = options_of(connection, SalesforceOptions)
        session = self._sessions.setdefault(key, Session(connection, options, http))
        session.http, session.connection = http, connection
        return session


def _reached(since: Cursor | None) -> Place | None:
    return None if since is None else (str(since.state["at"]), str(since.state["id"]))


def _beginning(reached: Place | None, start: datetime) -> Place:
    """A little before where it stopped; or the start of history."""
    at = moment(reached[0]) if reached else None
    return (iso(start if at is None else at - TRAIL), "")


VENDOR = Salesforce()

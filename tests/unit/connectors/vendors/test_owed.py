"""A record whose own request fails holds up no other, is tried again and given up after a day; an outage is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from connectors.vendors.errors import VendorAway, VendorLimited, VendorRefused
from connectors.vendors.intercom import VENDOR as INTERCOM
from connectors.vendors.owed import MOST_OWED
from connectors.vendors.port import Connection, Cursor, Vendor
from connectors.vendors.salesforce import Salesforce
from connectors.vendors.zendesk import VENDOR as ZENDESK
from tests.support.vendors.clock import NOW, FakeTime
from tests.support.vendors.drained import Drained, poll
from tests.support.vendors.salesforce import OPTIONS, SimulatedSalesforce, row, sf_id
from tests.support.vendors.server import Asked, Said, away, html_page, limited, vendor_server

pytestmark = pytest.mark.lengthy

AT = int(NOW.timestamp()) - 3_600
DAY_S = 86_400.0
NO_MERCY = Said({"errors": [{"code": "server_error"}]}, 500)


def conversation(n: int) -> dict[str, Any]:
    return {
        "id": str(n),
        "created_at": AT,
        "updated_at": AT + n,
        "source": {"body": f"words {n}", "author": {"type": "user", "id": "u"}},
    }


def ticket(n: int) -> dict[str, Any]:
    at = "2026-03-01T10:00:00Z"
    return {
        "id": n,
        "subject": "Help",
        "status": "open",
        "requester_id": 1,
        "organization_id": 7,
        "created_at": at,
        "updated_at": at,
        "generated_timestamp": AT + n,
    }


def comments(n: int) -> dict[str, Any]:
    one = {
        "id": n,
        "author_id": 1,
        "plain_body": f"words {n}",
        "public": True,
        "created_at": "2026-03-01T10:00:00Z",
    }
    return {"comments": [one], "users": [{"id": 1, "role": "end-user"}]}


@dataclass
class Desk:
    """A vendor of whose records some answer as ``bad`` says, and the polls of it, one after another."""

    vendor: Vendor
    stream: str
    rows: list[int]
    bad: dict[str, Said] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    time: FakeTime = field(default_factory=FakeTime)
    cursor: Cursor | None = None
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        for path, said in self.bad.items():
            if path in asked.path:
                return said
        if asked.path == "/conversations/search":
            return Said({"conversations": [conversation(n) for n in self.rows]})
        if asked.path == "/api/v2/incremental/tickets/cursor.json":
            start = int(asked.query.get("cursor", "0"))
            rows = [ticket(n) for n in self.rows[start:]]
            return Said({"tickets": rows, "after_cursor": str(len(self.rows)), "end_of_stream": True})
        number = int("".join(filter(str.isdigit, asked.path.removeprefix("/api/v2"))))
        if asked.path.startswith("/conversations/"):
            return Said(conversation(number))
        return Said(comments(number) if "comments" in asked.path else {"ticket": ticket(number)})

    def poll(self, later_s: float = 0.0) -> Drained:
        self.time.at_s += later_s
        with vendor_server(self.answer) as server:
            told = {"base_url": server.url, "allow_private_hosts": ["127.0.0.1"], **self.options}
            connection = Connection("acme", self.vendor.name, "acme", told, credential=lambda _: "t")
            found = asyncio.run(poll(self.vendor, connection, self.cursor, self.time, self.stream))
            self.asked = server.asked
        self.cursor = found.cursor or self.cursor
        return found


def intercom(*rows: int, **bad: Said) -> Desk:
    return Desk(
        INTERCOM, "conversations", list(rows), {f"/conversations/{n[1:]}": said for n, said in bad.items()}
    )


def zendesk(*rows: int, **bad: Said) -> Desk:
    return Desk(
        ZENDESK, "tickets", list(rows), {f"/tickets/{n[1:]}/comments": said for n, said in bad.items()}
    )


EITHER = pytest.mark.parametrize("desk", [intercom, zendesk])


def texts(found: Drained) -> set[str]:
    return {str(one.body["text"]).split("\n")[-1] for one in found.utterances}


@EITHER
@pytest.mark.parametrize(
    "said", [NO_MERCY, Said({}, 403), Said({}, 422), html_page(), Said(b"no JSON"), Said(wire="reset")]
)
def test_a_record_that_fails_holds_up_no_other_and_comes_when_it_can_be_read(
    desk: Callable[..., Desk], said: Said
) -> None:
    here = desk(1, 2, 3, _2=said)
    first = here.poll()
    assert texts(first) == {"words 1", "words 3"}
    assert (first.pages[-1].owed, here.cursor and here.cursor.order) == (1, (AT + 3,))
    here.rows += [4]
    assert texts(here.poll(later_s=600)) == {"words 4"}
    here.bad.clear()
    last = here.poll(later_s=3_600)
    assert texts(last) == {"words 2"}
    assert last.pages[-1].owed == 0


@EITHER
@pytest.mark.parametrize(
    ("said", "error"),
    [
        (away(500), VendorAway),
        (Said({}, 401), VendorRefused),
        (Said({}, 403), VendorRefused),
        (limited(), VendorLimited),
    ],
)
def test_a_vendor_that_is_away_is_no_bad_record(
    desk: Callable[..., Desk], said: Said, error: type[Exception]
) -> None:
    here = desk(1)
    here.poll()
    before, here.rows = here.cursor, [1, 2, 3]
    here.bad = {
        "/conversations/2": said,
        "/conversations/3": said,
        "/conversations/1": said,
        "/comments": said,
    }
    with pytest.raises(error):
        here.poll(later_s=60)
    assert here.cursor == before
    here.bad.clear()
    assert {"words 2", "words 3"} <= texts(here.poll(later_s=60))


@EITHER
def test_the_only_record_there_is_waits_until_another_proves_that_the_vendor_is_there(
    desk: Callable[..., Desk],
) -> None:
    here = desk(1, _1=NO_MERCY)
    with pytest.raises(VendorAway):
        here.poll()
    here.rows += [2]
    assert texts(here.poll(later_s=60)) == {"words 2"}


@EITHER
def test_a_record_that_fails_for_a_day_is_given_up_once_and_told_with_why(desk: Callable[..., Desk]) -> None:
    here = desk(1, 2, _2=NO_MERCY)
    given_up, tries = [], 0
    for _ in range(40):
        found = here.poll(later_s=3_600)
        given_up += found.unreadable
        tries += sum(1 for asked in here.asked if any(path in asked.path for path in here.bad))
    assert [(one.record_id, one.raw) for one in given_up] == [("2", b'{"record":"2"}')]
    assert given_up[0].why.startswith("record 2: acme: 127.0.0.1 answered 500")
    assert "tried 15 times" in given_up[0].why
    assert tries < 40
    assert found.pages[-1].owed == 0


@EITHER
def test_what_fails_while_its_vendor_is_away_is_not_given_up(desk: Callable[..., Desk]) -> None:
    here = desk(1, 2, _2=NO_MERCY)
    here.poll()
    only, here.bad = here.bad, {f"/conversations/{n}": NO_MERCY for n in (1, 2)} | {"/comments": NO_MERCY}
    for _ in range(10):
        assert not here.poll(later_s=DAY_S / 2).unreadable
    assert here.cursor is not None
    assert here.cursor.state["owed"]["debts"]["2"][1] == 1
    here.bad = only
    assert not here.poll(later_s=60).unreadable


def test_so_many_that_fail_are_no_bad_records() -> None:
    here = intercom(*range(1, MOST_OWED + 10))
    here.bad = {f"/conversations/{n}": Said({}, 422) for n in range(2, MOST_OWED + 10)}
    here.bad["/conversations/1"] = Said(conversation(1))
    here.bad = {path: here.bad[path] for path in sorted(here.bad, key=len, reverse=True)}
    with pytest.raises(VendorRefused):
        here.poll()
    assert here.cursor is None


def test_an_organization_that_cannot_be_read_holds_up_none_of_its_tickets() -> None:
    here = Desk(ZENDESK, "tickets", [1, 2], {"/organizations/": NO_MERCY}, {"tier_field": "tier"})
    found = here.poll()
    assert texts(found) == {"words 1", "words 2"}
    assert found.pages[-1].owed == 0


def test_a_note_whose_body_cannot_be_read_comes_later_or_with_its_preview() -> None:
    made = NOW - timedelta(days=1)

    def note(n: int) -> dict[str, Any]:
        there = f"/services/data/v59.0/sobjects/ContentNote/{sf_id('ContentNote', n)}/Content"
        return row(
            "ContentNote",
            n,
            made + timedelta(hours=n),
            Title="QBR",
            Content=there,
            TextPreview=f"Preview {n}",
        )

    bodies = {sf_id("ContentNote", n): f"<p>\nWhole {n}\n</p>".encode() for n in (1, 2, 3)}
    bad = {sf_id("ContentNote", 1), sf_id("ContentNote", 2)}
    time, since, found = FakeTime(), None, list[Drained]()
    force = SimulatedSalesforce({"ContentNote": [note(n) for n in (1, 2, 3)]}, notes=bodies, now=time.now)

    def answer(asked: Asked) -> Said:
        force.url = f"http://{asked.headers['host']}"
        is_bad = asked.path.endswith("/Content") and asked.path.split("/")[-2] in bad
        return NO_MERCY if is_bad else force(asked)

    with vendor_server(answer) as server:
        told = {**OPTIONS, "url": server.url, "allow_private_hosts": ["127.0.0.1"]}
        connection = Connection("acme", "salesforce", "acme", told, credential=lambda _: "s3cret")
        for later_s in (0, 3_600, *[7_200] * 20):
            time.at_s += later_s
            found.append(asyncio.run(poll(Salesforce(), connection, since, time, "content_notes")))
            since = found[-1].cursor or since
            bad.discard(sf_id("ContentNote", 1))
    said = [
        {name[-4]: str(body["text"]).replace("\n</p>", "").split("\n")[-1] for name, body in one.said.items()}
        for one in found
    ]
    assert said[:2] == [{"3": "Whole 3"}, {"3": "Whole 3", "1": "Whole 1"}]
    assert [one for one in said[2:] if "2" in one] == [
        {"3": "Whole 3", "2": "Preview 2"}
    ]  # 3: read again each time
    assert found[-1].pages == [] or found[-1].pages[-1].owed == 0

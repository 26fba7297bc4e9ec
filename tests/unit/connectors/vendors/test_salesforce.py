"""Salesforce: sign-in, the keyset, what is whose words, accounts joined, quota minded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from connectors.vendors.errors import VendorGarbled, VendorLimited
from connectors.vendors.http import Answer
from connectors.vendors.port import Connection, Cursor, Gone
from connectors.vendors.salesforce import Salesforce
from connectors.vendors.salesforce.limits import error_codes, pause_s, usage
from connectors.vendors.salesforce.mapping import Around, taken_of
from connectors.vendors.salesforce.options import SalesforceOptions
from connectors.vendors.values import iso
from contracts.errors import WrongUsage
from contracts.feedback import FeedbackBody
from tests.support.vendors.clock import NOW, FakeTime
from tests.support.vendors.drained import Drained, polled
from tests.support.vendors.keys import p256, rsa_2048
from tests.support.vendors.salesforce import OPTIONS, SimulatedSalesforce, case, note_content, row, sf_id
from tests.support.vendors.server import Asked, Said, html_page

SECRET = {"client_secret": "s3cret"}
DAY = timedelta(days=1)
EMPLOYEE, PORTAL = {"UserType": "Standard"}, {"UserType": "CspLitePortal", "Email": "ada@example.org"}


def drained(
    force: SimulatedSalesforce,
    stream: str = "cases",
    since: Cursor | None = None,
    time: FakeTime | None = None,
    credentials: Mapping[str, str] = SECRET,
    **options: Any,
) -> Drained:
    def answer(asked: Asked) -> Said:
        force.url = f"http://{asked.headers['host']}"
        return force(asked)

    return polled(Salesforce(), answer, OPTIONS | options, credentials, since, time, stream)[0]


def body(got: Drained, name: str, n: int) -> FeedbackBody:
    return FeedbackBody.model_validate(got.said[sf_id(name, n)])


def test_a_case_is_its_subject_and_description_with_its_account_joined() -> None:
    owner = row("Account", 7, NOW - DAY, Tier__c="Enterprise", ARR__c=24_000)
    force = SimulatedSalesforce(
        {"Account": [owner], "Case": [case(1, NOW - DAY, AccountId=sf_id("Account", 7))]}
    )
    got = body(drained(force), "Case", 1)
    assert (got.text, got.author, got.resolution) == ("Export 1\n\nExport 1 fails", "ada1@example.org", "New")
    assert (got.account, got.tier, got.mrr) == (sf_id("Account", 7), "enterprise", 2000.0)
    assert (got.author_role, got.second_hand) == ("customer", False)


def test_a_case_that_an_employee_wrote_is_second_hand() -> None:
    written = case(1, NOW - DAY, Origin="Phone", SuppliedEmail=None, CreatedBy=EMPLOYEE)
    got = body(drained(SimulatedSalesforce({"Case": [written]})), "Case", 1)
    assert (got.author_role, got.second_hand) == ("agent", True)


def test_accounts_are_customers_with_configured_fields() -> None:
    rows = [
        row("Account", 1, NOW - DAY, Tier__c="Gold", ARR__c=1200, Number__c="A-1"),
        row("Account", 2, NOW - DAY, Tier__c=None, ARR__c=None, Number__c="A-2"),
        row("Account", 3, NOW - DAY, Number__c=None),
    ]
    options = {"account_key": "Number__c", "tiers": {"Gold": "business"}}
    got = drained(SimulatedSalesforce({"Account": rows}), "accounts", **options).customers
    assert {name: (one.tier, one.mrr) for name, one in got.items()} == {
        "A-1": ("business", 100.0),
        "A-2": ("unknown", None),
    }


def test_an_account_goes_by_the_same_name_in_what_is_said() -> None:
    owner = row("Account", 7, NOW - DAY, Number__c="A-7")
    force = SimulatedSalesforce(
        {"Account": [owner], "Case": [case(1, NOW - DAY, AccountId=sf_id("Account", 7))]}
    )
    assert body(drained(force, account_key="Number__c"), "Case", 1).account == "A-7"


def of_case(name: str, n: int, **fields: Any) -> dict[str, Any]:
    return row(name, n, NOW - DAY + timedelta(minutes=n), ParentId=sf_id("Case", 1), **fields)


def with_case(name: str, *rows: dict[str, Any]) -> SimulatedSalesforce:
    owner = row("Account", 7, NOW - DAY, Tier__c="pro")
    return SimulatedSalesforce(
        {"Account": [owner], "Case": [case(1, NOW - DAY, AccountId=sf_id("Account", 7))], name: list(rows)}
    )


def test_incoming_mail_is_the_customers_and_what_we_answered_before_is_context() -> None:
    force = with_case(
        "EmailMessage",
        of_case("EmailMessage", 1, Incoming=False, TextBody="Try 4.3", MessageDate=iso(NOW - DAY)),
        of_case("EmailMessage", 2, Incoming=True, TextBody="Still fails", FromAddress="a@b.example"),
        of_case("EmailMessage", 3, Incoming=False, TextBody="Sorry", MessageDate=iso(NOW)),
    )
    got = drained(force, "emails")
    assert list(got.said) == [sf_id("EmailMessage", 2)]
    told = body(got, "EmailMessage", 2)
    assert [(turn.role, turn.text) for turn in told.context] == [("agent", "Try 4.3")]
    assert (told.text, told.tier, told.account) == ("Still fails", "pro", sf_id("Account", 7))


def test_the_mail_that_opened_a_case_is_not_said_twice() -> None:
    opening = of_case(
        "EmailMessage",
        1,
        Incoming=True,
        TextBody=" Export 1\r\n fails ",
        Parent={"Description": "Export 1 fails"},
    )
    assert drained(with_case("EmailMessage", opening), "emails").said == {}


def test_nor_is_one_of_html_alone() -> None:
    html = "<html><body><p>Export 1<br>fails &amp; burns</p></body></html>"
    opened = {"Description": "Export 1\nfails & burns"}
    opening = of_case("EmailMessage", 1, Incoming=True, TextBody=None, HtmlBody=html, Parent=opened)
    assert drained(with_case("EmailMessage", opening), "emails").said == {}


def test_what_was_emptied_is_gone() -> None:
    made = iso(NOW - 2 * DAY)
    emptied = {"Subject": None, "Description": None}
    force = SimulatedSalesforce(
        {"Case": [case(1, NOW - DAY, **emptied, CreatedDate=made), case(2, NOW - DAY, **emptied)]}
    )
    got = drained(force)
    assert (got.said, got.gone) == ({}, [sf_id("Case", 1)])


def test_comments_of_customers_are_said_answers_are_not_and_internal_ones_are_second_hand() -> None:
    force = with_case(
        "CaseComment",
        of_case("CaseComment", 1, CommentBody="Look here", IsPublished=True, CreatedBy=EMPLOYEE),
        of_case("CaseComment", 2, CommentBody="It is worse", IsPublished=True, CreatedBy=PORTAL),
        of_case("CaseComment", 3, CommentBody="She is angry", IsPublished=False, CreatedBy=EMPLOYEE),
    )
    got = drained(force, "comments")
    theirs, noted = body(got, "CaseComment", 2), body(got, "CaseComment", 3)
    assert (len(got.said), theirs.second_hand, noted.second_hand) == (2, False, True)
    assert (theirs.author, [turn.text for turn in theirs.context]) == ("ada@example.org", ["Look here"])


def test_tasks_are_second_hand_and_filed_mails_are_not_read() -> None:
    told = {"WhatId": sf_id("Account", 7), "WhoId": sf_id("Contact", 1)}
    force = with_case(
        "Task",
        row("Task", 1, NOW - DAY, Subject="Call", Description="They want SSO", TaskSubtype="Call", **told),
        row("Task", 2, NOW - DAY, Subject="Email: hi", Description="Dear …", TaskSubtype="Email", **told),
        row("Task", 3, NOW - DAY, Subject="Call back"),
    )
    got = drained(force, "tasks")
    task = body(got, "Task", 1)
    assert (len(got.said), task.second_hand, task.account) == (1, True, sf_id("Account", 7))


def test_private_notes_are_gone() -> None:
    force = with_case(
        "Note",
        of_case("Note", 1, Title="Visit", Body="They churn over exports", IsPrivate=False),
        of_case("Note", 2, Title="Mine", Body="My diary", IsPrivate=True),
    )
    got = drained(force, "notes")
    assert (list(got.said), got.gone) == ([sf_id("Note", 1)], [sf_id("Note", 2)])
    assert body(got, "Note", 1).account == sf_id("Account", 7)


@pytest.mark.parametrize("encoded", [True, False])
def test_the_body_of_a_content_note_is_fetched(encoded: bool) -> None:
    html = "<p>They need <b>SSO</b> &amp; audit</p>"
    there = f"/services/data/v59.0/sobjects/ContentNote/{sf_id('ContentNote', 1)}/Content"
    force = with_case(
        "ContentNote", row("ContentNote", 1, NOW - DAY, Title="QBR", Content=there, TextPreview="They")
    )
    force.notes[sf_id("ContentNote", 1)] = note_content(html) if encoded else html.encode()
    link = {"ContentDocumentId": sf_id("ContentNote", 1), "LinkedEntityId": sf_id("Case", 1)}
    force.rows["ContentDocumentLink"] = [link]
    got = body(drained(force, "content_notes"), "ContentNote", 1)
    assert (got.text, got.account, got.second_hand) == (f"QBR\n\n{html}", sf_id("Account", 7), True)


def test_turns_of_a_call_that_customers_spoke_are_said() -> None:
    turns = [
        row("ConversationEntry", n, NOW - DAY, ActorType=who, Message=f"Turn {n}", EntryTime=iso(NOW - DAY))
        for n, who in enumerate(("Agent", "EndUser", "Bot", "EndUser", "System"))
    ]
    got = drained(SimulatedSalesforce({"ConversationEntry": turns}), "transcripts", transcripts={})
    assert [one["text"] for one in got.said.values()] == ["Turn 1", "Turn 3"]


def test_a_call_in_one_text_says_only_what_the_customer_said() -> None:
    text = (
        "Agent (Bo): How are you?\n[00:12] Customer: Exports time out.\nEvery day.\nAgent: Oh.\nCustomer: Yes"
    )
    call = row("ConversationEntry", 1, NOW - DAY, Message=text, EntryTime=iso(NOW - DAY))
    told = {"transcripts": {"speaker": None, "customers": ["Customer"]}}
    got = body(
        drained(SimulatedSalesforce({"ConversationEntry": [call]}), "transcripts", **told),
        "ConversationEntry",
        1,
    )
    assert got.text == "Exports time out.\nEvery day.\n\nYes"
    assert [turn.text for turn in got.context] == ["How are you?", "Oh."]


def test_thousands_of_rows_with_one_stamp_come_once_each() -> None:
    force = SimulatedSalesforce({"Case": [case(n, NOW - DAY) for n in range(95)]}, batch=4)
    got = drained(force, page_size=10)
    assert len(got.utterances) == len(got.said) == 95
    assert got.is_monotone


def test_the_next_poll_goes_on_after_the_last_row_and_reads_five_minutes_again() -> None:
    force = SimulatedSalesforce({"Case": [case(n, NOW - DAY + timedelta(minutes=n)) for n in range(30)]})
    first = drained(force)
    force.rows["Case"].append(case(99, NOW - DAY + timedelta(minutes=40)))
    second = drained(force, since=first.cursor)
    assert sf_id("Case", 99) in second.said
    assert len(second.said) == 7
    assert [first.cursor, *second.cursors] == sorted(
        [first.cursor, *second.cursors], key=lambda one: one.order
    )


def test_rows_that_surface_late_are_found() -> None:
    time = FakeTime()
    force = SimulatedSalesforce(now=time.now)
    for n in range(40):
        at = NOW + timedelta(minutes=n)
        force.rows.setdefault("Case", []).append(case(n, at, _late=240 if n % 2 else 0))
    cursor, said = None, set[str]()
    for _poll in range(16):
        got = drained(force, since=cursor, time=time)
        cursor, said = got.cursor or cursor, said | set(got.said)
        time.at_s += 200
    assert said == {sf_id("Case", n) for n in range(40)}


def test_the_last_five_minutes_wait() -> None:
    force = SimulatedSalesforce(
        {"Case": [case(1, NOW - timedelta(minutes=4)), case(2, NOW - timedelta(minutes=6))]}
    )
    assert list(drained(force).said) == [sf_id("Case", 2)]


def test_deleted_rows_are_gone() -> None:
    force = SimulatedSalesforce({"Case": [case(1, NOW - DAY, IsDeleted=True), case(2, NOW - DAY)]})
    got = drained(force)
    assert (got.gone, list(got.said)) == ([sf_id("Case", 1)], [sf_id("Case", 2)])


def test_the_comments_and_mails_of_a_case_that_was_merged_stay() -> None:
    merged = case(1, NOW - DAY, IsDeleted=True, MasterRecordId=sf_id("Case", 2))
    found = taken_of(
        "cases",
        merged,
        (),
        Around(SalesforceOptions.model_validate({"url": "https://x.example"} | OPTIONS), ""),
    )
    assert isinstance(found, Gone)
    assert (found.record_id, found.parts_stay) == (sf_id("Case", 1), True)
    force = SimulatedSalesforce({"Case": [merged]})
    drained(force)
    assert "MasterRecordId" in force.queries[0]


def test_a_session_that_is_no_longer_good_is_renewed_once() -> None:
    force = SimulatedSalesforce({"Case": [case(n, NOW - DAY) for n in range(30)]}, batch=5)
    seen = []

    def expire(rows: list[Any]) -> list[Any]:
        seen.append(len(rows))
        if len(seen) == 3:
            force.expire()
        return rows

    force.order = expire
    assert len(drained(force).said) == 30
    assert force.signed_in == 2


def test_signing_in_with_a_key_instead_of_a_secret() -> None:
    force = SimulatedSalesforce({"Case": [case(1, NOW - DAY)]})
    options = {"sign_in": "jwt_bearer", "username": "bot@acme.example"}
    got = drained(force, credentials={"private_key": rsa_2048()[0]}, **options)
    assert len(got.said) == 1


def test_a_refused_sign_in_says_the_code_and_no_more() -> None:
    with pytest.raises(WrongUsage, match="invalid_grant") as refused:
        drained(SimulatedSalesforce(), credentials={"client_secret": "wrong"})
    assert "ada" not in str(refused.value)


def test_an_instance_elsewhere_does_not_get_the_token() -> None:
    force = SimulatedSalesforce()
    answer = Said({"access_token": "t", "instance_url": "https://salesforce.com.example.org"})
    with pytest.raises(VendorGarbled, match="not its own"):
        polled(Salesforce(), lambda _asked: answer, OPTIONS, SECRET, stream="cases")
    assert force.queries == []


def test_a_used_up_day_waits() -> None:
    with pytest.raises(VendorLimited) as limited:
        drained(SimulatedSalesforce({"Case": [case(1, NOW - DAY)]}, used=15_000))
    assert limited.value.retry_after_s == 900


def test_a_tenth_of_the_day_is_left_to_others() -> None:
    with pytest.raises(VendorLimited):
        drained(SimulatedSalesforce({"Case": [case(1, NOW - DAY)]}, used=13_600))


def test_fields_that_are_not_there_are_not_asked_for() -> None:
    force = SimulatedSalesforce({"Case": [case(1, NOW - DAY)]})
    force.schema["Case"] -= {"SuppliedEmail", "Origin"}
    assert len(drained(force, fields={"app_version": "Version__c"}).said) == 1
    assert "SuppliedEmail" not in force.queries[0]
    assert "Version__c" not in force.queries[0]


def test_a_configured_field_becomes_a_fact() -> None:
    force = SimulatedSalesforce({"Case": [case(1, NOW - DAY, Version__c="4.2")]})
    force.schema["Case"].add("Version__c")
    assert body(drained(force, fields={"app_version": "Version__c"}), "Case", 1).app_version == "4.2"


def test_an_object_that_the_organisation_lacks_is_skipped() -> None:
    force = SimulatedSalesforce()
    del force.schema["Note"]
    assert drained(force, "notes").pages == []


def test_a_stream_that_nobody_asked_for_asks_nothing() -> None:
    force = SimulatedSalesforce({"Case": [case(1, NOW - DAY)]})
    assert drained(force, streams=["accounts"]).pages == []
    assert force.signed_in == 0


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (b'[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]', {"REQUEST_LIMIT_EXCEEDED"}),
        (b'{"errorCode":"X"}', {"X"}),
        (html_page().body, set()),
    ],
)
def test_errors_are_lists_objects_or_html(answer: bytes, codes: set[str]) -> None:
    assert error_codes(Answer(403, {}, answer)) == codes
    assert (pause_s(Answer(403, {}, answer), 10) is not None) is ("REQUEST_LIMIT_EXCEEDED" in codes)


def test_the_header_of_the_quota_is_read() -> None:
    assert usage("api-usage=25/15000; per-app-api-usage=17/250(appName=x)") == (25, 15_000)
    assert usage("per-app-api-usage=17/250(appName=x)") is None


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"sign_in": "jwt_bearer"}, "username"),
        ({"tier": "Tier__c FROM User"}, "tier"),
        ({"streams": ["leads"]}, "streams"),
        ({"tiers": {"Gold": "golden"}}, "tiers"),
        ({"url": "acme.my.salesforce.com"}, "url"),
    ],
)
def test_options_that_cannot_be_right_are_named(options: dict[str, Any], word: str) -> None:
    told = {"url": "https://acme.my.salesforce.com", **OPTIONS, **options}
    with pytest.raises(WrongUsage, match=word):
        Salesforce().check(Connection("acme", "salesforce", "acme", told, credential=SECRET.__getitem__))


def test_a_key_of_another_kind_is_refused() -> None:
    told = {"url": "https://x.example", **OPTIONS, "sign_in": "jwt_bearer", "username": "u"}
    with pytest.raises(WrongUsage, match="RSA"):
        Salesforce().check(
            Connection("acme", "salesforce", "acme", told, credential=lambda _which: p256()[0])
        )

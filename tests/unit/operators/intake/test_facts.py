"""What is kept of an item beside its text holds nothing that looks like personal data."""

from __future__ import annotations

import pytest

from contracts.feedback import FeedbackBody
from operators.intake.facts import account_id, facts_of, safe_label, safe_url, session_id


@pytest.mark.parametrize(
    "label",
    ["iPhone 15", "de_DE", "12.4.1", "solved (by agent)", "agent/owner", "München", "5.1.0 (20261020)"],
)
def test_a_plain_label_is_kept(label: str) -> None:
    assert safe_label(label) == label


@pytest.mark.parametrize(
    "label",
    [
        "a@b.example",
        "+44 20 7946 0958",
        "+44 (20) 7946 0958",
        "+44/20/7946/0958",
        "(202) 555-0143",
        "030/1234567",
        "jo(at)b.example",
        "4111 1111 1111 1111",
        "x" * 65,
        "<b>",
        "a\nb",
        "trailing\n",
        "",
        None,
    ],
)
def test_what_may_be_personal_is_dropped(label: str | None) -> None:
    assert safe_label(label) is None


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://desk.example/t/12?email=a@b.example#x", "https://desk.example/t/12"),
        ("https://user:secret@desk.example:8443/t/12", "https://desk.example:8443/t/12"),
        ("http://[2001:db8::1]:80/t", "http://[2001:db8::1]:80/t"),
        ("HTTPS://Desk.Example/T", "https://desk.example/T"),
    ],
)
def test_an_address_keeps_its_place_and_loses_the_rest(url: str, kept: str) -> None:
    assert safe_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://desk.example/u/jo@b.example",
        "https://desk.example/u/jo%40b.example",
        "https://desk.example/u/jo%2540b.example",
        "https://jo%40b.example/t",
        "https://desk.example/call/(202) 555-0143",
        "https://desk.example/call/+442079460958",
        "https://desk.example:99999/t",
        "https://desk.example:port/t",
        "https://[broken/t",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "mailto:jo@b.example",
        "not a url",
        "https:///nowhere",
        "https://x.example/" + "y" * 2000,
        "",
        None,
    ],
)
def test_an_address_that_is_none_or_names_a_person_is_dropped(url: str | None) -> None:
    assert safe_url(url) is None


def hashed(value: str) -> str:
    return f"{len(value):032d}"


def test_an_account_that_is_a_person_s_address_is_hashed() -> None:
    assert account_id(" boss@example.com ", hashed) == "account-" + "0" * 16


@pytest.mark.parametrize(("account", "kept"), [(" acme ", "acme"), ("  ", None), (None, None)])
def test_an_account_is_kept_without_its_blanks(account: str | None, kept: str | None) -> None:
    assert account_id(account, hashed) == kept


def test_no_field_passes_an_address_or_a_number_on() -> None:
    personal = "jo@b.example +44 20 7946 0958"
    fields = (
        "author_role",
        "account",
        "locale",
        "country",
        "app_version",
        "device",
        "resolution",
        "source_url",
    )
    body = FeedbackBody.model_validate({"text": "x", "author": personal} | dict.fromkeys(fields, personal))
    told = facts_of(body, source="s", author=None, account=None, hashed=hashed).model_dump_json()
    assert ("b.example" in told, "7946" in told) == (False, False)


def test_what_a_source_says_of_part_product_and_language_is_kept_as_labels() -> None:
    body = FeedbackBody(text="t", product="Maps", section="dislikes", language="de", second_hand=True)
    facts = facts_of(body, source="s", author=None, account=None, hashed=str)
    assert (facts.product, facts.section, facts.language_hint, facts.second_hand) == (
        "Maps",
        "dislikes",
        "de",
        True,
    )


def test_a_product_that_looks_like_an_address_is_not_kept() -> None:
    body = FeedbackBody(text="t", product="ask ann@example.com")
    assert facts_of(body, source="s", author=None, account=None, hashed=str).product is None


def test_what_was_hashed_is_hashed_once() -> None:
    def hashed(value: str) -> str:
        return "1234567890123456" if value == "jo@b.example" else "f" * 32

    assert account_id(account_id("jo@b.example", hashed), hashed) == "account-1234567890123456"
    assert session_id(session_id("jo@b.example", hashed), hashed) == "session-1234567890123456"
    assert session_id("s-81", hashed) == "s-81"

"""Intake: what becomes of a delivery, of its revisions, and of what people order about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.keys.vault import LocalVault
from contracts.commands import ReleaseQuarantined
from contracts.diversions import DeadLetter, Quarantined, Receipt
from contracts.feedback import Coordinates, CustomerUpdated
from contracts.stages import RedactedItem
from models.privacy.base import Redaction
from models.privacy.redactor import Redactor
from tests.support.steps import NOON, TOXIC, Journey

A, B = "The export to CSV is broken.", "The login page never opens."


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    journey.steps = {"journal": journey.steps["journal"]}
    yield journey
    journey.vault.close()


def applied(journey: Journey) -> list[tuple[int, int | None, bool]]:
    """Revision, what it replaces, whether it was withdrawn."""
    return [(r.revision, r.replaces, r.withdrawn) for r in journey.of("redacted", RedactedItem)]


def outcomes(journey: Journey) -> list[str]:
    return [r.outcome for r in journey.of("receipts", Receipt)]


def text_of(journey: Journey, item: RedactedItem) -> str:
    opened = journey.vault.open(item.tenant, item.text)
    assert opened is not None
    return opened.decode()


# -- revisions -----------------------------------------------------------------------------------------


def test_an_edit_and_its_undoing_are_three_revisions_each_replacing_the_last(journey: Journey) -> None:
    for text in (A, B, A):
        journey.deliver(text)
    assert applied(journey) == [(1, None, False), (2, 1, False), (3, 2, False)]


def test_a_redelivery_is_a_repeat(journey: Journey) -> None:
    journey.deliver(A)
    journey.deliver(A)
    assert (len(applied(journey)), outcomes(journey)) == (1, ["repeat"])


def test_another_rating_is_another_revision(journey: Journey) -> None:
    journey.deliver(A, rating=5)
    journey.deliver(A, rating=1)
    assert len(applied(journey)) == 2


def test_an_older_version_that_comes_late_changes_nothing(journey: Journey) -> None:
    journey.deliver(A, updated=10)
    journey.deliver(B, updated=5)
    assert (len(applied(journey)), outcomes(journey)) == (1, ["stale"])


def test_a_repeat_moves_the_source_s_time_on(journey: Journey) -> None:
    journey.deliver(A, updated=1)
    journey.deliver(A, updated=9)
    journey.deliver(B, updated=5)
    assert (len(applied(journey)), outcomes(journey)) == (1, ["repeat", "stale"])


def test_without_a_source_s_time_the_journal_s_order_counts(journey: Journey) -> None:
    journey.deliver(A, updated=10)
    journey.deliver(B)
    journey.deliver(A, updated=5)
    assert (len(applied(journey)), outcomes(journey)) == (2, ["stale"])


def test_what_waited_in_the_bulk_lane_gives_way_to_what_came_later(journey: Journey) -> None:
    journey.deliver(A, accepted=5)
    journey.deliver(B, accepted=3, waited=True)
    assert (len(applied(journey)), outcomes(journey)) == (1, ["stale"])


def test_what_waited_and_came_last_is_the_newest(journey: Journey) -> None:
    journey.deliver(A, accepted=5)
    journey.deliver(B, accepted=7, waited=True)
    assert (applied(journey)[-1], outcomes(journey)) == ((2, 1, False), [])


def test_a_source_s_time_counts_more_than_where_a_version_waited(journey: Journey) -> None:
    journey.deliver(A, accepted=5, updated=1)
    journey.deliver(B, accepted=3, updated=2, waited=True)
    assert (applied(journey)[-1], outcomes(journey)) == ((2, 1, False), [])


def test_what_nobody_let_wait_counts_in_the_journal_s_order_whatever_a_clock_said(journey: Journey) -> None:
    journey.deliver(A, accepted=5)
    journey.deliver(B, accepted=3)
    assert applied(journey)[-1] == (2, 1, False)


def test_the_same_record_of_two_tenants_is_two_items(journey: Journey) -> None:
    one, other = journey.deliver(A), journey.deliver(A, tenant="beta")
    assert one.item_id != other.item_id
    assert applied(journey) == [(1, None, False)] * 2


# -- quarantine and release ----------------------------------------------------------------------------


def test_a_toxic_item_goes_to_quarantine_and_nowhere_else(journey: Journey) -> None:
    journey.deliver(TOXIC)
    (held,) = journey.of("quarantine", Quarantined)
    assert (held.reason, applied(journey)) == ("toxic", [])


def test_a_toxic_edit_takes_the_standing_concerns_back(journey: Journey) -> None:
    journey.deliver(A)
    journey.deliver(TOXIC)
    assert applied(journey) == [(1, None, False), (2, 1, True)]
    assert text_of(journey, journey.of("redacted", RedactedItem)[-1]) == ""


def test_a_clean_edit_after_a_withdrawn_one_replaces_nothing(journey: Journey) -> None:
    for text in (A, TOXIC, B):
        journey.deliver(text)
    assert applied(journey)[-1] == (3, None, False)


def test_a_released_item_goes_on_as_it_came(journey: Journey) -> None:
    journey.deliver(TOXIC)
    journey.release()
    (item,) = journey.of("redacted", RedactedItem)
    assert (item.revision, text_of(journey, item)) == (1, TOXIC)
    assert item.id == "0-1-intake-0"


def test_a_second_release_is_a_repeat(journey: Journey) -> None:
    journey.deliver(TOXIC)
    journey.release()
    journey.release()
    assert (len(applied(journey)), outcomes(journey)) == (1, ["repeat"])


def test_a_release_after_a_newer_revision_is_stale(journey: Journey) -> None:
    journey.deliver(TOXIC)
    journey.deliver(A)
    journey.release()
    assert (applied(journey), outcomes(journey)) == ([(2, None, False)], ["stale"])


def test_a_release_still_counts_after_the_source_sent_it_again(journey: Journey) -> None:
    journey.deliver(TOXIC, updated=1)
    journey.deliver(TOXIC, updated=5)
    journey.release()
    assert (applied(journey), outcomes(journey)) == ([(1, None, False)], ["repeat"])


def test_a_release_of_what_never_came_is_stale(journey: Journey) -> None:
    held = journey.deliver(TOXIC).model_copy(update={"item_id": "another"})
    journey.order(ReleaseQuarantined(item=held))
    assert (applied(journey), outcomes(journey)) == ([], ["stale"])


# -- what cannot be read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "reason", "field"),
    [
        (b"{", "decode", None),
        (b"\xff", "decode", None),
        (b"[" * 2000, "decode", None),
        (b"[1]", "not_an_object", None),
        (b"{}", "invalid", "text"),
        (b'{"text": "  "}', "invalid", "text"),
        (b'{"text": 5}', "invalid", "text"),
        (b'{"text": "<br><p></p>"}', "invalid", "text"),
        (b'{"text": "x", "rating": 6}', "invalid", "rating"),
        (b'{"text": "x", "mrr": -1}', "invalid", "mrr"),
        (b'{"text": "x", "created_at": "2026-03-01T12:00:00"}', "invalid", "created_at"),
        (b'{"text": "x", "created_at": "0001-01-01T00:00:00+14:00"}', "invalid", "created_at"),
        (b'{"text": "x", "source_updated_at": "then"}', "invalid", "source_updated_at"),
        (b'{"text": "' + b"x" * 100_001 + b'"}', "invalid", "text"),
    ],
)
def test_a_broken_body_goes_to_the_dead_letters_with_its_reason_and_field(
    journey: Journey, raw: bytes, reason: str, field: str | None
) -> None:
    journey.put(_with_body(journey, raw))
    (letter,) = journey.of("dead-letters", DeadLetter)
    assert (letter.reason, letter.field, letter.stage) == (reason, field, "intake")
    assert journey.vault.open("acme", letter.original) == raw


def _with_body(journey: Journey, raw: bytes) -> bytes:
    from contracts.registry import write_record

    made = journey.deliver(A, record="other")
    journey.topics["redacted"].clear()
    return write_record(made.model_copy(update={"body": journey.vault.seal("acme", made.body.subject, raw)}))


def test_a_broken_body_s_message_holds_nothing_of_it(journey: Journey) -> None:
    journey.put(_with_body(journey, b'{"text": "x", "rating": "secret", "created_at": "secret"}'))
    assert "secret" not in journey.of("dead-letters", DeadLetter)[0].message


def test_what_the_connector_could_not_read_keeps_its_file_and_line(journey: Journey) -> None:
    journey.deliver("", unreadable="not valid CSV", raw=b'1,"x')
    (letter,) = journey.of("dead-letters", DeadLetter)
    assert letter.found_at == Coordinates(origin="feedback.csv", line=2)
    assert (letter.reason, letter.message) == ("unreadable", "not valid CSV")


def test_a_line_that_is_no_record_goes_to_the_dead_letters_as_it_is(journey: Journey) -> None:
    journey.put(b"\xff\x00 nothing")
    (letter,) = journey.of("dead-letters", DeadLetter)
    assert (letter.tenant, letter.found_at.origin) == ("nobody", "journal 0-0")
    assert journey.vault.open("nobody", letter.original) == b"\xff\x00 nothing"


def test_a_broken_edit_leaves_the_standing_revision(journey: Journey) -> None:
    journey.deliver(A)
    journey.put(_with_body(journey, b"{"))
    journey.topics["redacted"].clear()
    journey.deliver(B)
    assert applied(journey) == [(2, 1, False)]


def test_whose_key_is_gone_is_erased(journey: Journey) -> None:
    held = journey.deliver(TOXIC, author="ann")
    journey.vault.destroy("acme", held.body.subject)
    journey.release()
    assert (outcomes(journey), applied(journey)) == (["erased"], [])


# -- customers -----------------------------------------------------------------------------------------


def told(journey: Journey, account: str, tier: str, mrr: float | None, tenant: str = "acme") -> None:
    journey.put(journey.maker(tenant).customer(account, tier, mrr, NOON))


def facts(journey: Journey) -> Any:
    return journey.of("redacted", RedactedItem)[-1].facts


def test_an_item_takes_what_is_told_of_its_account_unless_it_says_so_itself(journey: Journey) -> None:
    told(journey, "acct", "enterprise", 500.0)
    journey.deliver(A, account="acct")
    assert (facts(journey).tier, facts(journey).mrr) == ("enterprise", 500.0)
    journey.deliver(B, account="acct", tier="free", mrr=0)
    assert (facts(journey).tier, facts(journey).mrr) == ("free", 0.0)


def test_what_is_told_of_an_account_is_for_its_own_tenant(journey: Journey) -> None:
    told(journey, "acct", "enterprise", 500.0, tenant="beta")
    journey.deliver(A, account="acct")
    assert facts(journey).tier == "unknown"


def test_a_customer_with_an_address_as_id_meets_its_items_and_does_not_show(journey: Journey) -> None:
    told(journey, " boss@example.com", "pro", 9.0)
    journey.deliver(A, account="boss@example.com ")
    (customer,) = journey.of("redacted", CustomerUpdated)
    assert customer.account == facts(journey).account
    assert ("@" in customer.account, facts(journey).tier) == (False, "pro")


# -- an erasure while the models read ---------------------------------------------------------------------


def test_who_is_erased_while_their_text_is_read_ends_no_partition(
    journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redact = Redactor.redact

    def erased_meanwhile(self: Redactor, texts: Sequence[str], languages: Sequence[str]) -> list[Redaction]:
        with closing(LocalVault(tmp_path / "keys")) as other:
            other.destroy("acme", journey.vault.subject("acme", "jo"))
        return redact(self, texts, languages)

    monkeypatch.setattr(Redactor, "redact", erased_meanwhile)
    journey.deliver(A, record="a", author="jo")
    monkeypatch.undo()
    journey.deliver(B, record="b", author="ann")
    jos, anns = journey.of("redacted", RedactedItem)
    assert journey.vault.open("acme", jos.text) is None
    assert text_of(journey, anns) == B

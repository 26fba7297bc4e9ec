"""Extract: concerns of each revision, what they take back, and what people confirm."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.keys.vault import LocalVault
from contracts.commands import Command, ConfirmConcern, Cutover
from contracts.diversions import ReviewRequest
from contracts.identity import concern_id
from contracts.registry import write_record
from contracts.stages import EnrichedItem
from models.encoders.base import Vectors
from models.encoders.hashing import KeywordEncoder
from models.labellers.decision import ConcernText, Decision
from models.review.worth import worth
from operators.extract.decisions import decision_record
from tests.support.steps import NOON, TOXIC, VAGUE, Journey, is_order, labeller

TWO = "The export to CSV is broken for large boards. Also, the invoice page shows no tax for our country."
ONE = "The login page never opens on my phone since the last update."


def last(journey: Journey) -> EnrichedItem:
    return journey.enriched()[-1]


def test_concerns_are_spans_of_the_redacted_text_named_after_item_revision_and_place(
    journey: Journey,
) -> None:
    journey.deliver(TWO + " Write to jo@example.com please.")
    item = last(journey)
    text = (journey.vault.open("acme", item.text) or b"").decode()
    assert [text[c.start : c.end][:10] for c in item.concerns] == ["The export", "Also, the "]
    assert [c.concern_id for c in item.concerns] == [concern_id(item.item_id, 1, n) for n in (0, 1)]
    assert "jo@example.com" not in text


def test_a_revision_takes_back_exactly_the_concerns_of_the_standing_one(journey: Journey) -> None:
    for text in (TWO, ONE, TWO):
        journey.deliver(text)
    first, second, third = journey.enriched()
    assert first.retracts == ()
    assert second.retracts == tuple(c.concern_id for c in first.concerns)
    assert third.retracts == tuple(c.concern_id for c in second.concerns)


def test_the_segment_is_the_plan_of_the_account_where_it_is_known(journey: Journey) -> None:
    journey.deliver(ONE, record="a", tier="enterprise")
    journey.deliver(ONE, record="b")
    assert [item.concerns[0].decision.segment for item in journey.enriched()] == ["enterprise", None]


def test_a_withdrawn_revision_takes_back_and_brings_nothing(journey: Journey) -> None:
    journey.deliver(TWO)
    journey.deliver(TOXIC)
    before, after = journey.enriched()
    assert (after.retracts, after.concerns) == (tuple(c.concern_id for c in before.concerns), ())


def test_what_is_released_after_a_withdrawal_takes_nothing_back_twice(journey: Journey) -> None:
    journey.deliver(TWO)
    journey.deliver(TOXIC)
    journey.release()
    assert (last(journey).revision, last(journey).retracts) == (2, ())
    assert last(journey).concerns


def test_whose_key_is_gone_has_no_concerns_and_the_old_ones_go(journey: Journey) -> None:
    journey.deliver(TWO)
    item = journey.topics["redacted"][-1]
    journey.vault.destroy("acme", item.text.subject)  # type: ignore[attr-defined]
    journey.pass_on("redacted", item.model_copy(update={"revision": 2, "replaces": 1, "id": "0-1-intake-0"}))
    assert (last(journey).concerns, len(last(journey).retracts)) == ((), 2)


def test_an_unclear_concern_is_asked_about_without_a_quote_where_names_may_be_in_it(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    (asked,) = journey.of("reviews", ReviewRequest)
    assert (asked.quote, asked.item.coverage) == (None, "structured")
    assert asked.concern.decision.needs_review


def test_a_confirmed_concern_is_handed_on_as_sure(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    journey.confirm()
    (concern,) = last(journey).concerns
    assert (concern.decision.needs_review, concern.decision.confidence_milli) == (False, 1000)
    assert (last(journey).id, last(journey).retracts) == ("0-1-extract-0", ())


def test_a_confirmation_that_comes_after_a_newer_revision_changes_nothing(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    journey.deliver(TWO)
    journey.confirm(0)
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)


def test_a_confirmation_by_another_tenant_changes_nothing(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    journey.confirm(tenant="beta")
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)


def test_what_is_not_feedback_goes_through_unchanged(journey: Journey) -> None:
    journey.tick()
    journey.put(journey.maker().customer("acct", "pro", 1.0, NOON))
    assert [write_record(r) for r in journey.topics["enriched"]] == [
        write_record(r) for r in journey.topics["journal"]
    ]


def decided(*evidence: tuple[int, int]) -> Decision:
    text = "The export to CSV is broken for large boards."
    (decision,) = labeller().label([ConcernText(text, "en", None)], KeywordEncoder().encode([text]))
    return replace(decision, evidence=evidence, needs_review=False, confidence_milli=900)


def test_quotes_that_are_in_the_concern_are_kept() -> None:
    record = decision_record(decided((0, 3), (3, 10)), "0123456789")
    assert (record.evidence, record.needs_review) == (((0, 3), (3, 10)), False)


@pytest.mark.parametrize("evidence", [((0, 11),), ((5, 5),), ((-1, 3),), ((4, 6), (2, 3)), ((0, 4), (3, 6))])
def test_quotes_that_are_not_in_the_concern_send_it_to_review(evidence: tuple[tuple[int, int], ...]) -> None:
    record = decision_record(decided(*evidence), "0123456789")
    assert (record.evidence, record.needs_review, record.confidence_milli) == ((), True, 0)


def test_a_cutover_leaves_a_mark_for_reviewers_and_goes_on(journey: Journey) -> None:
    order = Cutover(generation="g2")
    said = Command(id="0-0", tenant="*", event_time=NOON, ingested_at=NOON, author="ann", order=order)
    assert [out.topic for out in journey.steps["redacted"].on_records([said])] == ["reviews", "enriched"]


def test_a_question_says_what_its_answer_is_worth_and_the_likeliest_categories(journey: Journey) -> None:
    journey.deliver(VAGUE[0], tier="enterprise")
    (asked,) = journey.of("reviews", ReviewRequest)
    decision = asked.concern.decision
    assert asked.worth_milli == worth(decision.confidence_milli, decision.severity, "enterprise") > 0
    assert asked.options[:2] == (decision.category, decision.runner_up)


def test_every_decision_has_an_action_and_a_confirmation_looks_it_up_again(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    (asked,) = journey.of("reviews", ReviewRequest)
    journey.confirm()
    (concern,) = last(journey).concerns
    assert asked.concern.decision.action_rule
    assert concern.decision.action_rule != "not-understood"


def test_who_is_erased_while_their_text_is_encoded_ends_no_partition(
    journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = KeywordEncoder.encode

    def erased_meanwhile(self: KeywordEncoder, texts: Sequence[str]) -> Vectors:
        with closing(LocalVault(tmp_path / "keys")) as other:
            other.destroy("acme", journey.vault.subject("acme", "jo"))
        return encode(self, texts)

    monkeypatch.setattr(KeywordEncoder, "encode", erased_meanwhile)
    journey.deliver(ONE, record="a", author="jo")
    monkeypatch.undo()
    journey.deliver(ONE, record="b", author="ann")
    jos, anns = journey.enriched()
    assert journey.vault.open("acme", jos.concerns[0].summary) is None
    assert journey.vault.open("acme", anns.concerns[0].summary)

"""What models and people decide of a concern after it went on: at their own place, once, if it still stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.answers import AnswerSetAside, ConcernAnswer, ConcernNotes
from contracts.commands import ConfirmConcern, CorrectConcern, Correction, DismissConcern
from contracts.diversions import ReviewRequest
from contracts.registry import read_record, write_record
from contracts.stages import EnrichedItem
from models.encoders.hashing import KeywordEncoder
from models.labellers.bound import ReviewBound
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from operators.extract.standing import Standing
from operators.extract.step import ExtractStep
from tests.support.steps import PROVENANCE, VAGUE, Journey, is_order, labeller

TWO = "The export to CSV is broken for large boards. Also, the invoice page shows no tax for our country."


@pytest.fixture
def journey(journey: Journey) -> Journey:
    journey.deliver(TWO)
    return journey


def last(journey: Journey) -> EnrichedItem:
    return journey.enriched()[-1]


def refused(journey: Journey) -> list[str]:
    return [record.reason for record in journey.of("receipts", AnswerSetAside)]


def test_an_answer_decides_one_concern_at_its_own_place_and_says_who_gave_it(journey: Journey) -> None:
    first = last(journey)
    journey.answer(first, 1, category="billing", severity="high")
    now = last(journey)
    (concern,) = now.concerns
    assert (concern.concern_id, concern.vector) == (first.concerns[1].concern_id, first.concerns[1].vector)
    decision = concern.decision
    assert (decision.category, decision.severity, decision.provisional) == ("billing", "high", False)
    said = now.provenance
    assert (said.model, said.provider, said.route, said.cost_micro_usd) == ("m-1", "here", "small", 7)
    assert (now.id, now.event_time, now.retracts) == ("0-1-extract-0", first.event_time, ())


def test_a_models_own_words_are_sealed_and_no_label_is_its_own_invention(journey: Journey) -> None:
    journey.answer(
        last(journey),
        note="Jo Canary says so",
        explanation="Jo Canary",
        sublabel="canary",
        product_area="canary",
        root_cause="canary",
        suggested_action="canary",
        intent="canary",
        segment="canary",
        runner_up="canary",
        entities=("canary",),
    )
    now = last(journey)
    assert b"anary" not in write_record(now)
    notes = now.concerns[0].notes
    opened = notes and journey.vault.open("acme", notes)
    assert ConcernNotes.model_validate_json(opened or b"").explanation == "Jo Canary says so"


def test_an_equal_answer_changes_nothing_the_second_time(journey: Journey) -> None:
    item = last(journey)
    journey.answer(item)
    journey.answer(item)
    assert (len(journey.enriched()), refused(journey)) == (2, ["it was applied before"])
    journey.answer(item, model="m-2")
    assert len(journey.enriched()) == 3


def test_an_answer_about_a_replaced_revision_changes_nothing(journey: Journey) -> None:
    item = last(journey)
    journey.deliver("The login page never opens on my phone.")
    journey.answer(item)
    assert refused(journey) == ["a newer revision stands"]


def test_what_a_person_decided_no_answer_changes(journey: Journey) -> None:
    item = last(journey)
    journey.correct(item, Correction(category="billing"))
    journey.dismiss(item, 1)
    for n in (0, 1):
        journey.answer(item, n)
    assert refused(journey) == ["a person has decided"] * 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"category": "invented"}, "it names a category that is not in the taxonomy"),
        ({"evidence": ((0, 5000),)}, "its evidence is not in the concern"),
        ({"evidence": ((5, 9), (3, 6))}, "its evidence is not in the concern"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_set_aside(
    journey: Journey, said: dict[str, Any], reason: str
) -> None:
    journey.answer(last(journey), **said)
    assert refused(journey) == [reason]


def test_an_answer_that_is_unreadable_or_about_nothing_is_set_aside(journey: Journey) -> None:
    item = last(journey)
    unreadable = journey.answering(item, 0, "m", b"{}")
    for record in (
        unreadable,
        unreadable.model_copy(update={"item": None}),
        unreadable.model_copy(update={"tenant": "beta"}),
        unreadable.model_copy(update={"concern_id": item.concerns[1].concern_id}),
    ):
        journey.put(write_record(record))
    asked = "it does not say what was asked"
    assert refused(journey) == ["it is not readable", asked, asked, asked]


def test_words_sealed_under_another_key_are_set_aside(journey: Journey) -> None:
    item = last(journey)
    said = ConcernAnswer(decision=item.concerns[0].decision).model_dump_json().encode()
    record = journey.answering(item, 0, "m", said)
    elsewhere = record.answer.model_copy(update={"subject": "another"})
    journey.put(write_record(record.model_copy(update={"answer": elsewhere})))
    assert refused(journey) == ["it is sealed under somebody else's key"]


def test_words_that_a_labeller_with_other_keys_sealed_are_set_aside(journey: Journey) -> None:
    record = journey.answering(last(journey), 0, "m", b"{}")
    altered = record.answer.model_copy(update={"ciphertext": f"AAAA{record.answer.ciphertext[4:]}"})
    journey.put(write_record(record.model_copy(update={"answer": altered})))
    assert refused(journey) == ["it does not open with its key"]


def test_an_answer_about_an_erased_person_is_set_aside(journey: Journey) -> None:
    item = last(journey)
    record = journey.answering(item, 0, "m", b"{}")
    journey.vault.destroy("acme", item.text.subject)
    journey.put(write_record(record))
    assert refused(journey) == ["its subject was erased"]


@pytest.mark.parametrize("said", [{"needs_review": True}, {"confidence_milli": 699}])
def test_a_model_that_is_unsure_sends_the_concern_to_a_person_now(
    journey: Journey, said: dict[str, Any]
) -> None:
    journey.answer(last(journey), **said)
    assert last(journey).concerns[0].decision.needs_review
    (asked,) = journey.of("reviews", ReviewRequest)
    assert (asked.due, asked.concern.decision.provisional) == (None, False)


def test_an_answer_takes_a_concern_out_of_review_and_a_confirmation_then_changes_nothing(
    journey: Journey,
) -> None:
    journey.deliver(VAGUE[0], record="r2")
    journey.answer(last(journey))
    assert not last(journey).concerns[0].decision.needs_review
    journey.confirm()
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)


def test_a_concern_is_confirmed_once_and_only_if_it_waits(journey: Journey) -> None:
    journey.deliver(VAGUE[0], record="r2")
    journey.confirm()
    journey.confirm()
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)
    assert isinstance(journey.topics["enriched"][-2], EnrichedItem)


def test_a_correction_replaces_labels_and_what_follows_from_them(journey: Journey) -> None:
    item = last(journey)
    journey.correct(item, Correction(category="billing", sentiment="positive"))
    decision = last(journey).concerns[0].decision
    was = item.concerns[0].decision
    assert (decision.category, decision.runner_up, decision.severity) == (
        "billing",
        was.category,
        was.severity,
    )
    assert (decision.sentiment, decision.sentiment_milli) == ("positive", 500)
    assert (decision.confidence_milli, decision.provisional, decision.needs_review) == (1000, False, False)
    assert None not in (decision.product_area, decision.suggested_action)


def test_a_dismissed_concern_is_told_once_and_can_be_brought_back_by_a_person_alone(journey: Journey) -> None:
    item = last(journey)
    journey.dismiss(item)
    assert (last(journey).concerns, last(journey).dismissed) == ((), (item.concerns[0].concern_id,))
    journey.dismiss(item)
    assert is_order(journey.topics["enriched"][-1], DismissConcern)
    journey.correct(item, Correction(severity="high"))
    assert last(journey).concerns[0].decision.severity == "high"


def test_orders_about_what_stands_no_more_go_on_as_they_came(journey: Journey) -> None:
    item = last(journey)
    journey.deliver("The login page never opens on my phone.")
    journey.correct(item, Correction(severity="high"))
    journey.dismiss(item)
    orders = journey.topics["enriched"][-2:]
    assert [is_order(o, kind) for o, kind in zip(orders, (CorrectConcern, DismissConcern), strict=True)] == [
        True,
        True,
    ]


def test_a_concern_that_comes_back_with_another_encoders_vector_gets_ours(journey: Journey) -> None:
    item = last(journey)
    foreign = item.concerns[0].vector
    assert foreign is not None
    concern = item.concerns[0].model_copy(
        update={"vector": foreign.model_copy(update={"model": "other", "data": ""})}
    )
    journey.answer(item.model_copy(update={"concerns": (concern,)}))
    assert last(journey).concerns[0].vector == foreign


def test_a_concern_in_review_is_due_when_a_model_had_its_time(journey: Journey) -> None:
    patient = ExtractStep(
        journey.vault, KeywordEncoder(), labeller(), PROVENANCE, answers_within=timedelta(minutes=90)
    )
    journey.steps["redacted"] = patient
    received = journey.deliver(VAGUE[0], record="r9")
    asked = journey.of("reviews", ReviewRequest)[-1]
    assert asked.due == received.event_time + timedelta(minutes=90)
    journey.now = datetime.max.replace(tzinfo=UTC)  # nothing is after it
    received = journey.deliver(VAGUE[0], record="r10")
    assert journey.of("reviews", ReviewRequest)[-1].due == received.event_time


def test_a_tenant_has_a_bound_of_its_own_for_local_labels_and_for_answers(journey: Journey) -> None:
    strict = LocalLabeller(
        load_taxonomy(None)[0], KeywordEncoder(), review_below=ReviewBound(0, {"acme": 1_000})
    )
    journey.steps["redacted"] = ExtractStep(journey.vault, KeywordEncoder(), strict, PROVENANCE)
    for tenant in ("acme", "globex"):
        journey.deliver("Billing charged my card twice this month", record=f"{tenant}-1", tenant=tenant)
    items = journey.enriched()[-2:]
    assert [item.concerns[0].decision.needs_review for item in items] == [True, False]
    answered = []
    for item in items:
        journey.answer(item)
        answered.append(last(journey).concerns[0].decision.needs_review)
    assert answered == [True, False]


def test_a_row_says_the_same_after_the_state_log() -> None:
    row = Standing(3, 4).answered(2, "mark", waits=True).decide(0).dismiss(3)
    assert Standing.decode(row.encode()) == row
    assert Standing.decode(Standing(3, 4).encode()) == Standing(3, 4)
    assert len(Standing(3, 4).encode()) == 2


def test_what_is_told_is_a_record_of_its_topic(journey: Journey) -> None:
    journey.dismiss(last(journey))
    told = last(journey)
    assert read_record("enriched", write_record(told)) == told

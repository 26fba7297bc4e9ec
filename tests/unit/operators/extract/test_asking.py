"""People are asked about categories that a taught model is unsure of; the concern goes on, and their word teaches."""

from __future__ import annotations

from contracts.commands import ConfirmConcern, Correction
from contracts.diversions import ReviewRequest
from contracts.stages import EnrichedItem
from models.encoders.hashing import KeywordEncoder
from models.review.worth import worth
from operators.extract.step import ExtractStep
from tests.support.laws import assert_batching_law
from tests.support.steps import PROVENANCE, VAGUE, Journey, extract, is_order, labeller

SAID = "The gantry view of our hangar plan is empty for the night crew, take"


def delivered(journey: Journey, many: int, tenant: str = "acme") -> list[EnrichedItem]:
    before = len(journey.enriched())
    for n in range(before, before + many):
        journey.deliver(f"{SAID} {n}", record=f"r{n}", tenant=tenant)
    return list(journey.enriched()[before:])


def taught(journey: Journey, tenant: str = "acme") -> None:
    journey.correct(delivered(journey, 1, tenant)[0], Correction(category="login"))


def asked(journey: Journey) -> list[ReviewRequest]:
    return list(journey.of("reviews", ReviewRequest))


def test_nobody_is_asked_about_what_goes_on_where_nobody_has_taught(journey: Journey) -> None:
    taught(journey, "beta")
    delivered(journey, 10)
    assert asked(journey) == []


def test_once_somebody_has_taught_some_of_what_goes_on_is_asked_about(journey: Journey) -> None:
    taught(journey)
    delivered(journey, 10)
    (first, *_) = asked(journey)
    assert 1 < len(asked(journey)) <= 4
    decision = first.concern.decision
    assert (first.reason, decision.needs_review, first.item.concerns) == (
        *("category_unsure", False),
        (first.concern,),
    )
    assert first.category_milli is not None
    assert first.worth_milli == worth(
        decision.confidence_milli, decision.severity, category_milli=first.category_milli
    )


def test_what_waits_is_worth_what_it_teaches_too(journey: Journey) -> None:
    taught(journey)
    journey.deliver(VAGUE[0], record="vague")
    told = asked(journey)[-1]
    decision = told.concern.decision
    assert told.reason == "low_confidence"
    assert told.worth_milli == worth(
        decision.confidence_milli, decision.severity, category_milli=told.category_milli
    )
    assert told.category_milli is not None


def test_a_confirmation_of_what_went_on_settles_it_once_and_teaches(journey: Journey) -> None:
    taught(journey)
    delivered(journey, 2)
    for _ in range(2):
        journey.confirm(0)
    settled = journey.enriched()[-1].concerns[0]
    assert (settled.concern_id, settled.decision.provisional, settled.decision.confidence_milli) == (
        *(asked(journey)[0].concern.concern_id, False),
        1000,
    )
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)
    models = journey.steps["redacted"].tables["learning"]  # type: ignore[attr-defined]
    assert models["acme/category/small"]["n"][0] == 2


def test_a_confirmation_of_what_a_model_has_decided_since_changes_nothing(journey: Journey) -> None:
    taught(journey)
    (item,) = delivered(journey, 1)
    journey.answer(item, category="billing")
    journey.confirm(0)
    assert is_order(journey.topics["enriched"][-1], ConfirmConcern)


def test_at_none_nobody_is_asked(journey: Journey) -> None:
    journey.steps["redacted"] = ExtractStep(
        journey.vault, KeywordEncoder(), labeller(), PROVENANCE, ask_one_in=0
    )
    taught(journey)
    delivered(journey, 5)
    assert asked(journey) == []


def test_questions_obey_the_law_of_batches_and_restores(journey: Journey) -> None:
    taught(journey)
    delivered(journey, 9)
    journey.confirm(0)
    delivered(journey, 9)
    assert_batching_law(lambda: extract(journey.vault), journey.topics["redacted"], [0.2, 0.5, 0.9])

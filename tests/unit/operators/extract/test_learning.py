"""Corrections teach a tenant's own models at their own place; promoted ones label that tenant's concerns alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.commands import Correction, DirectModel
from contracts.envelope import EVERYONE
from contracts.learning import ModelEvent
from contracts.stages import EnrichedItem
from tests.support.laws import assert_batching_law
from tests.support.steps import Journey, extract

pytestmark = pytest.mark.lengthy

SAID = (
    ("The gantry view of our hangar plan is empty for the night crew", "bug"),
    ("Our hangar plan should print the gantry names for auditors", "feature_request"),
)
"""Sentences that the untrained labeller files elsewhere, and what people call them here."""


def corrected(journey: Journey, many: int, label: str = "login", tenant: str = "acme") -> None:
    """Deliver and correct so many concerns of one kind."""
    for n in range(many):
        journey.deliver(f"{SAID[n % 2][0]}, take {n}", record=f"{tenant}-{label}-{n}", tenant=tenant)
        journey.correct(journey.enriched()[-1], Correction(category=label))


def events(journey: Journey) -> Sequence[ModelEvent]:
    return journey.of("model-events", ModelEvent)


def said_now(journey: Journey, tenant: str = "acme") -> EnrichedItem:
    journey.deliver(f"{SAID[0][0]}, and now", record="now", tenant=tenant)
    return journey.enriched()[-1]


def test_fifty_corrections_promote_a_model_for_that_tenant_alone(journey: Journey) -> None:
    corrected(journey, 50)
    trained, promoted = events(journey)
    assert (trained.event, promoted.event, promoted.version, promoted.before) == (
        *("trained", "promoted", "2.1.50", "2.0.0"),
    )
    assert (promoted.role, promoted.corrections, promoted.author) == ("category", 50, "extract")
    decision = said_now(journey).concerns[0].decision
    assert (decision.category, decision.provisional) == ("login", True)
    assert (decision.category_milli or 0) > 500
    assert said_now(journey, "beta").concerns[0].decision.category != "login"


def test_a_person_rolls_back_and_pins_by_order(journey: Journey) -> None:
    corrected(journey, 50)
    command = journey.order(DirectModel(role="category", act="roll_back", why="audit"))
    told = events(journey)[-1]
    assert (told.event, told.version, told.author, told.order_id) == (
        "rolled_back",
        "2.0.0",
        "ann",
        command.id,
    )
    assert said_now(journey).concerns[0].decision.category != "login"
    journey.order(DirectModel(role="category", act="promote", version="7.0.0", why="no such"))
    assert events(journey)[-1].event == "refused"


def test_an_order_about_nobodys_model_changes_nothing(journey: Journey) -> None:
    order = journey.order(DirectModel(role="category", act="pin", why="all of them"), EVERYONE)
    assert (list(events(journey)), journey.topics["enriched"]) == ([], [order])


def test_what_is_confirmed_counts_as_much_as_what_is_corrected(journey: Journey) -> None:
    journey.deliver("hm")
    waiting = journey.enriched()[-1].concerns[0].decision
    journey.confirm()
    models = journey.steps["redacted"].tables["learning"]  # type: ignore[attr-defined]
    assert waiting.needs_review
    assert [models[f"acme/{role}/small"]["n"][0] for role in ("category", "sentiment", "severity")] == [1] * 3


def test_who_is_erased_teaches_nothing(journey: Journey) -> None:
    journey.deliver(SAID[0][0], author="jo@example.org")
    item = journey.enriched()[-1]
    journey.vault.destroy("acme", item.text.subject)
    journey.correct(item, Correction(category="bug"))
    extract_step = journey.steps["redacted"]
    assert extract_step.tables["learning"].keys() == []  # type: ignore[attr-defined]


def test_learning_obeys_the_law_of_batches_and_restores(journey: Journey) -> None:
    corrected(journey, 52)
    journey.order(DirectModel(role="category", act="pin", why="keep"))
    corrected(journey, 4, "trust")
    journey.deliver(SAID[1][0], record="last")
    assert_batching_law(lambda: extract(journey.vault), journey.topics["redacted"], [0.3, 0.5, 0.9])


def test_with_a_new_month_every_model_that_was_corrected_is_a_retrain_candidate_once(
    journey: Journey,
) -> None:
    corrected(journey, 3)
    before = len(events(journey))
    journey.tick(1)
    assert len(events(journey)) == before
    for _ in range(2):
        journey.tick(24 * 40)
    (told,) = events(journey)[before:]
    assert (told.event, told.tenant, told.metrics) == ("retrain_candidate", "acme", {"corrections_since": 3})
    assert told.reason.startswith("monthly: 3 corrections since")


def test_the_month_is_told_alike_after_a_restart(journey: Journey) -> None:
    corrected(journey, 3)
    for _ in range(3):
        journey.tick(24 * 20)
    records = journey.topics["redacted"]
    assert_batching_law(lambda: extract(journey.vault), records, (0.4, 0.7, len(records) - 2))

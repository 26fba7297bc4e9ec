"""A category that a reviewer adds acts from its place on, for that tenant alone, and is learned like any other."""

from __future__ import annotations

import random
from typing import Any

import pytest

from contracts.answers import AnswerSetAside
from contracts.commands import AddLabel, Command, Correction
from contracts.diversions import ReviewRequest
from contracts.stages import Decision, EnrichedItem
from models.encoders.base import EncoderAway, Vectors
from models.encoders.guarded import GuardedEncoder
from models.encoders.hashing import KeywordEncoder
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from operators.extract.reading import Standby
from operators.extract.step import ExtractStep
from tests.support.laws import assert_batching_law
from tests.support.steps import PROVENANCE, Journey, extract, feedback, labeller

pytestmark = pytest.mark.lengthy

CARD = "The gift card code was not accepted"


def gift_cards(**other: Any) -> AddLabel:
    said = {"description": "Gift cards.", "product_area": "payments", "name": "gift_cards"}
    return AddLabel.model_validate({"exemplars": ("The gift card code is not accepted",), **said, **other})


def item(journey: Journey, text: str = CARD, tenant: str = "acme") -> EnrichedItem:
    journey.deliver(text, record=f"{len(journey.topics['journal'])}", tenant=tenant)
    return journey.enriched()[-1]


def decision(journey: Journey, text: str = CARD, tenant: str = "acme") -> Decision:
    return item(journey, text, tenant).concerns[0].decision


def test_what_comes_behind_it_has_it_for_that_tenant_alone(journey: Journey) -> None:
    before = item(journey)
    command = journey.order(gift_cards())
    after = item(journey)
    assert before.concerns[0].decision.category != "gift_cards"
    assert after.concerns[0].decision.category == "gift_cards"
    assert (before.provenance.taxonomy, after.provenance.taxonomy) == ("t", "2+gift_cards")
    assert decision(journey, tenant="beta").category != "gift_cards"
    assert [record.id for record in journey.of("enriched", Command)] == [command.id]


def test_without_a_rule_of_its_own_that_of_its_area_says_what_is_to_be_done(journey: Journey) -> None:
    journey.order(gift_cards())
    told = decision(journey)
    assert (told.action_rule, told.action_owner) == ("billing", "payments team")
    journey.order(gift_cards(role="bug"))
    assert (decision(journey).bug, decision(journey).action_rule) == (True, "defect")


def test_who_reviews_is_offered_it_and_may_correct_to_it(journey: Journey) -> None:
    journey.order(gift_cards())
    journey.deliver("hm")
    assert "gift_cards" in journey.of("reviews", ReviewRequest)[-1].options
    journey.correct(item(journey, "The hangar plan is empty"), Correction(category="gift_cards"))
    told = journey.enriched()[-1]
    assert (told.concerns[0].decision.category, told.concerns[0].decision.product_area) == (
        "gift_cards",
        "payments",
    )
    assert told.provenance.taxonomy == "2+gift_cards"


def test_an_answer_may_say_it_from_then_on(journey: Journey) -> None:
    early = item(journey)
    journey.answer(early, category="gift_cards")
    assert "not in the taxonomy" in journey.of("receipts", AnswerSetAside)[-1].reason
    journey.order(gift_cards())
    journey.answer(early, category="gift_cards")
    assert journey.enriched()[-1].concerns[0].decision.category == "gift_cards"


def test_the_latest_of_a_name_counts_and_a_name_of_the_file_changes_nothing(journey: Journey) -> None:
    journey.order(gift_cards(name="billing"))
    assert item(journey).provenance.taxonomy == "t"
    journey.order(gift_cards())
    journey.order(gift_cards(exemplars=("Hangar plans are empty",)))
    assert decision(journey, "Hangar plans are empty again").category == "gift_cards"
    assert decision(journey).category != "gift_cards"


def test_no_words_of_it_are_in_the_clear_in_state(journey: Journey) -> None:
    journey.order(gift_cards())
    rows = list(journey.steps["redacted"].tables["classes"].drain())  # type: ignore[attr-defined]
    assert [key for key, _ in rows] == ["acme"]
    assert "accepted" not in repr(rows)


def taught(journey: Journey, many: int) -> None:
    """Sentences about hangar plans, which nobody would file under gift cards, are that here."""
    for n in range(many):
        about = item(journey, f"The gantry view of our hangar plan is empty, take {n}")
        journey.correct(about, Correction(category="gift_cards"))


def test_the_tenants_model_learns_it_and_forgets_nothing(journey: Journey) -> None:
    for n in range(52):
        about = item(journey, f"Our hangar doors should print the names, take {n}")
        journey.correct(about, Correction(category="login"))
    journey.order(gift_cards())
    taught(journey, 1)
    models = journey.steps["redacted"].tables["learning"]  # type: ignore[attr-defined]
    assert models["acme/category/small"]["n"][0] == 53
    assert decision(journey, "Our hangar doors should print the names").category == "login"
    assert decision(journey).category == "gift_cards"  # which the promoted version never learned


def test_a_model_that_was_taught_it_is_promoted_with_it(journey: Journey) -> None:
    journey.order(gift_cards())
    taught(journey, 50)
    told = decision(journey, "The gantry view of our hangar plan is empty, and now")
    assert (told.category, (told.category_milli or 0) > 500) == ("gift_cards", True)


def test_models_that_were_never_taught_it_keep_their_rows(journey: Journey) -> None:
    def rows() -> dict[str, Any]:
        table = journey.steps["redacted"].tables["learning"]  # type: ignore[attr-defined]
        return {key: table[key] for key in table}

    journey.correct(item(journey, "Our hangar doors should print"), Correction(category="login"))
    before = rows()
    journey.order(gift_cards())
    item(journey)
    assert rows() == before


@pytest.mark.parametrize("seed", [1, 2])
def test_it_obeys_the_law_of_batches_and_restores(journey: Journey, seed: int) -> None:
    draw = random.Random(seed)
    for n in range(40):
        feedback(journey, draw)
        if n in (8, 9, 25):
            journey.order(gift_cards(name=draw.choice(("gift_cards", "vouchers")), role="bug"))
        if n > 10 and journey.enriched()[-1].concerns:
            label = draw.choice(("gift_cards", "vouchers", "billing"))
            journey.correct(journey.enriched()[-1], Correction(category=label))
    records = journey.topics["redacted"]
    at = [n for n, one in enumerate(records) if isinstance(one, Command) and isinstance(one.order, AddLabel)]
    assert len(at) == 3
    assert_batching_law(
        lambda: extract(journey.vault), records, [at[0], at[0] + 1, at[1] + 1, at[2] + 3, 0.9]
    )


class Fickle(KeywordEncoder):
    """Away while told so; raises on a word of some texts."""

    away = False

    def encode(self, texts: Any) -> Vectors:
        if self.away:
            raise ConnectionError
        if any("poison" in text for text in texts):
            raise ZeroDivisionError
        return super().encode(texts)


def fickle(journey: Journey) -> tuple[Fickle, ExtractStep]:
    raw = Fickle()
    encoder = GuardedEncoder(raw)
    made = LocalLabeller(load_taxonomy(None)[0], encoder)
    step = ExtractStep(journey.vault, encoder, made, PROVENANCE, standby=Standby(KeywordEncoder(), labeller))
    journey.steps["redacted"] = step
    return raw, step


def test_an_exemplar_that_the_encoder_cannot_bear_adds_nothing(journey: Journey) -> None:
    fickle(journey)
    journey.order(gift_cards(exemplars=("poison",)))
    assert item(journey).provenance.taxonomy == "t"


def test_while_the_encoder_is_away_keywords_know_it_too(journey: Journey) -> None:
    raw, _ = fickle(journey)
    raw.away = True
    journey.order(gift_cards())
    assert decision(journey).category == "gift_cards"
    raw.away = False
    assert decision(journey).category == "gift_cards"


def test_without_keywords_to_stand_by_an_encoder_that_is_away_stops_the_stage(journey: Journey) -> None:
    raw = Fickle()
    encoder = GuardedEncoder(raw)
    made = LocalLabeller(load_taxonomy(None)[0], encoder)
    journey.steps["redacted"] = ExtractStep(journey.vault, encoder, made, PROVENANCE)
    raw.away = True
    with pytest.raises(EncoderAway):
        journey.order(gift_cards())

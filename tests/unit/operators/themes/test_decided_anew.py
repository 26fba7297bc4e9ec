"""Themes when something else is decided of a concern: it stays, leaves for review, comes back, or goes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contracts.commands import ConfirmConcern
from contracts.stages import Assignment
from models.encoders.hashing import KeywordEncoder
from tests.support.steps import Journey, one_of, text_about

TOPICS = ("invoice", "export", "login", "map")


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey, draw = Journey(tmp_path), random.Random(1)
    for n in range(40):
        journey.deliver(text_about(TOPICS[n % 4], draw), record=f"r{n}", author=f"p{n}@example.com")
    yield journey
    journey.vault.close()


def changes(journey: Journey, concern: str) -> list[Assignment]:
    return [one for one in journey.of("assignments", Assignment) if one.concern_id == concern]


def test_a_concern_that_is_relabelled_stays_where_it_is_and_says_what_it_is_now(journey: Journey) -> None:
    item = journey.enriched()[-1]
    name = item.concerns[0].concern_id
    *_, before = changes(journey, name)
    journey.answer(item, severity="critical", sentiment="negative")
    *_, after = changes(journey, name)
    assert (after.change, after.theme, after.sequence) == ("relabelled", before.theme, before.sequence + 1)
    assert after.about is not None
    assert after.about.decision.severity == "critical"


def test_the_index_knows_the_new_labels(journey: Journey) -> None:
    item = journey.enriched()[-1]
    journey.answer(item, category="praise")
    anything = np.ones(KeywordEncoder().dims, np.int16)
    found = journey.index.similar_items("acme", anything, limit=50, where={"category": "praise"})
    assert item.concerns[0].concern_id in {one.concern_id for one in found}


def test_a_doubted_concern_leaves_its_theme_and_goes_on_counting_its_changes_when_it_comes_back(
    journey: Journey,
) -> None:
    item = journey.enriched()[-1]
    name = item.concerns[0].concern_id
    count = len(changes(journey, name))
    journey.answer(item, needs_review=True)
    *_, gone = changes(journey, name)
    assert (gone.change, gone.theme, gone.reason.startswith("nobody is sure")) == ("retracted", None, True)
    journey.order(ConfirmConcern(concern_id=name, item=one_of(journey.enriched()[-1], 0)))
    back = changes(journey, name)[count + 1]
    assert (back.change in ("assigned", "waiting"), back.sequence, back.about is not None) == (
        True,
        count + 2,
        True,
    )
    assert journey.ledger().check() == []


def test_a_dismissed_concern_is_no_concern_any_more(journey: Journey) -> None:
    item = journey.enriched()[-1]
    name = item.concerns[0].concern_id
    journey.dismiss(item)
    *_, gone = changes(journey, name)
    assert (gone.change, gone.reason) == ("retracted", "a person said that it is no concern")
    assert journey.ledger().concern(name) == "filtered"
    assert journey.ledger().check() == []

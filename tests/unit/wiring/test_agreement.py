"""What is told of a model: which version labels, and how often it was right by what people confirm and correct."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.commands import ConfirmConcern, CorrectConcern, Correction
from contracts.registry import read_record
from contracts.stages import EnrichedItem
from models.learning.role import RoleModel
from tests.support.runs import RunBuilder
from wiring.datadir import DataDir
from wiring.views.models import Model, agreement
from wiring.views.topics import Topics


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    with closing(RunBuilder(tmp_path)) as run:
        yield run


def shown(run: RunBuilder, text: str, tier: str = "pro") -> EnrichedItem:
    run.item(text, tier=tier)
    item = read_record("enriched", run.lines["enriched"][-1])
    assert isinstance(item, EnrichedItem)
    return item


def test_a_confirmation_says_that_the_label_was_right(run: RunBuilder) -> None:
    right, wrong = shown(run, "the map is slow"), shown(run, "charged twice", "business")
    run.command(ConfirmConcern(concern_id=right.concerns[0].concern_id, item=right))
    corrected = Correction(category="some other")
    run.command(CorrectConcern(concern_id=wrong.concerns[0].concern_id, item=wrong, correction=corrected))
    told = agreement(Topics(DataDir(run.write()).logs), run.tenant, "category")
    assert told["said by"] == {"local": {"answers": 2, "agreed": 0.5}}
    assert told["tier"] == {
        "business": {"answers": 1, "agreed": 0.0},
        "pro": {"answers": 1, "agreed": 1.0},
    }


def test_a_correction_of_something_else_says_nothing_of_the_label(run: RunBuilder) -> None:
    item = shown(run, "the map is slow")
    severe = Correction(severity="high")
    run.command(CorrectConcern(concern_id=item.concerns[0].concern_id, item=item, correction=severe))
    assert agreement(Topics(DataDir(run.write()).logs), run.tenant, "category") == {}


def test_before_anything_is_promoted_the_untrained_version_labels() -> None:
    assert Model("acme", "category", ()).labelling == RoleModel(("bug", "other"), 2).champion.name

"""Refusals and nonsense alike send only a few of a tenant's concerns to people; then local decisions stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.labelling.store import LabellingStore
from contracts.envelope import Envelope
from models.labelling.asking import Outcome, Verdict
from models.llm.verify.reasons import Fault
from tests.support.steps import NOON
from wiring.labelling.trust import RARE, Trust

Doubtful = tuple[Verdict, Fault]
REFUSED: Doubtful = ("left_to_people", "refused")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LabellingStore]:
    found = LabellingStore(tmp_path / "labelling.sqlite")
    yield found
    found.close()


def reviewed(store: LabellingStore, doubtful: Doubtful, told: list[Envelope], many: int = 4) -> int:
    """A turn of so many concerns, all answered so; how many go to people."""
    trust = Trust(store, told.extend)
    outcomes = {f"k{n}": Outcome(doubtful[0], faults=(doubtful[1],)) for n in range(many)}
    trust.keep("acme", trust.weigh("acme", dict.fromkeys(outcomes, 1), outcomes), NOON)
    return sum(one.verdict == doubtful[0] for one in outcomes.values())


@pytest.mark.parametrize("doubtful", [REFUSED, ("left_to_people", "leak"), ("unbelieved", "not_json")])
def test_a_model_that_never_helps_fills_no_queue_and_it_is_told_once(
    store: LabellingStore, doubtful: Doubtful
) -> None:
    told: list[Envelope] = []
    assert sum(reviewed(store, doubtful, told) for _ in range(20)) == RARE
    assert len(told) == 1


def test_a_rare_refusal_goes_to_a_person_as_ever(store: LabellingStore) -> None:
    told: list[Envelope] = []
    store.keep_outcomes("acme", [True] * 190 + [False] * (RARE - 1), 200)
    assert reviewed(store, REFUSED, told, many=1) == 1
    assert told == []

"""``undercurrent models`` on a finished run: people correct, a model is promoted, and taken back in one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.letters import open_desk
from connectors.kafka.names import GENERATION, PREFIX
from contracts.commands import CorrectConcern, Correction
from contracts.errors import StopWorker
from contracts.stages import EnrichedItem
from models.learning.role import UNTRAINED
from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from wiring.appending import Given


@pytest.fixture
def taught(own_copy: Path) -> Path:
    """A run of whose concerns sixty were corrected."""
    desk = open_desk(own_copy, own_copy, GENERATION, PREFIX, None)
    items = {one.item_id: one for _, one in desk.topics.records("enriched") if isinstance(one, EnrichedItem)}
    given = []
    for item in [one for one in items.values() if one.concerns][:60]:
        concern = item.concerns[0]
        shown = item.model_copy(update={"concerns": (concern,), "retracts": ()})
        said = Correction(category="trust", severity="high")
        order = CorrectConcern(concern_id=concern.concern_id, item=shown, correction=said)
        given.append(Given(item.tenant, order))
    with desk.orders() as orders:
        orders.give("ann", given)
    told = undercurrent("events", "add", "release", "1", "--tenant", "local", "--dir", own_copy)
    assert told.code == 0  # the flow has gone on to the journal's end
    return own_copy


def test_a_promoted_model_is_listed_shown_compared_and_rolled_back(taught: Path) -> None:
    rows = {row["role"]: row for row in undercurrent("models", "ls", "--dir", taught, "--json").json}
    assert (rows["category"]["version"], rows["category"]["retrain_candidates"]) == ("2.1.50", 0)
    shown = undercurrent("models", "show", "category", "--dir", taught, "--json").json
    assert [one["event"] for one in shown["events"]] == ["trained", "promoted"]
    assert sum(one["answers"] for one in shown["agreement"]["said by"].values()) == 60
    why = ("--author", "ann", "--reason", "audit", "--dir", taught)
    told = undercurrent("models", "rollback", "category", *why, "--json")
    assert (told.code, told.json["became"]["event"], told.json["became"]["version"]) == (
        0,
        "rolled_back",
        "2.0.0",
    )
    assert undercurrent("models", "diff", "category", "2.0.0", "2.1.50", "--dir", taught).code == 0
    refused = undercurrent("models", "promote", "category", "9.9.9", *why, "--json")
    assert (refused.code, refused.json["became"]["event"]) == (4, "refused")
    rows = {row["role"]: row for row in undercurrent("models", "ls", "--dir", taught, "--json").json}
    assert (rows["category"]["newest"], rows["category"]["corrections"]) == ("2.1.50", 50)


def test_a_rollback_that_was_killed_and_is_given_again_goes_one_step_back(
    taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = ("--author", "ann", "--reason", "audit", "--dir", taught)
    assert undercurrent("models", "promote", "category", "2.2.60", *why).code == 0

    def killed(*_told: object) -> None:
        raise StopWorker("killed")

    with monkeypatch.context() as patch:
        patch.setattr("cli.letters.finish", killed)
        assert undercurrent("models", "rollback", "category", *why).code == 1
    again = undercurrent("models", "rollback", "category", *why, "--json")
    assert (again.code, again.json["became"]["event"]) == (4, "refused")
    rows = {row["role"]: row for row in undercurrent("models", "ls", "--dir", taught, "--json").json}
    assert rows["category"]["version"] == "2.1.50"


def test_without_corrections_the_untrained_model_labels(ran: Ran) -> None:
    assert f"the untrained one, {UNTRAINED}" in undercurrent("models", "ls", "--dir", ran.out).out
    told = undercurrent("models", "show", "category", "--dir", ran.out)
    assert (told.code, "undercurrent review" in told.err) == (2, True)


def test_a_model_that_there_is_not_is_told_with_those_that_there_are(ran: Ran) -> None:
    told = undercurrent("models", "show", "nonsense", "--dir", ran.out)
    assert (told.code, "nonsense: roles are category, sentiment, severity" in told.err) == (2, True)

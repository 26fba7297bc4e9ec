"""The door: what is known of a run's themes and orders from its topics alone, and what is refused there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.steering import LinkConcerns, MergeThemes, MoveConcern, PinTheme, SplitTheme
from models.themes.constraints import Constraints
from operators.themes.step import ThemesStep
from tests.unit.operators.themes.test_orders import WHY, Steered, concern, steer
from wiring.ordering import Scene, scene_of
from wiring.views.ledger import as_of, history
from wiring.views.topics import Place

pytestmark = pytest.mark.lengthy


class Read:
    """The topics of a journey, as a data directory would give them."""

    def __init__(self, journey: Steered) -> None:
        self.journey = journey

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        for n, record in enumerate(self.journey.topics.get(topic, [])):
            yield Place(0, n), record


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Steered]:
    journey = Steered(tmp_path)
    yield journey.fill()
    journey.vault.close()


def scene(journey: Steered) -> Scene:
    return scene_of(Read(journey), "acme")


def in_stage(journey: Steered) -> Constraints:
    step = journey.steps["enriched"]
    assert isinstance(step, ThemesStep)
    return step._tenant("acme").engine.constraints


def test_the_door_knows_the_same_constraints_as_the_stage(journey: Steered) -> None:
    steer(journey)
    at_the_door, in_force = scene(journey).constraints(), in_stage(journey)
    assert {kind: set(rows) for kind, rows in at_the_door.rows.items()} == {
        kind: set(rows) for kind, rows in in_force.rows.items()
    }
    assert at_the_door.units() == in_force.units()


def test_the_door_and_the_stage_forget_the_place_that_a_later_split_replaces(journey: Steered) -> None:
    (one, members), (other, others), *_ = journey.members().items()
    moved, example, mate = concern(members[0]), concern(others[0]), concern(others[1])
    journey.order(MoveConcern(concern=moved, to=journey.ref(other), reason=WHY))
    journey.order(LinkConcerns(together=True, concerns=(moved, example, mate), reason=WHY))
    split = journey.order(SplitTheme(theme=journey.ref(one), examples=(example,), reason=WHY))
    rows = [constraints.rows["placed"] for constraints in (scene(journey).constraints(), in_stage(journey))]
    assert rows[0] == rows[1]
    assert {name: row.by.order_id for name, row in rows[0].items()} == dict.fromkeys(
        (moved.concern_id, example.concern_id, mate.concern_id), split.id
    )


def test_an_order_against_an_earlier_one_is_refused_and_names_it(journey: Steered) -> None:
    one, other, *_ = journey.members()
    pin = journey.order(PinTheme(theme=journey.ref(one), reason=WHY))
    order = MergeThemes(theme=scene(journey).root(one), into=scene(journey).root(other), reason=WHY)
    assert pin.id in (scene(journey).refusal(order) or "")


def test_a_theme_is_named_by_five_of_its_members_or_more(journey: Steered) -> None:
    theme, members = next(iter(journey.members().items()))
    named = scene(journey).root(theme[:6])
    assert named.theme_id == theme
    assert len(named.anchors) >= 5
    assert set(named.anchors) <= {one.concern_id for one in members}


def test_concerns_come_with_their_item_and_their_vector(journey: Steered) -> None:
    _, members = next(iter(journey.members().items()))
    (found,) = scene(journey).concerns([members[0].concern_id], Read(journey))
    assert (found.item_id, found.vector is not None) == (concern(members[0]).item_id, True)


def test_what_nobody_knows_is_wrong_usage(journey: Steered) -> None:
    with pytest.raises(WrongUsage, match="no such theme"):
        scene(journey).root("no")
    with pytest.raises(WrongUsage, match="no concern"):
        scene(journey).concerns(["no"], Read(journey))


def test_the_themes_of_an_earlier_time_are_those_that_were_there_then(journey: Steered) -> None:
    journey.tick(1)
    then = {theme: {one.concern_id for one in members} for theme, members in journey.members().items()}
    at = journey.now
    journey.tick(1)
    journey.fill(count=30, seed=5)
    assert {one.theme_id: set(one.members) for one in as_of(Read(journey), "acme", at)} == then


def test_the_history_of_a_theme_has_its_birth_and_what_was_ordered(journey: Steered) -> None:
    theme = next(iter(journey.members()))
    journey.order(PinTheme(theme=journey.ref(theme), reason=WHY))
    events = [event.event for event in history(Read(journey), "acme", frozenset({theme}))]
    assert (events[0], events[-1]) == ("born", "pinned")

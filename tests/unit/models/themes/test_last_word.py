"""Where a concern is: the later of two orders that say it counts, and what contradicts a link is refused."""

from __future__ import annotations

import pytest

from contracts.steering import DecideProposal, LinkConcerns, MoveConcern, SplitTheme, ThemeOrder
from models.themes.changes import Ordered
from models.themes.constraints import By
from models.themes.engine import ThemeEngine
from tests.property.test_theme_engine import POLICY, stream
from tests.support.steering import WHY, concern, members_of, ref


class Steered:
    """An engine with two hundred concerns, whose orders are numbered."""

    def __init__(self) -> None:
        self.engine, self.orders = ThemeEngine("acme", POLICY), 0
        self.names = [point.concern_id for point in stream(1, count=200)]
        for point in stream(1, count=200):
            self.engine.add(point)

    def themes(self) -> list[tuple[str, list[str]]]:
        """Themes of one language and their members, the largest first."""
        found = members_of(self.engine, self.names)
        here = [one for one in found.items() if self.engine.places.group_of(one[0]) == "en"]
        return sorted(here, key=lambda pair: (-len(pair[1]), pair[0]))

    def of_another_language(self) -> tuple[str, list[str]]:
        """A theme of another language and its members."""
        found = members_of(self.engine, self.names)
        return next(one for one in found.items() if self.engine.places.group_of(one[0]) != "en")

    def order(self, order: ThemeOrder) -> Ordered:
        """Give an order; what was said of it."""
        self.orders += 1
        by = By(f"0-{self.orders}", order.verb, "ann")
        return next(one for one in self.engine.steer(order, by) if isinstance(one, Ordered))

    def split(self, theme: str, *examples: str) -> Ordered:
        """Split a theme by examples."""
        members = dict(self.themes())[theme]
        return self.order(
            SplitTheme(theme=ref(theme, members), examples=tuple(map(concern, examples)), reason=WHY)
        )

    def move(self, name: str, theme: str) -> Ordered:
        """Put a concern into a theme."""
        members = dict(self.themes())[theme]
        return self.order(MoveConcern(concern=concern(name), to=ref(theme, members), reason=WHY))

    def link(self, *names: str, together: bool) -> Ordered:
        """Link concerns, or keep them apart."""
        return self.order(LinkConcerns(concerns=tuple(map(concern, names)), together=together, reason=WHY))

    def approve_split(self, theme: str, *examples: str) -> Ordered:
        """Approve a split that the engine may have proposed long ago."""
        anchors, found = ref(theme, dict(self.themes())[theme]), tuple(map(concern, examples))
        return self.order(
            DecideProposal(proposal="p", approve=True, act="split", theme=anchors, examples=found, reason=WHY)
        )

    def placed(self) -> dict[str, tuple[str, str]]:
        """Where people put which concerns, and by which orders."""
        rows = self.engine.constraints.rows["placed"]
        return {name: (row.values[0], row.by.order_id) for name, row in rows.items()}


@pytest.fixture
def steered() -> Steered:
    return Steered()


def test_a_split_takes_an_example_from_where_a_person_had_put_it(steered: Steered) -> None:
    (_, members), (other, others), *_ = steered.themes()
    steered.move(members[0], other)
    new = steered.split(other, members[0], others[0]).other_theme
    assert new is not None
    assert steered.engine.theme_of(members[0]) == new
    assert steered.placed() == {members[0]: (new, "0-2"), others[0]: (new, "0-2")}


def test_a_move_takes_a_concern_out_of_the_theme_that_it_founded(steered: Steered) -> None:
    (one, members), (other, _), *_ = steered.themes()
    new = steered.split(one, *members[:2]).other_theme
    assert new is not None
    steered.move(members[0], other)
    assert [steered.engine.theme_of(name) for name in members[:2]] == [other, new]
    assert steered.placed() == {members[0]: (other, "0-2"), members[1]: (new, "0-1")}


def test_a_split_takes_along_what_is_linked_to_an_example(steered: Steered) -> None:
    (_, members), (other, others), *_ = steered.themes()
    steered.move(members[0], other)
    steered.link(members[0], others[0], together=True)
    new = steered.split(other, others[0]).other_theme
    assert {steered.engine.theme_of(name) for name in (members[0], others[0])} == {new}


def test_what_is_linked_and_gone_does_not_hold_a_split_back(steered: Steered) -> None:
    (_, members), (other, others), *_ = steered.themes()
    gone, example = sorted((members[0], others[0]))
    steered.move(gone, other)
    steered.link(gone, example, together=True)
    steered.engine.remove(gone)
    new = steered.split(other, example).other_theme
    assert steered.engine.theme_of(example) == new
    assert {theme for theme, _ in steered.placed().values()} == {new}


@pytest.mark.parametrize("approved", [False, True])
def test_examples_that_are_kept_apart_are_refused(steered: Steered, approved: bool) -> None:
    one, members = steered.themes()[0]
    steered.link(*members[:2], together=False)
    before = steered.placed()
    told = (steered.approve_split if approved else steered.split)(one, *members[:2])
    assert (told.event, steered.placed()) == ("refused", before)
    assert "order 0-1" in told.why


@pytest.mark.parametrize("approved", [False, True])
def test_examples_of_another_language_are_refused(steered: Steered, approved: bool) -> None:
    one = steered.themes()[0][0]
    _, strangers = steered.of_another_language()
    told = (steered.approve_split if approved else steered.split)(one, strangers[0])
    assert (told.event, steered.placed()) == ("refused", {})
    assert "another language" in told.why


def test_an_approved_split_of_concerns_that_are_gone_waits_for_a_person(steered: Steered) -> None:
    one = steered.themes()[0][0]
    assert steered.approve_split(one, "gone", "gone too").event == "unresolved"

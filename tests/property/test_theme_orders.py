"""What people ordered holds at every output: in a stream, after a restore, and in a run with other themes."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from contracts.steering import ThemeOrder
from models.themes.changes import Change, Point
from models.themes.constraints import By, Constraints
from models.themes.engine import ThemeEngine
from tests.property.test_theme_engine import POLICY, Log, stream
from tests.support.steering import People, Promises, members_of

SEEDS = (3, 7, 8, 13, 15, 35, 63)
"""In each of these streams a person splits a theme by a concern that somebody had put elsewhere before."""
FIRST = 60
"""Concerns before the first order."""
EVERY = 6


class Session:
    """An engine that people steer while a stream flows through it; what broke a promise is in ``broken``."""

    def __init__(self, engine: ThemeEngine) -> None:
        self.engine = engine
        self.promises = Promises(engine)
        self.taken = 0
        self.given: dict[int, ThemeOrder] = {}
        self.said: list[Change] = []
        self.broken: list[str] = []

    def play(
        self, points: Sequence[Point], orders: Mapping[int, ThemeOrder] | People, start: int = 0
    ) -> Session:
        """Every point from ``start`` on, a retraction now and then, and the orders at their places."""
        for i, point in enumerate(points[start:], start):
            self._heard([*self.engine.tick(point.at_s), *self.engine.add(point)])
            if i % 11 == 0 and i >= 40:
                self._heard(self.engine.remove(points[i - 40].concern_id))
            order = orders.get(i) if isinstance(orders, Mapping) else self._drawn(i, points, orders)
            if order is not None:
                changes = self.engine.steer(order, By(f"0-{i}", order.verb, "ann"))
                self.taken += self.promises.take(i, order, changes)
                self._heard(changes)
        return self

    def _drawn(self, i: int, points: Sequence[Point], people: People) -> ThemeOrder | None:
        if i <= FIRST or i % EVERY:
            return None
        names = [point.concern_id for point in points[: i + 1]]
        waiting = [name for name in names[-60:] if self.engine.waits(name)]
        order = people.order(members_of(self.engine, names), waiting)
        if order is not None:
            self.given[i] = order
        return order

    def _heard(self, changes: Sequence[Change]) -> None:
        self.said += changes
        self.broken += self.promises.broken(changes)


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_hold_at_every_output_and_in_a_second_run_with_other_themes(seed: int) -> None:
    points = stream(seed, count=360)
    first = Session(ThemeEngine("acme", POLICY)).play(points, People(random.Random(seed)))
    other = replace(POLICY, move_margin=0.02, pass_every=37, warm_up=30)
    second = Session(ThemeEngine("other", other)).play(points, first.given)
    assert (first.broken, second.broken) == ([], [])
    assert min(first.taken, second.taken) > len(first.given) / 3


@pytest.mark.parametrize(("seed", "cuts"), [(3, [70, 359]), (13, [246, 247]), (15, [115, 201]), (63, [247])])
def test_a_steered_engine_restored_at_any_point_goes_on_alike(seed: int, cuts: list[int]) -> None:
    points = stream(seed, count=360)
    expected = Session(ThemeEngine("acme", POLICY)).play(points, People(random.Random(seed)))
    session, log, done = Session(ThemeEngine("acme", POLICY)), Log(), 0
    for cut in [*cuts, len(points)]:
        session.play(points[:cut], expected.given, done)
        log.drain(session.engine)
        session.engine, done = log.restored(session.engine), cut
        session.promises.engine = session.engine
    assert session.said == expected.said


@pytest.mark.parametrize("seed", [0, 1, 8, 15])
def test_constraints_come_back_from_their_rows(seed: int) -> None:
    session = Session(ThemeEngine("acme", POLICY)).play(stream(seed, count=240), People(random.Random(seed)))
    constraints, fresh = session.engine.constraints, Constraints()
    for kind, rows in constraints.rows.items():
        for name in rows:
            key = f"{kind}|{name}"
            fresh.load(key, json.loads(json.dumps(constraints.encode(key))))
    assert fresh.rows == constraints.rows
    assert fresh.units() == constraints.units()


def test_two_hundred_orders_hold_in_the_stream_in_a_replay_and_in_a_second_run() -> None:
    points = stream(1, count=1320)
    first = Session(ThemeEngine("acme", POLICY)).play(points, People(random.Random(1)))
    again = Session(ThemeEngine("acme", POLICY)).play(points, first.given)
    other = replace(POLICY, move_margin=0.02, pass_every=37, warm_up=30)
    second = Session(ThemeEngine("other", other)).play(points, first.given)
    assert len(first.given) > 200
    assert [*first.broken, *again.broken, *second.broken] == []
    assert again.said == first.said

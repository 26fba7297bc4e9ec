"""Which generation's concerns may be answered into the live journal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.kafka.names import Naming
from contracts.errors import RecoveryRefused, StopWorker
from wiring.kafka.publishing.marks import Position
from wiring.kafka.running import Site
from wiring.labelling import on_kafka
from wiring.labelling.labeller import Turn

NO_CLUSTER: Any = None


def site(generation: str) -> Site:
    return Site(NO_CLUSTER, Naming(generation=generation), Path("d"), 1)


def test_only_the_active_generation_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    active = {("themes", 0): Position("g1", 5)}
    monkeypatch.setattr(on_kafka, "active_positions", lambda *_told: active)
    on_kafka._refuse_other(site("g1"))
    with pytest.raises(RecoveryRefused, match="cut over to it first"):
        on_kafka._refuse_other(site("g2"))


def test_before_anything_is_published_any_generation_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_kafka, "active_positions", lambda *_told: {})
    on_kafka._refuse_other(site("g2"))


def test_another_generation_becoming_active_stops_it_and_a_rollback_lets_it_go_on() -> None:
    now, said, others = [0.0], list[str](), [""]

    def active() -> str:
        if others[0] == "away":
            raise StopWorker("the broker does not answer")
        return others[0]

    looking = on_kafka.Looking(active, said.append, lambda: now[0])
    assert looking.is_ours()
    others[0] = "generation g1 is not the active one (g2)"
    assert looking.is_ours()
    seen = []
    for others[0] in ("generation g1 is not the active one (g2)", "away", ""):
        now[0] += on_kafka.LOOK_S
        seen.append(looking.is_ours())
    assert (seen, [one.partition(":")[0] for one in said]) == (
        [False, False, True],
        ["generation g1 is not the active one (g2)", "no more"],
    )


def test_nothing_is_asked_before_all_is_read_that_was_there_as_far_as_there_is_room() -> None:
    class Reader:
        left, is_over = 3, False

        def read(self) -> None:
            self.left -= 1
            self.is_over = self.left <= 0

    def done(waiting: int) -> tuple[int, int]:
        reader, asked = Reader(), list[int]()

        def turn() -> Turn:
            asked.append(reader.left)
            return Turn(wait_s=1.0)

        store = SimpleNamespace(count=lambda: waiting)
        opened: Any = SimpleNamespace(store=store, labeller=SimpleNamespace(turn=turn))
        there: Any = reader
        ended = iter([False] * 4 + [True])
        on_kafka._loop(there, opened, lambda: next(ended), lambda: None, lambda: True, follow=True)
        return reader.left, asked[0]

    assert done(waiting=7) == (-1, 0)
    assert done(waiting=on_kafka.PENDING) == (3, 3)

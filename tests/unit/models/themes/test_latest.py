"""A copy of the end of the shelf finds whom a look at the shelf finds, whoever came, left or was laid anew."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes import latest
from models.themes.grid import Units
from models.themes.latest import Latest
from models.themes.shelf import Shelf

SIZE, COMPONENTS = 8, 4
BAR = 20


class Session:
    """A shelf that a stream goes through, asked by both ways at every arrival."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.shelf, self.latest = Shelf(SIZE, COMPONENTS), Latest()
        self.seen = 0

    def drawn(self, rows: int) -> Units:
        return self.rng.integers(-5, 6, (rows, COMPONENTS)).astype(np.float32)

    def come(self, seq: int | None = None) -> int:
        """Hold one more, or one of before under its old number; its slot."""
        if seq is None:
            self.seen += 1
        came = seq or self.seen
        slot = self.shelf.put(f"c{came}", came, came, "en", 60 * came, np.zeros(SIZE, np.int16))
        self.shelf.units[slot] = self.drawn(1)[0]
        return slot

    def leave(self, seq: int) -> bool:
        slot = self.shelf.slot_of.get(f"c{seq}")
        if slot is not None:
            self.shelf.free(slot)
        return slot is not None

    def is_alike(self, slot: int, since: int, least: int = 1) -> bool:
        shelf, (found, similar) = self.shelf, self.latest.near(self.shelf, slot, since, BAR, least)
        all_ = shelf.since(since)
        products = shelf.units[all_] @ shelf.units[slot]
        wanted = products >= BAR
        if wanted.sum() < least:
            return not len(found)
        return found.tolist() == all_[wanted].tolist() and similar.tolist() == products[wanted].tolist()


@pytest.fixture(params=[0, 50, 256])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to how many no copy is made: never, now and then, as shipped."""
    monkeypatch.setattr(latest, "_FEW", request.param)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", range(4))
def test_whom_it_finds_are_those_whom_the_shelf_finds(seed: int) -> None:
    session = Session(seed)
    for turn in range(900):
        slot = session.come()
        if turn % 7:  # some are not asked about
            back = int(session.rng.choice([40, 60, 200], p=[0.8, 0.15, 0.05]))
            assert session.is_alike(slot, max(session.seen - back, 0), least=int(session.rng.integers(1, 6)))
        what = int(session.rng.integers(20))
        old = session.seen - int(session.rng.integers(50)) - 1
        if what < 4:
            session.leave(old)
        elif what == 4 and session.leave(old):
            session.come(old)
        elif what == 5:
            held = session.shelf.slots()
            session.shelf.lay_anew(held, session.drawn(len(held)))


def test_it_keeps_no_more_than_is_asked_for_and_some() -> None:
    session = Session(1)
    for _ in range(5_000):
        session.latest.near(session.shelf, session.come(), session.seen - 400, BAR, 1)
    assert 400 <= len(session.latest._slots) < 600


def test_of_a_small_tenant_no_copy_is_made() -> None:
    session = Session(1)
    for _ in range(2_000):
        session.latest.near(session.shelf, session.come(), session.seen - 250, BAR, 1)
    assert len(session.latest._slots) == 0


@pytest.mark.usefixtures("few")
def test_where_fewer_are_near_than_wanted_nobody_is_told() -> None:
    session = Session(2)
    slot = session.come()
    session.shelf.units[slot] = 5.0
    assert [len(session.latest.near(session.shelf, slot, 0, BAR, least)[0]) for least in (1, 2)] == [1, 0]

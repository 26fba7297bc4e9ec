"""The sample that is asked where a concern belongs: who is in it, and what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.themes import jury
from models.themes.engine import ThemeEngine
from models.themes.state import EngineState
from tests.property.test_theme_engine import POLICY, Log, play, stream


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jury, "JURORS", 32)


def state_of(engine: ThemeEngine) -> EngineState:
    return engine._state


def answers(engine: ThemeEngine) -> dict[str, tuple[int | None, int | None]]:
    """The vote and the support of everything that is held and has a theme."""
    state = state_of(engine)
    held = (concern for concern, slot in state.shelf.slot_of.items() if state.shelf.origin[slot] >= 0)
    found = ((concern, engine.evidence(concern)) for concern in sorted(held))
    return {concern: (e.vote, e.support) for concern, e in found if e is not None}


def test_a_restored_jury_says_the_same_after_members_came_and_went() -> None:
    engine, log = ThemeEngine("acme", POLICY), Log()
    play(engine, stream(3, spread=1.0))
    log.drain(engine)
    assert answers(log.restored(engine)) == answers(engine)
    assert state_of(engine).jury.bound < 2**64


def test_the_jury_is_the_sample_below_its_bound() -> None:
    engine = ThemeEngine("acme", replace(POLICY, sample=60))
    play(engine, stream(5, spread=1.0))
    state = state_of(engine)
    assert {name for name in state.sample if name < state.jury.bound} == set(state.jury._place)


def test_members_of_a_clear_theme_are_voted_into_it() -> None:
    engine = ThemeEngine("acme", POLICY)
    play(engine, stream(2, spread=0.6))
    votes = [vote for vote, _ in answers(engine).values() if vote is not None]
    assert np.mean(votes) > 300


def test_a_concern_does_not_vote_for_itself() -> None:
    engine = ThemeEngine("acme", POLICY)
    play(engine, stream(2, spread=0.6))
    state = state_of(engine)
    name = min(name for name, slot in state.sample.items() if state.shelf.origin[slot] >= 0)
    slot = state.sample[name]
    home = state.themes.root(int(state.shelf.origin[slot])).ordinal
    before = state.jury.ask(state.shelf, state.themes, slot, home)
    state.jury.dismiss(name)
    assert state.jury.ask(state.shelf, state.themes, slot, home) == before

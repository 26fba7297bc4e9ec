"""What people order about concerns teaches the probability; a restore goes on alike."""

from __future__ import annotations

import pytest

from contracts.steering import MoveConcern
from models.themes.constraints import By
from models.themes.engine import ThemeEngine
from tests.property.test_theme_engine import POLICY, Log, play, stream
from tests.support.steering import WHY, concern, ref


@pytest.fixture
def engine() -> ThemeEngine:
    engine = ThemeEngine("acme", POLICY)
    play(engine, stream(2, spread=0.6))
    return engine


def themed(engine: ThemeEngine) -> list[tuple[str, str]]:
    """Concerns that are held and in a theme, with it."""
    points = (point.concern_id for point in reversed(stream(2, spread=0.6)))
    held = ((name, engine.theme_of(name)) for name in points if engine.evidence(name) is not None)
    return [(name, theme) for name, theme in held if theme is not None]


def order(engine: ThemeEngine, name: str, *, to: str | None = None, out_of: str | None = None) -> None:
    move = MoveConcern(
        concern=concern(name),
        to=ref(to, ()) if to else None,
        out_of=ref(out_of, ()) if out_of else None,
        reason=WHY,
    )
    engine.steer(move, By(f"0-{name}", "move_concern", "ann"))


def test_confirming_fifty_concerns_makes_such_assignments_more_likely(engine: ThemeEngine) -> None:
    evidence = [found for name, _ in themed(engine)[:50] if (found := engine.evidence(name))]
    before = sum(map(engine.p_milli, evidence))
    for name, theme in themed(engine)[:50]:
        order(engine, name, to=theme)
    assert sum(map(engine.p_milli, evidence)) > before


def test_taking_concerns_out_makes_them_less_likely_and_a_restore_goes_on_alike(engine: ThemeEngine) -> None:
    members, log = themed(engine)[:20], Log()
    evidence = [found for name, _ in members if (found := engine.evidence(name))]
    before = sum(map(engine.p_milli, evidence))
    for name, theme in members:
        order(engine, name, out_of=theme)
    log.drain(engine)
    told = [engine.p_milli(found) for found in evidence]
    assert sum(told) < before
    assert [log.restored(engine).p_milli(found) for found in evidence] == told


def test_an_order_about_a_theme_that_the_concern_is_not_in_teaches_nothing(engine: ThemeEngine) -> None:
    (name, theme), *others = themed(engine)
    evidence = engine.evidence(name)
    assert evidence is not None
    before = engine.p_milli(evidence)
    order(engine, name, out_of=next(other for _, other in others if other != theme))
    assert engine.p_milli(evidence) == before

"""What people order about concerns teaches the probability; a restore goes on alike."""

from __future__ import annotations

from itertools import combinations

import pytest

from contracts.identity import linear_issue_id
from contracts.steering import DecideProposal, LiftOrder, MoveConcern
from models.themes import pairs
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


def pairs_of(engine: ThemeEngine) -> list[tuple[str, str]]:
    """Themes of one language, two and two, each with an episode of its own."""
    groups = (group.theme_ids for group in engine.groups() if len(group.theme_ids) > 2)
    return [pair for themes in groups for pair in combinations(themes, 2)][:30]


def call(engine: ThemeEngine, episode: int, at_ms: int = 1) -> str:
    """The issue of the first theme of a pair is called a duplicate of one of the second; the issue."""
    theme, other = pairs_of(engine)[episode]
    issue = linear_issue_id("acme", theme, episode + 1)
    engine.call_duplicate(issue, linear_issue_id("acme", other, episode + 1), at_ms)
    return issue


def decide(engine: ThemeEngine, episode: int, *, approve: bool) -> By:
    theme, other = (ref(one, ()) for one in pairs_of(engine)[episode])
    by = By(f"0-{episode}", "decide_proposal", "ann")
    order = DecideProposal(proposal="p", approve=approve, act="merge", theme=theme, other=other, reason=WHY)
    engine.steer(order, by)
    return by


def stated(engine: ThemeEngine) -> list[int]:
    """What is said of each concern that is held."""
    return [engine.p_milli(found) for name, _ in themed(engine) if (found := engine.evidence(name))]


@pytest.fixture
def untaught(engine: ThemeEngine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is said before anybody called anything a duplicate; two pairs are enough to say something else."""
    monkeypatch.setattr(pairs, "QUORUM", 2)
    return stated(engine)


def test_verdicts_teach_each_once_however_often_they_are_told(
    engine: ThemeEngine, untaught: list[int]
) -> None:
    for episode in range(len(pairs_of(engine))):
        call(engine, episode)
    taught = stated(engine)
    for episode in range(5):
        call(engine, episode, at_ms=5)
    assert stated(engine) == taught != untaught


def test_verdicts_that_a_tracker_takes_back_were_never_said(engine: ThemeEngine, untaught: list[int]) -> None:
    issues = [call(engine, episode) for episode in range(len(pairs_of(engine)))]
    for issue in issues:
        engine.call_off(issue, 2)
    assert stated(engine) == untaught


def test_people_who_keep_themes_apart_unteach_the_verdict_until_their_order_is_lifted(
    engine: ThemeEngine, untaught: list[int]
) -> None:
    episodes = range(len(pairs_of(engine)))
    for episode in episodes:
        call(engine, episode)
    taught, orders = stated(engine), [decide(engine, episode, approve=False) for episode in episodes]
    assert stated(engine) == untaught
    for by in orders:
        engine.steer(LiftOrder(order_id=by.order_id, reason=WHY), By("9", "lift_order", "ann"))
    assert stated(engine) == taught


def test_what_verdicts_taught_survives_a_restore(engine: ThemeEngine, untaught: list[int]) -> None:
    log = Log()
    for episode in range(len(pairs_of(engine))):
        call(engine, episode)
    decide(engine, 0, approve=True)
    log.drain(engine)
    restored = log.restored(engine)
    assert stated(restored) == stated(engine) != untaught
    call(restored, 1, 9)
    call(engine, 1, 9)
    assert stated(restored) == stated(engine)

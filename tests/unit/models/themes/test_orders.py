"""What the engine does of its own accord to themes that people pinned, and what becomes of its proposals."""

from __future__ import annotations

from dataclasses import replace

from contracts.steering import DecideProposal, PinTheme, SetAutonomy
from models.themes.changes import Change, Merged, Ordered, Proposed, Retired
from models.themes.constraints import By
from models.themes.engine import ThemeEngine
from tests.support.steering import WHY, members_of, ref
from tests.unit.models.themes.test_engine import DAY_S, POLICY, topic_point, warm

BY = By("0-1", "pin_theme", "ann")
ALIKE = replace(POLICY, merge_at=-1.0, merge_margin=-2.0)
"""Any two themes that are nearest to each other look like one."""


def pin(theme: str, members: list[str], *, pinned: bool = True) -> PinTheme:
    return PinTheme(reason=WHY, theme=ref(theme, members), pinned=pinned)


def themes_of(engine: ThemeEngine) -> dict[str, list[str]]:
    return members_of(engine, [f"{i % 6}-{i}" for i in range(60)])


def retired(said: list[Change]) -> set[str]:
    return {change.theme_id for change in said if isinstance(change, Retired)}


def test_a_pinned_theme_is_open_when_all_others_have_retired() -> None:
    engine, _ = warm()
    (theme, members), *others = themes_of(engine).items()
    engine.steer(pin(theme, members), BY)
    assert retired(engine.tick(31 * DAY_S)) == {other for other, _ in others}


def test_a_theme_that_is_unpinned_retires() -> None:
    engine, _ = warm()
    theme, members = next(iter(themes_of(engine).items()))
    engine.steer(pin(theme, members), BY)
    engine.tick(31 * DAY_S)
    engine.steer(pin(theme, members, pinned=False), BY)
    assert retired(engine.tick(31 * DAY_S)) == {theme}


def test_a_pinned_theme_without_members_stays() -> None:
    engine, _ = warm()
    (theme, members), (other, others), *_ = themes_of(engine).items()
    engine.steer(pin(theme, members), BY)
    said = [change for one in (*members, *others) for change in engine.remove(one)]
    assert retired(said) == {other}


def proposing() -> tuple[ThemeEngine, Proposed]:
    """An engine that may only suggest merges, and the first that it suggests."""
    engine, _ = warm()
    engine.steer(SetAutonomy(reason=WHY, autonomy="suggest"), BY)
    engine._state.policy = ALIKE
    said = grown(engine)
    return engine, next(change for change in said if isinstance(change, Proposed))


def grown(engine: ThemeEngine, first: int = 60) -> list[Change]:
    """What is said until the next pass is over."""
    return [change for i in range(first, first + 70) for change in engine.add(topic_point(i % 6, i))]


def decided(engine: ThemeEngine, proposal: Proposed, *, approve: bool) -> list[Change]:
    members = members_of(engine, [f"{i % 6}-{i}" for i in range(60)])
    theme, other = proposal.theme_id, proposal.other_theme
    assert other is not None
    here, there = ref(theme, members[theme]), ref(other, members[other])
    order = DecideProposal(reason=WHY, proposal="0-9", approve=approve, act="merge", theme=here, other=there)
    return engine.steer(order, By("0-9", "decide_proposal", "ann"))


def merges(said: list[Change]) -> set[frozenset[str]]:
    return {frozenset((m.from_theme, m.into_theme)) for m in said if isinstance(m, Merged)}


def proposals(said: list[Change]) -> set[frozenset[str | None]]:
    return {frozenset((p.theme_id, p.other_theme)) for p in said if isinstance(p, Proposed)}


def test_a_tenant_that_wants_suggestions_gets_no_merges() -> None:
    engine, _ = proposing()
    assert merges(grown(engine, 130)) == set()
    assert len(themes_of(engine)) == 6


def test_a_proposal_is_made_once() -> None:
    engine, proposal = proposing()
    assert proposals([proposal]) & proposals(grown(engine, 130)) == set()


def test_an_approved_merge_is_done() -> None:
    engine, proposal = proposing()
    said = decided(engine, proposal, approve=True)
    assert [change.event for change in said if isinstance(change, Ordered)] == ["approved"]
    assert merges(said) == proposals([proposal])
    assert engine.resolve(proposal.theme_id) == proposal.other_theme


def test_a_rejected_merge_is_neither_done_nor_proposed_again() -> None:
    engine, proposal = proposing()
    said = decided(engine, proposal, approve=False)
    later = grown(engine, 130)
    assert [change.event for change in said if isinstance(change, Ordered)] == ["rejected"]
    assert proposals([proposal]) & (merges([*said, *later]) | proposals(later)) == set()


def test_the_theme_that_is_proposed_to_stay_is_the_pinned_one() -> None:
    stays = []
    for theme in themes_of(warm()[0]):
        engine, _ = warm()
        engine.steer(pin(theme, themes_of(engine)[theme]), BY)
        engine._state.policy = ALIKE
        ours = [c for c in grown(engine) if isinstance(c, Proposed) and theme in (c.theme_id, c.other_theme)]
        stays += [proposal.other_theme == theme for proposal in ours]
    assert stays
    assert all(stays)

"""Orders of people: what is told of them, what they do to concerns and themes, and that nothing is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import ReportIssue
from contracts.identity import cause_of, linear_issue_id
from contracts.stages import Assignment
from contracts.steering import (
    ConcernRef,
    JudgeAlert,
    LiftOrder,
    LinkConcerns,
    MarkTheme,
    MergeThemes,
    MoveConcern,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SetAutonomy,
    SplitTheme,
    ThemeRef,
    UnmergeTheme,
)
from contracts.themes import ThemeEvent, ThemeOrdered, ThemeRecord
from models.themes import pairs
from tests.support.laws import assert_batching_law
from tests.support.steps import NOON, Journey, text_about, themes

pytestmark = pytest.mark.lengthy

WHY = "they asked for it"


class Steered(Journey):
    """A journey with sixty concerns about four topics, and orders about its themes."""

    def fill(self, count: int = 60, seed: int = 1) -> Steered:
        draw = random.Random(seed)
        for n in range(count):
            text = text_about(("invoice", "export", "login", "map")[n % 4], draw)
            self.deliver(text, record=f"c{seed}-{n}", author=f"p{n}", account=f"acct-{n % 9}")
        return self

    def members(self) -> dict[str, list[Assignment]]:
        """The last assignment of each concern, by the theme that it counts for."""
        found: dict[str, list[Assignment]] = {}
        for last in self.last().values():
            if last.theme is not None:
                found.setdefault(self.root(last.theme), []).append(last)
        return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))

    def last(self) -> dict[str, Assignment]:
        return {one.concern_id: one for one in self.of("assignments", Assignment)}

    def shown(self, theme: str) -> ThemeRecord:
        return [r for r in self.of("themes", ThemeRecord) if r.theme_id == theme][-1]

    def root(self, theme: str) -> str:
        while (into := self.shown(theme).redirect_to) is not None:
            theme = into
        return theme

    def ref(self, theme: str) -> ThemeRef:
        return ThemeRef(theme_id=theme, anchors=tuple(one.concern_id for one in self.members()[theme][:9]))

    def told(self) -> ThemeOrdered:
        return self.of("theme-events", ThemeOrdered)[-1]


def concern(one: Assignment) -> ConcernRef:
    return ConcernRef(concern_id=one.concern_id, item_id=one.item_id)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Steered]:
    journey = Steered(tmp_path)
    yield journey.fill()
    journey.vault.close()


def test_a_persons_name_is_final_and_the_ledger_says_whose_it_is(journey: Steered) -> None:
    theme = next(iter(journey.members()))
    before = journey.shown(theme).label
    order = journey.order(RenameTheme(theme=journey.ref(theme), name="Charged twice", reason=WHY))
    journey.fill(count=80, seed=2)
    event = next(e for e in journey.of("theme-events", ThemeEvent) if e.event == "renamed" and e.order_id)
    assert (journey.shown(theme).label, journey.shown(theme).label_source) == ("Charged twice", "person")
    assert (event.author, event.reason, event.order_id) == ("ann", WHY, order.id)
    assert (event.name_before, event.name) == (before, "Charged twice")


def test_a_moved_concern_is_where_the_person_put_it_for_good(journey: Steered) -> None:
    (one, members), (other, _), *_ = journey.members().items()
    journey.order(MoveConcern(concern=concern(members[0]), to=journey.ref(other), reason=WHY))
    moved = journey.last()[members[0].concern_id]
    journey.fill(count=80, seed=2)
    assert (moved.change, moved.from_theme, moved.theme) == ("moved", members[0].theme, other)
    assert journey.last()[members[0].concern_id] == moved
    assert one != other


def test_a_concern_taken_out_joins_another_theme_or_waits(journey: Steered) -> None:
    theme, members = next(iter(journey.members().items()))
    journey.order(MoveConcern(concern=concern(members[0]), out_of=journey.ref(theme), reason=WHY))
    journey.fill(count=80, seed=2)
    last = journey.last()[members[0].concern_id]
    assert last.change in ("waiting", "moved", "assigned", "unthemed")
    assert last.theme is None or journey.root(last.theme) != theme


def test_a_merge_of_a_person_is_undone_without_loss(journey: Steered) -> None:
    journey.fill(count=90, seed=3)  # so that both themes are more than the few that founded them
    (one, members), (other, others), *_ = journey.members().items()
    journey.order(MergeThemes(theme=journey.ref(one), into=journey.ref(other), reason=WHY))
    own = ThemeRef(theme_id=one, anchors=tuple(m.concern_id for m in members[:9]))
    journey.fill(count=50, seed=2)
    assert journey.root(one) == other
    stays = {c: last.theme for c, last in journey.last().items() if last.theme in (one, other)}
    rest = ThemeRef(theme_id=other, anchors=tuple(m.concern_id for m in others[:9]))
    journey.order(UnmergeTheme(theme=own, out_of=rest, reason=WHY))
    apart = {c: journey.root(last.theme) for c, last in journey.last().items() if last.theme in (one, other)}
    assert apart == stays
    assert {m.concern_id for m in members} <= {c for c, theme in apart.items() if theme == one}


def test_a_split_by_examples_founds_a_theme_with_them(journey: Steered) -> None:
    theme, members = next(iter(journey.members().items()))
    examples = tuple(map(concern, members[:4]))
    journey.order(SplitTheme(theme=journey.ref(theme), examples=examples, reason=WHY))
    split = next(e for e in journey.of("theme-events", ThemeEvent) if e.event == "split")
    assert {journey.last()[one.concern_id].theme for one in examples} == {split.other_theme}
    assert split.theme_id == theme != split.other_theme


def test_a_pinned_theme_is_refused_a_merge_and_the_earlier_order_is_named(journey: Steered) -> None:
    one, other, *_ = journey.members()
    pin = journey.order(PinTheme(theme=journey.ref(one), reason=WHY))
    order = MergeThemes(theme=journey.ref(one), into=journey.ref(other), reason=WHY)
    journey.order(order)
    assert (journey.told().event, journey.shown(one).status) == ("refused", "active")
    assert pin.id in journey.told().detail
    assert journey.shown(one).pinned


def test_what_is_lifted_need_not_hold_any_more(journey: Steered) -> None:
    (one, _), (other, _), *_ = journey.members().items()
    pin = journey.order(PinTheme(theme=journey.ref(one), reason=WHY))
    journey.order(LiftOrder(order_id=pin.id, reason=WHY))
    journey.order(MergeThemes(theme=journey.ref(one), into=journey.ref(other), reason=WHY))
    assert (journey.shown(one).status, journey.shown(one).pinned) == ("merged", None)


def test_concerns_kept_apart_are_never_in_one_theme(journey: Steered) -> None:
    _, members = next(iter(journey.members().items()))
    pair = (concern(members[0]), concern(members[1]))
    journey.order(LinkConcerns(together=False, concerns=pair, reason=WHY))
    themes_of = [journey.last()[one.concern_id].theme for one in pair]
    journey.order(LinkConcerns(together=True, concerns=pair, reason=WHY))
    assert themes_of[0] != themes_of[1]
    assert journey.told().event == "refused"


def test_an_order_whose_theme_cannot_be_told_waits_for_a_person(journey: Steered) -> None:
    nowhere = ThemeRef(theme_id="t", anchors=("a", "b", "c", "d", "e"))
    order = journey.order(PinTheme(theme=nowhere, reason=WHY))
    assert (journey.told().event, journey.told().order_id) == ("unresolved", order.id)


def test_every_order_is_told_about_in_the_ledger(journey: Steered) -> None:
    (one, members), (other, _), *_ = journey.members().items()
    orders = [
        journey.order(order)
        for order in (
            MuteTheme(theme=journey.ref(one), reason=WHY),
            MarkTheme(theme=journey.ref(one), reason=WHY),
            SetAutonomy(autonomy="suggest", reason=WHY),
            LinkConcerns(together=True, concerns=(concern(members[0]), concern(members[1])), reason=WHY),
            MergeThemes(theme=journey.ref(one), into=journey.ref(other), reason=WHY),
        )
    ]
    told = Counter(cause_of(event.id) for event in journey.topics["theme-events"])
    assert all(told[order.id] for order in orders)
    assert journey.shown(one).muted


def test_no_concern_is_lost_whatever_is_ordered(journey: Steered) -> None:
    steer(journey)
    assert journey.ledger().check() == []


def verdict(theme: ThemeRef | None, *, real: bool) -> JudgeAlert:
    about = {
        "alert_id": "a1",
        "detector": "burst_day",
        "drift_id": "0-1-themes-1",
        "at": NOON,
        "theme": theme,
    }
    return JudgeAlert.model_validate({**about, "real": real, "reason": WHY})


@pytest.mark.parametrize(("real", "event"), [(True, "alert_confirmed"), (False, "alert_dismissed")])
def test_a_verdict_about_an_alert_is_in_the_ledger_and_moves_nothing(
    journey: Steered, real: bool, event: str
) -> None:
    (theme, before), *_ = journey.members().items()
    journey.order(verdict(journey.ref(theme), real=real))
    told = journey.told()
    assert (told.event, told.theme_id, told.detail) == (event, theme, "burst_day")
    assert journey.members()[theme] == before
    rows = {
        key: row for table, key, row in journey.steps["enriched"].bulk().drain() if "drift_alerts" in table
    }
    assert rows == ({} if real else {f"burst_day|{theme}": int((NOON + timedelta(days=29)).timestamp())})


def steer(journey: Steered) -> None:
    """Some of everything, in between more concerns."""
    (one, members), (other, others), *_ = journey.members().items()
    first, second, third = map(concern, members[:3])
    journey.order(LinkConcerns(together=True, concerns=(first, concern(others[0])), reason=WHY))
    journey.order(LinkConcerns(together=False, concerns=(second, third), reason=WHY))
    journey.order(SplitTheme(theme=journey.ref(other), examples=tuple(map(concern, others[1:4])), reason=WHY))
    journey.order(verdict(journey.ref(one), real=False))
    journey.fill(count=20, seed=3)
    journey.tick(1)
    journey.order(MergeThemes(theme=journey.ref(one), into=journey.ref(other), reason=WHY))
    journey.fill(count=20, seed=4)


@pytest.mark.parametrize("cuts", [[0.4, 0.7, 0.9], [62, 63, 64, 65]])
def test_batches_and_restarts_change_nothing_of_what_orders_do(journey: Steered, cuts: list[float]) -> None:
    steer(journey)
    records = journey.topics["enriched"]
    assert_batching_law(lambda: themes(journey.vault), records, cuts)


def duplicate(one: str, other: str | None, episode: int = 1) -> ReportIssue:
    """The theme's issue is called a duplicate of the other theme's."""
    return ReportIssue(
        tracker="linear",
        issue_id=linear_issue_id("acme", one, episode),
        key="ENG-7",
        state="duplicate",
        at=NOON,
        duplicate_of=other and linear_issue_id("acme", other, 2),
    )


def test_a_duplicate_verdict_is_a_proposal_that_people_decide(journey: Steered) -> None:
    (one, members), (other, others), *_ = journey.members().items()
    journey.order(duplicate(one, other, 3))
    told = journey.told()
    assert (told.event, told.act, {told.theme_id, told.other_theme}) == ("proposed", "merge", {one, other})
    assert (told.author, "ENG-7 was called a duplicate" in told.reason) == ("ann", True)
    assert set(told.evidence) <= {x.concern_id for x in (*members, *others)}
    assert set(journey.members()) >= {one, other}


def test_the_same_verdict_again_and_one_about_others_issues_propose_nothing(journey: Steered) -> None:
    one, other, *_ = journey.members()
    journey.order(duplicate(one, other))
    before = len(journey.of("theme-events", ThemeOrdered))
    for again in (duplicate(one, other), duplicate(other, one), duplicate(one, None), duplicate(one, one)):
        journey.order(again)
    journey.order(duplicate("a theme of somebody else", other))
    assert len(journey.of("theme-events", ThemeOrdered)) == before


def test_a_verdict_about_themes_that_people_keep_apart_proposes_nothing(journey: Steered) -> None:
    one, other, *_ = journey.members()
    journey.order(MergeThemes(reason=WHY, theme=journey.ref(one), into=journey.ref(other)))
    here = journey.ref(other)
    rest = ThemeRef(theme_id=one, anchors=here.anchors)
    journey.order(UnmergeTheme(reason=WHY, theme=rest, out_of=here))
    journey.order(duplicate(one, other))
    assert "proposed" not in {one.event for one in journey.of("theme-events", ThemeOrdered)}


def test_verdicts_obey_the_law(journey: Steered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "QUORUM", 1)
    one, other, third, *_ = journey.members()
    journey.order(duplicate(one, other))
    journey.fill(count=10, seed=3)
    journey.order(duplicate(third, other))
    journey.order(MergeThemes(theme=journey.ref(third), into=journey.ref(other), reason=WHY))
    journey.fill(count=10, seed=4)
    journey.order(duplicate(one, other).model_copy(update={"state": "started", "at": NOON + timedelta(1)}))
    journey.fill(count=10, seed=5)
    assert_batching_law(lambda: themes(journey.vault), journey.topics["enriched"], (20, 61, 62, 75, 85))


def stated(journey: Steered, seed: int) -> list[int | None]:
    """How sure the stage is of the assignments of what comes next."""
    before = len(journey.of("assignments", Assignment))
    journey.fill(count=20, seed=seed)
    return [one.p_milli for one in journey.of("assignments", Assignment)[before:]]


@pytest.mark.parametrize(
    ("reports", "teaches"),
    [
        ([{}], True),
        ([{}, {"state": "deleted", "duplicate_of": None}], True),
        ([{}, {"state": "cancelled", "duplicate_of": None}], False),
        ([{"by_people": False}], False),
    ],
)
def test_assignments_after_a_verdict_of_people_are_stated_with_what_it_taught(
    journey: Steered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: list[Any], teaches: bool
) -> None:
    monkeypatch.setattr(pairs, "QUORUM", 1)
    untaught = Steered(tmp_path / "untaught").fill()
    one, other, *_ = journey.members()
    for days, report in enumerate(reports):
        journey.order(duplicate(one, other).model_copy(update=report | {"at": NOON + timedelta(days)}))
    assert (stated(journey, 3) != stated(untaught, 3)) is teaches
    untaught.vault.close()

"""New themes, proposals and alerts wait for a person until somebody has judged them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import Order
from contracts.errors import WrongUsage
from contracts.identity import journal_id
from contracts.steering import (
    DecideProposal,
    JudgeAlert,
    LiftOrder,
    MergeThemes,
    MuteTheme,
    PinTheme,
    RenameTheme,
    ThemeRef,
)
from contracts.themes import ThemeEvent, ThemeOrdered
from models.labellers.taxonomy import load_taxonomy
from tests.support.runs import NOON, RunBuilder
from wiring.datadir import DataDir
from wiring.ordering import scene_of
from wiring.reviewing.answers import Answers, Said, Verb
from wiring.reviewing.case import Case
from wiring.reviewing.classes import Taxonomies
from wiring.reviewing.queue import open_cases
from wiring.views.topics import Topics

WHY = "as support calls it"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    with closing(RunBuilder(tmp_path)) as run:
        yield run


def cases(run: RunBuilder) -> list[Case]:
    return open_cases(Topics(DataDir(run.write()).logs), run.vault)


def orders(run: RunBuilder, case: Case, verb: Verb, **said: Any) -> Order:
    topics = Topics(DataDir(run.write()).logs)
    answers = Answers(topics, Taxonomies(load_taxonomy()[0]), lambda tenant: scene_of(topics, tenant))
    (given,) = answers.orders(case, Said(verb, **said))
    return given.order


def proposal(run: RunBuilder, theme: str, **changes: Any) -> ThemeOrdered:
    header = run.header(journal_id(0, run.ordinal), "themes")
    fields = {
        "event": "proposed",
        "act": "merge",
        "theme_id": theme,
        "author": "themes",
        "reason": "similarity .8",
    }
    asked = ThemeOrdered.model_validate(header | fields | changes)
    run.put("assignments", asked)
    return asked


# -- new themes ------------------------------------------------------------------------------------------


def test_a_new_theme_is_asked_about_with_its_name_and_its_latest_words(run: RunBuilder) -> None:
    theme = run.new_theme("a", "charged twice")
    for n in range(7):
        said = run.item(f"charged {n} times", author=f"p{n}", change="waiting")
        run.change(said, "assigned", theme=theme, p_milli=600)
    (case,) = cases(run)
    assert (case.kind, case.id, case.name) == ("theme", theme, "charged twice")
    assert case.examples == tuple(f"charged {n} times" for n in (6, 5, 4, 3, 2))
    assert case.reason == "new since 2026-03-01, 6 concerns of 4 accounts: 6 waiting concerns are alike"


@pytest.mark.parametrize(
    "told",
    [{"concerns": 4}, {"status": "retired"}, {"muted": True}, {"pinned": True}, {"label_source": "person"}],
)
def test_a_theme_that_is_small_over_or_judged_is_not_asked_about(
    run: RunBuilder, told: dict[str, Any]
) -> None:
    run.new_theme("a", "charged twice", **told)
    assert cases(run) == []


def test_a_theme_is_new_for_two_weeks(run: RunBuilder) -> None:
    run.new_theme("a", "charged twice")
    run.tick(NOON + timedelta(days=14))
    assert [case.kind for case in cases(run)] == ["theme"]
    run.tick(NOON + timedelta(days=14, seconds=1))
    assert cases(run) == []


def test_what_a_split_made_is_new_and_what_was_merged_away_is_no_more(run: RunBuilder) -> None:
    first = run.new_theme("a", "charged twice")
    second = run.theme("b", "refund", concerns=6, accounts=3)
    run.lines["assignments"].append(run.lines["themes"][-1])
    header = run.header(journal_id(0, run.ordinal), "themes")
    split = {"event": "split", "theme_id": first, "other_theme": second, "author": "themes", "reason": "two"}
    run.put("assignments", ThemeEvent.model_validate(header | split))
    assert {case.id for case in cases(run)} == {first, second}
    run.theme("a", "charged twice", status="merged", redirect_to=second)
    run.lines["assignments"].append(run.lines["themes"][-1])
    assert [case.id for case in cases(run)] == [second]


def ref(theme: str) -> ThemeRef:
    return ThemeRef(theme_id=theme)


@pytest.mark.parametrize(
    ("order", "left"),
    [
        (lambda one, _: RenameTheme(theme=ref(one), name="Charged twice", reason=WHY), 1),
        (lambda one, _: PinTheme(theme=ref(one), reason=WHY), 1),
        (lambda one, two: MergeThemes(theme=ref(one), into=ref(two), reason=WHY), 0),
        (lambda *_: LiftOrder(order_id="0-1", reason=WHY), 2),
    ],
)
def test_an_order_about_a_theme_judges_it(run: RunBuilder, order: Any, left: int) -> None:
    themes = [run.new_theme(name, name) for name in ("a", "b")]
    run.command(order(*themes))
    assert len(cases(run)) == left


def test_what_the_ledger_says_a_person_did_in_another_run_judges_the_theme_here(run: RunBuilder) -> None:
    theme = run.new_theme("a", "charged twice")
    header = run.header(journal_id(0, run.ordinal), "themes")
    marked = {"event": "marked", "theme_id": theme, "author": "ann", "reason": WHY, "order_id": "0-1"}
    run.put("assignments", ThemeOrdered.model_validate(header | marked))
    assert cases(run) == []


def test_twenty_themes_at_a_time_those_of_most_worth(run: RunBuilder) -> None:
    themes = [run.new_theme(f"f{n}", f"theme {n}") for n in range(22)]
    for n, theme in enumerate(themes):
        run.item(
            "it broke", author=f"p{n}", theme=theme, record=f"r{n}", severity="critical" if n < 2 else "low"
        )
    found = [case.id for case in cases(run)]
    assert (len(found), set(found[:2])) == (20, set(themes[:2]))


def test_words_go_with_a_concern_and_those_of_the_erased_are_left_out(run: RunBuilder) -> None:
    one, two = run.new_theme("a", "charged twice"), run.new_theme("b", "refund")
    moved = run.item("where is my refund", author="eve", theme=one)
    run.item("paid twice", author="bob", theme=one)
    run.change(moved, "moved", theme=two, from_theme=one)
    assert {case.id: case.examples for case in cases(run)} == {
        one: ("paid twice",),
        two: ("where is my refund",),
    }
    run.vault.destroy(run.tenant, run.subject("eve"))
    assert {case.id: case.examples for case in cases(run)} == {one: ("paid twice",), two: ()}


# -- proposals and alerts --------------------------------------------------------------------------------


def test_a_proposal_is_asked_about_until_it_is_decided(run: RunBuilder) -> None:
    one = run.new_theme("a", "charged twice", label_source="person")
    two = run.new_theme("b", "refund", label_source="person")
    asked = proposal(run, one, other_theme=two)
    (case,) = cases(run)
    assert (case.kind, case.theme, case.runner_up) == ("proposal", one, two)
    assert case.reason == "merge it into refund? similarity .8"
    order = orders(run, case, "confirm")
    assert isinstance(order, DecideProposal)
    assert (order.approve, order.proposal) == (True, asked.id)
    run.command(order)
    assert cases(run) == []


def test_an_alert_of_drift_is_asked_about_for_a_week(run: RunBuilder) -> None:
    theme = run.new_theme("a", "charged twice", label_source="person")
    run.item("paid twice", theme=theme)
    alert = run.alert("burst_day", theme)
    run.alert("wording", theme, severity="info")
    (case,) = cases(run)
    assert (case.kind, case.id, case.examples) == ("anomaly", alert.alert_id, ("paid twice",))
    run.tick(NOON + timedelta(days=8))
    assert cases(run) == []


@pytest.mark.parametrize(("verb", "real"), [("confirm", True), ("dismiss", False)])
def test_a_person_says_whether_an_alert_is_real(run: RunBuilder, verb: Verb, real: bool) -> None:
    theme = run.new_theme("a", "charged twice", label_source="person")
    run.alert("burst_day", theme)
    (case,) = cases(run)
    order = orders(run, case, verb)
    assert isinstance(order, JudgeAlert)
    assert (order.real, order.detector, order.theme and order.theme.theme_id) == (real, "burst_day", theme)
    run.command(order)
    assert cases(run) == []


def test_an_alert_of_the_tenant_as_a_whole_has_no_theme(run: RunBuilder) -> None:
    run.new_theme("a", "charged twice", label_source="person")
    run.alert("low_confidence", None)
    (case,) = cases(run)
    order = orders(run, case, "dismiss")
    assert isinstance(order, JudgeAlert)
    assert (case.theme, order.theme) == (None, None)


def test_alerts_of_muted_themes_are_not_asked_about(run: RunBuilder) -> None:
    run.alert("burst_day", run.new_theme("a", "charged twice", muted=True))
    assert cases(run) == []


# -- what is said of a theme -----------------------------------------------------------------------------


def test_a_theme_is_confirmed_by_its_name_renamed_merged_or_muted(run: RunBuilder) -> None:
    one, two = run.new_theme("a", "charged twice"), run.new_theme("b", "refund")
    case = next(case for case in cases(run) if case.id == one)
    confirmed, renamed = orders(run, case, "confirm"), orders(run, case, "rename", name="Paid twice")
    assert isinstance(confirmed, RenameTheme)
    assert isinstance(renamed, RenameTheme)
    assert (confirmed.name, renamed.name) == ("charged twice", "Paid twice")
    merged = orders(run, case, "assign", theme=two)
    assert isinstance(merged, MergeThemes)
    assert (merged.theme.theme_id, merged.into.theme_id) == (one, two)
    assert isinstance(orders(run, case, "dismiss"), MuteTheme)


@pytest.mark.parametrize(
    ("verb", "said", "why"),
    [
        ("rename", {}, "say what the theme is called"),
        ("rename", {"name": "ask bob@example.com"}, "name: holds personal data"),
        ("rename", {"name": "x" * 121}, "name: .*at most 120"),
        ("assign", {}, "say which theme"),
        ("correct", {}, "correct cannot be said of a theme"),
    ],
)
def test_what_cannot_be_said_of_a_theme_is_refused(
    run: RunBuilder, verb: Verb, said: dict[str, Any], why: str
) -> None:
    run.new_theme("a", "charged twice")
    (case,) = cases(run)
    with pytest.raises(WrongUsage, match=why):
        orders(run, case, verb, **said)

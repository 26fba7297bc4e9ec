"""What happens to an issue after it was opened: trackers report, customers come back, themes merge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from contracts.commands import IssueState, ReportIssue
from contracts.identity import linear_issue_id
from contracts.priority import IssueStatus, LinearIssue
from models.priority.policy import ImpactRule, PriorityPolicy
from tests.support.laws import assert_batching_law
from tests.unit.operators.priority_streams import Journal, at, on, step

ANGRY: dict[str, Any] = {"sentiment": "negative", "sentiment_milli": -700}
ISSUE = linear_issue_id("acme", "theme-a", 1)
EASY = PriorityPolicy(rules=(ImpactRule(enter=30, exit=20, min_accounts=5),))


@pytest.fixture
def journal() -> Journal:
    """A theme whose issue was opened in the second hour."""
    made = Journal()
    made.theme("theme-a")
    made.tick(0)
    burst(made, 1, 12)
    made.tick(2)
    return made


def burst(journal: Journal, hours: float, count: int, theme: str = "theme-a") -> None:
    journal.tick(hours)
    for number in range(count):
        journal.concern(f"{theme}-{hours}-{number}", hours, theme, **ANGRY)


def report(journal: Journal, hours: float, state: IssueState, issue: str = ISSUE, **more: Any) -> None:
    told = {"tracker": "linear", "issue_id": issue, "key": "ENG-1", "state": state, "at": at(hours)}
    journal.order(ReportIssue(**told | more), hours)


def days(journal: Journal, first: float, last: float, count: int = 0) -> None:
    """Ticks every six hours; at each a burst of ``count``."""
    hours = first
    while hours <= last:
        if count:
            burst(journal, hours, count)
        journal.tick(hours)
        hours += 6


def changes(journal: Journal, policy: PriorityPolicy = EASY) -> list[tuple[str, str]]:
    return [(one.change, one.issue_id) for one in on("linear", journal.run(policy))]


def last(journal: Journal) -> IssueStatus:
    said: IssueStatus = on("issues", journal.run(EASY))[-1]
    return said


def word(journal: Journal) -> LinearIssue:
    said: LinearIssue = on("linear", journal.run(EASY))[-1]
    return said


def test_an_issue_is_open_until_its_tracker_says_otherwise(journal: Journal) -> None:
    assert (last(journal).state, last(journal).tracker) == ("open", None)
    report(journal, 3, "started", url="https://linear.example/ENG-1")
    assert (last(journal).state, last(journal).key) == ("started", "ENG-1")


def test_the_same_report_again_and_an_older_one_change_nothing(journal: Journal) -> None:
    report(journal, 5, "started")
    before = len(journal.run(EASY))
    report(journal, 5, "started")
    report(journal, 4, "done")
    assert len(journal.run(EASY)) == before


def test_customers_who_were_hit_are_told_that_it_is_done(journal: Journal) -> None:
    report(journal, 5, "done")
    said = last(journal)
    assert (said.state, said.accounts, said.tell[0]) == ("done", 12, "account-theme-a-1-0")
    assert (said.theme_resolution.count, said.theme_resolution.of) == (1, 1)


def test_what_still_comes_in_the_first_day_after_is_no_recurrence(journal: Journal) -> None:
    report(journal, 5, "done")
    burst(journal, 20, 12)
    journal.tick(21)
    assert changes(journal) == [("open", ISSUE)]


def test_customers_who_come_back_open_the_same_issue_again(journal: Journal) -> None:
    report(journal, 5, "done")
    burst(journal, 60, 12)
    assert changes(journal) == [("open", ISSUE), ("reopen", ISSUE)]
    assert (word(journal).accounts_since, word(journal).since) == (5, at(26))
    assert (last(journal).state, last(journal).regressions, last(journal).theme_resolution.of) == (
        "open",
        1,
        0,
    )


def test_what_was_said_before_it_was_done_does_not_open_it_again(journal: Journal) -> None:
    report(journal, 5, "done")
    burst(journal, 60, 3)
    days(journal, 61, 100)
    assert changes(journal) == [("open", ISSUE)]


def test_after_a_month_a_recurrence_is_a_new_issue(journal: Journal) -> None:
    report(journal, 5, "done")
    journal.tick(24 * 40)
    burst(journal, 24 * 40 + 1, 12)
    assert changes(journal) == [("open", ISSUE), ("open", linear_issue_id("acme", "theme-a", 2))]


@pytest.mark.parametrize("state", ["cancelled", "duplicate", "deleted"])
def test_what_people_ended_otherwise_is_left_alone_and_somebody_is_told(
    journal: Journal, state: IssueState
) -> None:
    report(journal, 5, state)
    journal.tick(24 * 9)
    burst(journal, 24 * 9 + 1, 12)
    assert changes(journal) == [("open", ISSUE)]
    assert on("alerts", journal.run(EASY))[-1].body.endswith(f"is {state}, so none was opened.")


def test_cancelled_and_duplicate_issues_count_against_the_rule_and_deleted_ones_do_not(
    journal: Journal,
) -> None:
    for number, state in enumerate(("done", "cancelled", "duplicate", "deleted")):
        name = f"theme-{number}"
        journal.theme(name)
        burst(journal, 2.1, 12, name)
        report(journal, 3 + number, state, linear_issue_id("acme", name, 1))  # type: ignore[arg-type]
    rate = last(journal).rule_resolution
    assert (rate.count, rate.of, last(journal).theme_resolution.of) == (1, 3, 0)


def test_people_are_told_at_most_daily_then_less_often_while_customers_come(journal: Journal) -> None:
    report(journal, 3, "started")
    days(journal, 6, 24 * 10, count=4)
    said = on("linear", journal.run(EASY))[1:]
    assert {one.change for one in said} == {"recur"}
    gaps = [(later.event_time - one.event_time).total_seconds() / 86_400 for one, later in pairwise(said)]
    assert gaps == [2.0, 4.0]


def test_nobody_comments_where_no_tracker_ever_spoke(journal: Journal) -> None:
    days(journal, 6, 24 * 10, count=4)
    assert changes(journal) == [("open", ISSUE)]


def test_a_priority_that_people_set_stays(journal: Journal) -> None:
    report(journal, 3, "started", priority=4)
    report(journal, 4, "started", priority=1, by_people=False)
    days(journal, 6, 48, count=4)
    assert (word(journal).change, word(journal).priority, word(journal).priority_by_people) == (
        "recur",
        4,
        True,
    )


def test_issues_of_merged_themes_are_tied_and_the_survivors_stands(journal: Journal) -> None:
    journal.theme("theme-b")
    burst(journal, 2.5, 12, "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    other = linear_issue_id("acme", "theme-b", 1)
    assert changes(journal)[-1] == ("relink", other)
    assert word(journal).into_issue_id == ISSUE


def test_a_theme_without_an_issue_takes_over_that_of_the_one_merged_into_it(journal: Journal) -> None:
    report(journal, 3, "started")
    journal.theme("theme-b")
    journal.concern("one", 3.5, "theme-b", **ANGRY)
    journal.event("merged", "theme-a", "theme-b")
    report(journal, 5, "done")
    burst(journal, 60, 12, "theme-b")
    assert changes(journal) == [("open", ISSUE), ("reopen", ISSUE)]


def test_the_drop_after_it_was_done_is_measured_over_equal_weeks(journal: Journal) -> None:
    report(journal, 5, "done")
    burst(journal, 40, 1)
    days(journal, 41, 24 * 8)
    drop = last(journal).drop
    assert drop is not None
    assert (drop.before, drop.after, drop.verdict) == (12, 1, "fell")


def test_a_drop_of_few_is_not_shown(journal: Journal) -> None:
    report(journal, 5, "done")
    for day in range(2, 6):
        burst(journal, 24 * day, 1)
    days(journal, 24 * 7, 24 * 8)
    assert [one.drop.verdict for one in on("issues", journal.run(EASY)) if one.drop] == ["not shown"]


def test_a_score_says_what_became_of_the_themes_issue(journal: Journal) -> None:
    report(journal, 5, "done")
    journal.tick(6)
    score = on("priorities", journal.run(EASY))[-1]
    assert (score.issue_id, score.issue_state, score.resolution.count) == (ISSUE, "done", 1)


def test_what_a_tracker_says_of_issues_that_nobody_opened_here_is_left_alone(journal: Journal) -> None:
    report(journal, 3, "done", "11111111-1111-4111-8111-111111111111")
    assert [one.issue_id for one in on("issues", journal.run(EASY))] == [ISSUE]


def test_restarts_change_nothing_of_all_that(journal: Journal) -> None:
    report(journal, 3, "started", priority=2)
    days(journal, 6, 60, count=4)
    report(journal, 61, "done")
    burst(journal, 90, 12)
    journal.theme("theme-b")
    burst(journal, 91, 12, "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    report(journal, 92, "done")
    days(journal, 96, 24 * 12)
    assert {"recur", "reopen", "relink"} <= {change for change, _ in changes(journal)}
    assert_batching_law(lambda: step(EASY), journal.records, (0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95))

"""What the decision matrix says of a theme is on its score and its issue; no engineer's work opens no issue."""

from __future__ import annotations

from contracts.envelope import Out
from contracts.priority import Alert, LinearIssue
from tests.unit.operators.priority_streams import Journal, on, step


def raised(journal: Journal, rule: str, *, count: int = 12, first: int = 0, **labels: str) -> None:
    for n in range(first, first + count):
        facts = {"tier": "enterprise"}
        journal.concern(
            f"c{n}", 1, facts=facts, sentiment="negative", sentiment_milli=-800, action_rule=rule, **labels
        )


def told(outs: list[Out]) -> tuple[list[LinearIssue], list[Alert]]:
    return on("linear", outs), on("alerts", outs)


def test_an_issue_carries_action_rule_and_owner_and_says_so_in_words(journal: Journal) -> None:
    raised(journal, "billing")
    ((issue,), alerts) = told(journal.run())
    assert (issue.action, issue.action_rule, issue.action_owner) == (
        "engineering_ticket",
        "billing",
        "payments team",
    )
    assert "engineering ticket, for payments team" in issue.description.replace("\\", "")
    assert alerts == []


def test_so_does_a_score(journal: Journal) -> None:
    raised(journal, "first-steps")
    journal.tick(2)
    (score,) = on("priorities", journal.run())[-1:]
    assert (score.action, score.action_rule) == ("content_update", "first-steps")


def test_what_is_no_engineers_work_opens_no_issue_and_its_owner_is_told_once(journal: Journal) -> None:
    raised(journal, "first-steps")
    issues, (alert,) = told(journal.run())
    assert issues == []
    assert (alert.action, alert.action_owner, alert.theme_id) == ("content_update", "growth team", "theme-a")
    assert alert.title.startswith("Content update: ")


def test_critical_reports_open_an_issue_whatever_else_is_said(journal: Journal) -> None:
    raised(journal, "first-steps", count=4, severity="critical")
    issues, _ = told(journal.run())
    assert [issue.rule for issue in issues] == ["critical"]


def test_a_withheld_issue_is_opened_once_most_is_engineers_work_and_only_once(journal: Journal) -> None:
    raised(journal, "first-steps")
    raised(journal, "defect", count=8, first=12)
    issues, alerts = told(journal.run())
    assert [(issue.rule, issue.episode) for issue in issues] == [("impact", 1)]
    assert [alert.rule for alert in alerts if alert.action] == ["impact"]


def test_a_theme_into_which_a_withheld_one_is_merged_opens_its_own_issue(journal: Journal) -> None:
    raised(journal, "first-steps")
    journal.theme("theme-b")
    for n in range(20):
        labels = {"sentiment": "negative", "sentiment_milli": -800, "action_rule": "defect"}
        journal.concern(f"b{n}", 1, "theme-b", facts={"tier": "free"}, **labels)
    journal.event("merged", "theme-a", "theme-b")
    assert "theme-b" in {issue.theme_id for issue in told(journal.run())[0]}


def test_concerns_without_a_rule_open_issues_as_ever(journal: Journal) -> None:
    for n in range(12):
        journal.concern(f"c{n}", 1, facts={"tier": "enterprise"}, sentiment="negative", sentiment_milli=-800)
    ((issue,), _) = told(journal.run())
    assert issue.action is None


def test_counts_of_rules_follow_concerns_that_leave(journal: Journal) -> None:
    raised(journal, "first-steps")
    for n in range(12):
        journal.change(f"c{n}", 2, "retracted")
    running = step()
    running.on_records(journal.records)
    assert running.tables["themes"]["acme|theme-a"].rules == {}


def test_an_issue_says_what_is_to_be_done_where_the_largest_part_asks_for_nothing(journal: Journal) -> None:
    raised(journal, "nothing-to-do", count=7)
    raised(journal, "request", count=6, first=7)
    raised(journal, "ux", count=5, first=13)
    journal.tick(2)
    outs = journal.run()
    (issue,) = on("linear", outs)[-1:]
    assert (issue.action_rule, issue.action_owner) == ("request", "product manager")
    assert "nothing to do" not in issue.description
    assert on("priorities", outs)[-1].action_rule == "nothing-to-do"

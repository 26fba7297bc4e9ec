"""Rules and the issues and alerts they open: when, how often, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import Erase
from contracts.identity import linear_issue_id
from contracts.priority import LinearIssue, Withdrawal
from models.priority.policy import GrowthRule, ImpactRule, NegativeShareRule, PriorityPolicy
from tests.unit.operators.priority_streams import Journal, PlainOpener, at, on

ANGRY: dict[str, Any] = {"sentiment": "negative", "sentiment_milli": -700}
CRITICAL: dict[str, Any] = {**ANGRY, "severity": "critical"}


def burst(journal: Journal, count: int, hours: float, name: str = "c", **decision: Any) -> None:
    for number in range(count):
        journal.concern(f"{name}{number}", hours, **(decision or ANGRY))


def issues(journal: Journal, *rules: Any) -> list[Any]:
    outs = on("linear", journal.run(PriorityPolicy(rules=rules) if rules else None))
    return [one for one in outs if isinstance(one, LinearIssue)]


def alerts(journal: Journal, *rules: Any) -> list[Any]:
    return on("alerts", journal.run(PriorityPolicy(rules=rules) if rules else None))


# Critical severity


def test_a_critical_concern_pages_at_once_and_opens_no_issue_alone(journal: Journal) -> None:
    journal.concern("one", 0.5, **CRITICAL)
    (alert,) = alerts(journal)
    assert (alert.severity, alert.rule, alert.theme_id) == ("page", "critical", "theme-a")
    assert issues(journal) == []


def test_a_critical_concern_without_a_theme_pages_too(journal: Journal) -> None:
    journal.concern("one", 0.5, theme=None, **CRITICAL)
    assert [(a.severity, a.theme_id) for a in alerts(journal)] == [("page", None)]


def test_an_issue_names_the_heaviest_customers_first_with_tier_and_revenue(journal: Journal) -> None:
    for name, tier, mrr in (("b", "free", None), ("a", "free", 20.0), ("z", "pro", 12_000.0)):
        journal.concern(f"by-{name}", 0.5, facts={"account": name, "tier": tier, "mrr": mrr}, **CRITICAL)
    (issue,) = issues(journal)
    told = [(one.account, one.tier, one.mrr) for one in issue.customers]
    assert told == [("z", "pro", 12_000.0), ("a", "free", 20.0), ("b", "free", None)]


def test_two_critical_voices_and_a_third_severe_one_open_the_issue(journal: Journal) -> None:
    journal.concern("one", 0.5, **CRITICAL)
    journal.concern("two", 0.5, **CRITICAL)
    third = journal.concern("three", 0.6, severity="high", **ANGRY)
    (issue,) = issues(journal)
    assert (issue.rule, issue.priority, issue.event_time) == ("critical", 1, at(0.6))
    assert issue.id.startswith("0-4-priority-")
    assert issue.trace == third.trace


def test_the_same_account_three_times_is_one_voice(journal: Journal) -> None:
    for name in ("one", "two", "three"):
        journal.concern(name, 0.5, facts={"account": "acme-corp"}, **CRITICAL)
    assert issues(journal) == []


@pytest.mark.parametrize(("tier", "opened"), [("enterprise", 1), ("business", 1), ("pro", 0)])
def test_an_urgent_critical_concern_of_a_big_customer_is_enough(
    journal: Journal, tier: str, opened: int
) -> None:
    journal.concern("one", 0.5, facts={"tier": tier}, urgent=True, **CRITICAL)
    assert len(issues(journal)) == opened


def test_critical_concerns_that_nobody_is_sure_of_open_nothing(journal: Journal) -> None:
    burst(journal, 3, 0.5, confidence_milli=840, **CRITICAL)
    assert issues(journal) == []


def test_praise_is_never_critical(journal: Journal) -> None:
    burst(journal, 3, 0.5, severity="critical", sentiment="positive", sentiment_milli=800)
    assert journal.run() == []


def test_two_critical_voices_in_a_mild_theme_page_but_open_nothing(journal: Journal) -> None:
    burst(journal, 5, 0.1, severity="low", sentiment="neutral")
    burst(journal, 2, 0.5, "critical", **CRITICAL)
    assert (len(issues(journal)), len(alerts(journal))) == (0, 1)


def test_one_theme_pages_once_a_day(journal: Journal) -> None:
    for number in range(4):
        journal.tick(10 * number)
        journal.concern(f"c{number}", 10 * number, theme=None, **CRITICAL)
    assert [a.event_time for a in alerts(journal)] == [at(0), at(30)]


def test_a_critical_theme_that_was_waiting_opens_its_issue_when_it_is_born(journal: Journal) -> None:
    for name in "abc":
        journal.concern(name, 0.5, theme=None, **CRITICAL)
    for name in "abc":
        journal.change(name, 0.6, "assigned", "theme-a")
    (issue,) = issues(journal)
    assert [q.item_id for q in issue.quotes] == ["item-a", "item-b", "item-c"]


# Impact over a bound


def test_an_impact_over_the_bound_opens_one_issue_per_episode(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    (issue,) = issues(journal)
    assert (issue.rule, issue.episode) == ("impact", 1)
    assert issue.issue_id == linear_issue_id("acme", "theme-a", 1)
    assert len(issue.accounts) < 20


def test_four_loud_accounts_are_not_enough(journal: Journal) -> None:
    for number in range(60):
        journal.concern(f"c{number}", 0.5, facts={"account": f"a{number % 4}", "mrr": 50_000}, **ANGRY)
    assert issues(journal, ImpactRule(enter=20, exit=10)) == []


def test_between_the_bounds_an_episode_goes_on(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    for day in range(1, 6):
        journal.tick(24 * day)
        burst(journal, 4, 24 * day, f"day{day}-")
    assert [i.episode for i in issues(journal)] == [1]


def test_a_theme_whose_customers_turned_out_smaller_ends_its_episode_at_the_hour() -> None:
    rules = (ImpactRule(enter=35, exit=30, min_accounts=2), NegativeShareRule(min_negatives=1_000))
    journal = Journal()
    journal.theme("theme-a")
    journal.theme("theme-b")
    journal.tick(0)
    for account in ("x", "y"):
        big = {"account": account, "tier": "enterprise"}
        journal.concern(f"big-{account}", 0.1, facts=big, **ANGRY)
    for account, tier in (("x", "free"), ("y", "free")):
        journal.concern(
            f"{tier}-{account}", 0.2, "theme-b", facts={"account": account, "tier": tier}, **ANGRY
        )
    journal.tick(1.5)
    for account in ("x", "y"):
        big = {"account": account, "tier": "enterprise"}
        journal.concern(f"again-{account}", 1.6, "theme-a", facts=big, **ANGRY)
    assert [issue.episode for issue in issues(journal, *rules) if issue.theme_id == "theme-a"] == [1, 2]


def test_below_the_exit_bound_and_back_is_a_new_episode(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    journal.tick(24 * 9)
    burst(journal, 20, 24 * 9, "again")
    first, second = issues(journal)
    assert (first.episode, second.episode) == (1, 2)
    assert first.issue_id != second.issue_id


def test_taking_concerns_back_ends_an_episode_too(journal: Journal) -> None:
    burst(journal, 10, 0.5)
    for number in range(10):
        journal.change(f"c{number}", 0.6, "retracted")
    burst(journal, 10, 0.7, "again")
    assert [i.episode for i in issues(journal)] == [1, 2]


def test_a_second_rule_inside_an_episode_raises_an_alert_and_no_second_issue(journal: Journal) -> None:
    outs_before = len(issues(journal))
    burst(journal, 20, 0.5)
    burst(journal, 20, 0.6, "critical", **CRITICAL)
    (issue,) = issues(journal)[outs_before:]
    raised = alerts(journal)[-1]
    assert (raised.rule, raised.severity) == ("critical", "page")
    assert issue.issue_id in raised.body


def test_a_theme_waits_for_its_label_until_the_next_tick() -> None:
    journal = Journal()
    journal.tick(0)
    burst(journal, 20, 0.1)
    assert issues(journal) == []
    journal.tick(0.2)
    assert issues(journal)[0].title.startswith("theme theme-a: 20 accounts")


def test_a_label_that_comes_after_the_concerns_lets_the_issue_out() -> None:
    journal = Journal()
    journal.tick(0)
    burst(journal, 20, 0.1)
    journal.theme("theme-a", "Login fails")
    assert issues(journal)[0].title == "Login fails: 20 accounts in 24 hours, 100 % negative"


def test_a_merge_takes_the_open_episode_along(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    journal.theme("theme-b", "Same thing")
    journal.event("merged", "theme-a", "theme-b")
    burst(journal, 5, 0.6, "more", theme="theme-b", **ANGRY)
    assert [i.theme_id for i in issues(journal)] == ["theme-a"]


# Half of the negatives


def test_a_theme_with_half_of_the_negatives_is_flagged(journal: Journal) -> None:
    rule = NegativeShareRule()
    burst(journal, 25, 0.1, "elsewhere", theme=None, **ANGRY)
    burst(journal, 30, 0.5)
    (issue,) = issues(journal, rule)
    assert (issue.rule, len(issue.accounts), issue.priority) == ("half-of-negatives", 25, 2)


def test_few_negatives_are_no_sign(journal: Journal) -> None:
    burst(journal, 19, 0.5)
    assert issues(journal, NegativeShareRule()) == []


def test_others_leaving_the_window_can_make_it_half() -> None:
    journal = Journal()
    journal.theme("theme-a")
    journal.tick(0)
    burst(journal, 40, 0, "old", theme=None, **ANGRY)
    journal.tick(100)
    burst(journal, 21, 100)
    journal.tick(168.5)
    assert [i.event_time for i in issues(journal, NegativeShareRule())] == [at(168.5)]


# A category, week over week


def weeks(first: int, second: int, category: str = "billing", **decision: Any) -> Journal:
    """So many accounts a week of one category for two weeks, and then in the third."""
    journal = Journal()
    journal.concern("start", 0, theme=None, category="other")
    for week, count in ((0, first), (1, first), (2, second)):
        for number in range(count):
            hours = 168 * week + 160 * number / count
            journal.tick(hours)
            journal.concern(f"w{week}-{number}", hours, theme=None, category=category, **decision)
    journal.tick(168 * 3 - 2)
    return journal


@pytest.mark.parametrize(("first", "second"), [(10, 30), (0, 9), (40, 70)])
def test_a_category_that_rose_is_an_incident(first: int, second: int) -> None:
    (alert,) = alerts(weeks(first, second))
    assert (alert.rule, alert.severity) == ("category-growth", "warn")
    assert "billing" in alert.title


@pytest.mark.parametrize(("first", "second"), [(0, 4), (3, 6), (20, 28), (30, 30), (30, 5)])
def test_chance_small_counts_and_falls_are_none(first: int, second: int) -> None:
    assert alerts(weeks(first, second)) == []


def test_a_rise_is_told_once_until_it_ended() -> None:
    journal = weeks(10, 40)
    for week in (3, 4, 5):
        for number in range(40 if week != 4 else 2):
            hours = 168 * week + 160 * number / 40
            journal.tick(hours)
            journal.concern(f"w{week}-{number}", hours, theme=None, category="billing")
    assert len({a.alert_id for a in alerts(journal)}) == len(alerts(journal)) == 2


def test_before_two_weeks_are_known_a_category_cannot_have_risen(journal: Journal) -> None:
    burst(journal, 50, 0.1, theme=None, severity="low")
    assert alerts(journal, GrowthRule()) == []


# Quotes and what comes with an issue


def test_erased_quotes_are_left_out(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    outs = journal.run(opener=PlainOpener(erased=("someone",)))
    assert on("linear", outs)[0].quotes == ()


def test_an_erase_order_drops_what_was_kept(journal: Journal) -> None:
    journal.concern("one", 0.1)
    journal.order(Erase(subject="someone"))
    burst(journal, 20, 0.5, "later", quote=None, **ANGRY)
    assert issues(journal)[0].quotes == ()


def test_an_erase_order_takes_back_what_issues_quote(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    journal.order(Erase(subject="someone"))
    (told,) = [one for one in on("linear", journal.run()) if isinstance(one, Withdrawal)]
    assert (told.why, told.subject) == ("erased", "someone")


def test_a_retracted_concern_is_taken_back_once_there_is_an_issue(journal: Journal) -> None:
    journal.concern("early", 0.1)
    journal.change("early", 0.2, "retracted")
    burst(journal, 20, 0.5)
    journal.change("c3", 0.6, "retracted")
    told = [one.concern_id for one in on("linear", journal.run()) if isinstance(one, Withdrawal)]
    assert told == ["c3"]


def test_a_quote_says_by_what_it_can_be_taken_back(journal: Journal) -> None:
    burst(journal, 20, 0.5)
    quote = issues(journal)[0].quotes[0]
    assert (quote.concern_id, quote.subject, quote.account) == ("c3", "someone", "account-c3")


def test_quotes_show_distinct_customers_first(journal: Journal) -> None:
    for number in range(8):
        journal.concern(f"loud{number}", 0.1, facts={"account": "loud"}, quote=f"loud {number}", **ANGRY)
    burst(journal, 20, 0.5, "other", **ANGRY)
    texts = [q.text for q in issues(journal)[0].quotes]
    assert len(texts) == 6
    assert sum(text.startswith("loud") for text in texts) <= 1


def test_a_moved_concern_takes_its_quote_along(journal: Journal) -> None:
    journal.concern("one", 0.1, "theme-b", quote="moved here", **ANGRY)
    journal.change("one", 0.2, "moved", "theme-a")
    burst(journal, 20, 0.5, quote=None, **ANGRY)
    assert [q.text for q in issues(journal)[0].quotes] == ["moved here"]


def test_labels_are_the_main_category_and_area(journal: Journal) -> None:
    burst(journal, 2, 0.1, "few", category="other", product_area="export", severity="low")
    burst(journal, 20, 0.5, category="billing", product_area="checkout", **ANGRY)
    assert issues(journal)[0].labels == ("billing", "checkout", "impact", "undercurrent")


def test_praise_that_grows_is_no_incident() -> None:
    assert alerts(weeks(10, 40, sentiment="positive", sentiment_milli=700)) == []
    assert alerts(weeks(10, 40, category="praise")) == []


def test_one_report_of_one_account_is_said_as_one(journal: Journal) -> None:
    journal.concern("one", 0.5, urgent=True, facts={"tier": "enterprise"}, **CRITICAL)
    (issue,) = issues(journal)
    assert "1 critical report from 1 account in 24 hours, and 1 severe one in 7 days" in issue.description


def test_a_critical_concern_of_a_theme_without_a_name_says_so(journal: Journal) -> None:
    journal.theme("4f1c2a90-void", "theme 4f1c2a90")
    journal.concern("one", 0.5, theme="4f1c2a90-void", **CRITICAL)
    (alert,) = alerts(journal)
    assert "(theme 4f1c2a90, which has no name yet)" in alert.body

"""What became of earlier issues weighs in a score, says so, and lowers nothing that people or severity keep up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.commands import ReportIssue
from contracts.identity import linear_issue_id
from contracts.priority import Priority
from models.priority.policy import PriorityPolicy, Weights
from models.priority.verdicts import VerdictWeights
from tests.unit.operators.priority_streams import START, Journal, on

ENDED = [f"ended-{n:02}" for n in range(12)]
ANGRY: dict[str, Any] = {"sentiment": "negative", "sentiment_milli": -800}


def said(journal: Journal, theme: str, state: str, hours: float, **more: Any) -> None:
    told = {"issue_id": linear_issue_id("acme", theme, 1), "key": "E-1", "state": state, "tracker": "linear"}
    at = START + timedelta(hours=hours)
    journal.order(ReportIssue.model_validate(told | {"at": at} | more), hours)


def raised(journal: Journal, theme: str, hours: float = 1, **labels: Any) -> None:
    for n in range(12):
        facts = {"tier": "business", "account": f"{theme}-{n}"}
        journal.concern(f"{theme}-{n}", hours, theme, facts=facts, **(ANGRY | labels))


def ended(state: str, category: str = "billing") -> Journal:
    """Twelve issues of a category that all ended so, and a theme of that category that is watched."""
    journal = Journal()
    journal.tick(0)
    for theme in [*ENDED, "watched"]:
        journal.theme(theme, theme)
        raised(journal, theme, category=category)
    for theme in ENDED:
        said(journal, theme, state, 2)
    return journal


def score(journal: Journal, policy: PriorityPolicy | None = None, theme: str = "watched") -> Priority:
    last = max((r.event_time - START).total_seconds() / 3600 for r in journal.records)
    journal.tick(last + 1)
    found: list[Priority] = [one for one in on("priorities", journal.run(policy)) if one.theme_id == theme]
    return found[-1]


def off() -> PriorityPolicy:
    return PriorityPolicy(weights=Weights(verdicts=VerdictWeights(enabled=False)))


@pytest.mark.parametrize(("state", "factor"), [("cancelled", 0.921), ("duplicate", 0.921), ("started", None)])
def test_what_is_never_done_weighs_less_and_what_is_in_work_says_nothing(
    state: str, factor: float | None
) -> None:
    assert {window.factors.verdicts for window in score(ended(state)).windows} == {factor}


def test_what_is_always_done_weighs_more() -> None:
    policy = PriorityPolicy(weights=Weights(verdicts=VerdictWeights(neutral=(0.4, 0.6))))
    assert score(ended("done"), policy).windows[0].factors.verdicts == pytest.approx(1.098)


def test_the_factor_is_explained_among_the_others() -> None:
    told = score(ended("cancelled"))
    assert "× verdicts 0.92 = " in told.why
    assert "0 of 12 issues of category billing that ended were done (95 % interval 0 % to 24 %)" in told.why
    assert told.verdicts
    assert (told.verdicts.name, told.verdicts.resolution.of) == ("billing", 12)


def test_the_impact_is_the_product_of_its_factors() -> None:
    window = score(ended("cancelled")).windows[1]
    f = window.factors
    product = f.volume * f.sentiment * f.tier * f.urgency * f.recency * (f.verdicts or 0)
    assert window.impact == pytest.approx(100 * product / (product + 20), abs=0.01)


def test_other_categories_are_not_touched() -> None:
    journal = ended("cancelled")
    raised(journal, "else", 3, category="bug")
    assert score(journal, theme="else").verdicts is None


def test_it_can_be_switched_off() -> None:
    told = score(ended("cancelled"), off())
    assert (told.verdicts, told.windows[0].factors.verdicts) == (None, None)


def test_by_rule_counts_the_issues_that_the_rule_opened() -> None:
    told = score(ended("cancelled"), PriorityPolicy(weights=Weights(verdicts=VerdictWeights(by="rule"))))
    assert told.verdicts
    assert (told.verdicts.by, told.verdicts.name) == ("rule", "impact")


@pytest.mark.parametrize(("order", "why"), [("critical", "it is critical"), ("pinned", "people pinned it")])
def test_what_people_pinned_or_marked_is_not_lowered(order: str, why: str) -> None:
    journal = ended("cancelled")
    journal.records.append(journal.theme("watched", "watched").model_copy(update={order: True}))
    told = score(journal)
    assert told.windows[0].factors.verdicts is None
    assert told.verdicts
    assert told.verdicts.held == why
    assert f"it is not lowered for that, because {why}" in told.why


def test_neither_is_a_theme_with_critical_concerns() -> None:
    journal = ended("cancelled")
    journal.concern("c", 2, "watched", severity="critical", category="billing", **ANGRY)
    assert score(journal).windows[0].factors.verdicts is None


def test_nor_one_whose_priority_people_set_at_the_tracker() -> None:
    journal = ended("cancelled")
    said(journal, "watched", "started", 3, priority=1, by_people=True)
    told = score(journal)
    assert told.verdicts
    assert told.verdicts.held == "people set its issue's priority"


def test_a_pin_that_is_lifted_lets_it_be_lowered_again() -> None:
    journal = ended("cancelled")
    journal.records.append(journal.theme("watched", "watched").model_copy(update={"pinned": True}))
    journal.tick(4)
    journal.theme("watched", "watched")
    assert score(journal).windows[0].factors.verdicts == 0.921


def test_a_verdict_changes_the_scores_of_others_at_the_next_emission() -> None:
    journal = ended("cancelled")
    journal.tick(3)
    before = score(journal).impact
    for theme in ENDED:
        said(journal, theme, "done", 5)
    after = score(journal)
    assert after.impact > before
    assert after.verdicts
    assert after.verdicts.resolution.count == 12


def test_verdicts_are_forgotten_after_their_days() -> None:
    journal = ended("cancelled")
    journal.tick(24 * 185)
    raised(journal, "watched2", 24 * 185, category="billing")
    assert score(journal, theme="watched2").verdicts is None

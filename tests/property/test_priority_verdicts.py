"""Trackers' verdicts in the score: after any two hundred of them, the factor is that of a sum made anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.commands import ReportIssue
from contracts.identity import linear_issue_id
from contracts.priority import Interval, Priority
from models.priority.policy import ImpactRule, PriorityPolicy, Weights
from models.priority.verdicts import VerdictWeights
from models.priority.wilson import wilson_interval
from operators.prioritise.rows import IssueRow
from operators.prioritise.verdicts import Verdicts
from tests.support.laws import assert_batching_law
from tests.unit.operators.priority_streams import START, Journal, on, step

DAY = 86_400
CATEGORIES = ("bug", "billing")
STATES = ("open", "started", "done", "done", "cancelled", "duplicate", "deleted")
WEIGHTS = VerdictWeights(min_verdicts=3, neutral=(0.5, 0.5), within_d=20)
POLICY = PriorityPolicy(
    rules=(ImpactRule(enter=5, exit=1, min_accounts=1),), weights=Weights(verdicts=WEIGHTS)
)
THEMES = [f"theme-{n:02}" for n in range(16)]

Verdict = tuple[int, str, int]
"""Which issue, what it is now, and the hours since the one before."""

TWO_HUNDRED = st.integers(0, 2**32).map(
    lambda seed: [
        (draw.randrange(16), draw.choice(STATES), draw.randrange(9))
        for draw in [Random(seed)]
        for _ in range(200)
    ]
)


def naive(rows: dict[str, tuple[str, str, int]], name: str, now: int) -> Interval:
    """The verdicts of the last days on issues of a category, from (category, state, seconds) of every issue."""
    counted = [
        state for of, state, at in rows.values() if of == name and at // DAY > now // DAY - WEIGHTS.within_d
    ]
    done = counted.count("done")
    return wilson_interval(done, done + counted.count("cancelled") + counted.count("duplicate"))


@settings(max_examples=30, deadline=None)
@given(TWO_HUNDRED)
def test_counts_that_grew_are_those_of_a_naive_sum_and_those_that_were_rebuilt(
    verdicts: list[Verdict],
) -> None:
    now, grown, rows, known = 100 * DAY, Verdicts(WEIGHTS, 0, ()), dict[str, IssueRow](), {}
    for number, state, hours in verdicts:
        now += 3600 * hours
        at = now - 15 * DAY * (hours % 3)  # some are told late, and some too late to count
        issue, category = f"issue-{number}", CATEGORIES[number % 2]
        rows[issue] = IssueRow(f"theme-{number}", 1, "impact", 0, state, 1000 * at, category=category)  # type: ignore[arg-type]
        known[issue] = (category, state, at)
        grown.advance(now)
        grown.put(issue, rows[issue])
        assert [grown.of(name) for name in CATEGORIES] == [naive(known, name, now) for name in CATEGORIES]
    rebuilt = Verdicts(WEIGHTS, now, rows.items())
    assert [rebuilt.of(name) for name in CATEGORIES] == [grown.of(name) for name in CATEGORIES]


def journal_of(
    verdicts: list[Verdict], hours: float = 1.0
) -> Iterator[tuple[Journal, dict[str, Any], float]]:
    """Sixteen themes of two categories with an issue each, and what trackers say of these; after every verdict."""
    journal, told = Journal(), dict[str, Any]()
    journal.tick(0)
    for n, theme in enumerate(THEMES):
        journal.theme(theme, f"label {n}")
        for voice in range(3):
            journal.concern(f"{theme}-{voice}", 0.5, theme, category=CATEGORIES[n % 2], sentiment="negative")
    journal.tick(1)
    for number, state, later in verdicts:
        hours += later
        issue = linear_issue_id("acme", THEMES[number], 1)
        at = START + timedelta(hours=hours)
        said = {"issue_id": issue, "key": "E-1", "state": state, "at": at, "tracker": "jira"}
        journal.order(ReportIssue.model_validate(said), hours)
        told[issue] = (CATEGORIES[number % 2], state, int(at.timestamp()))
        journal.tick(hours)
        yield journal, told, hours


@settings(max_examples=10, deadline=None)
@given(TWO_HUNDRED)
def test_every_score_has_the_factor_of_the_verdicts_up_to_it(verdicts: list[Verdict]) -> None:
    running, done = step(POLICY), 0
    for journal, told, hours in journal_of([(n, state, later % 2) for n, state, later in verdicts]):
        now = int((START + timedelta(hours=hours)).timestamp())
        outs = running.on_records(journal.records[done:])
        done = len(journal.records)
        live = _last_states(told, running)
        for score in on("priorities", outs):
            if score.event_time == START + timedelta(hours=hours) and score.windows[1].concerns:
                assert _factor(score) == WEIGHTS.factor_milli(naive(live, _category(score), now))


def _category(score: Priority) -> str:
    return CATEGORIES[THEMES.index(score.theme_id) % 2]


def _factor(score: Priority) -> int:
    return 1000 if score.verdicts is None else round(1000 * score.verdicts.factor)


def _last_states(told: dict[str, Any], running: Any) -> dict[str, Any]:
    """What trackers said last, but for issues that we opened again since."""
    rows = running.tables["issues"]
    states = {issue: rows[f"acme|{issue}"] for issue in told}
    return {issue: (told[issue][0], row.state, row.at // 1000) for issue, row in states.items()}


@settings(max_examples=12, deadline=None)
@given(TWO_HUNDRED, st.lists(st.floats(0, 1), max_size=4))
def test_batching_and_restarts_change_no_byte(verdicts: list[Verdict], cuts: list[float]) -> None:
    *_, (journal, _, _) = journal_of(verdicts)
    assert_batching_law(lambda: step(POLICY), journal.records, cuts)

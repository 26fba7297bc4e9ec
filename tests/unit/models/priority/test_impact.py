"""The formula: hand-computed values, its bounds, and what each factor does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import prod

import pytest

from contracts.priority import Priority
from contracts.stages import Decision
from models.priority.impact import effective_impact, impacts, why_sentence, window_scores
from models.priority.policy import Weights
from models.priority.windows import SEVERE, Family, N, Standing, Sums, cell_of

WEIGHTS = Weights()
PRO = Standing("pro", 1150)
NEUTRAL = (1, 0, 0, 0, 0, 0, 0, 0)
ANGRY = (1, 1, 800, 500, 1, 0, 0, 0)


def family(accounts: int, cell: tuple[int, ...] = NEUTRAL, *, fresh: bool = True) -> Family:
    made = Family(cap=3)
    for n in range(accounts):
        made.week.add(f"a:{n}", cell, PRO)
        if fresh:
            made.day.add(f"a:{n}", cell, PRO)
    return made


def decision(**changes: object) -> Decision:
    return Decision.model_validate(
        {
            "category": "bug",
            "severity": "critical",
            "sentiment": "negative",
            "sentiment_milli": -600,
            "confidence_milli": 900,
        }
        | changes
    )


def test_the_week_is_the_written_formula() -> None:
    product = 8 * 1.9 * 1.15 * 1.25 * 1.0
    assert impacts(family(8, ANGRY, fresh=False), WEIGHTS)[1] == pytest.approx(
        100 * product / (product + 20), abs=1e-4
    )


def test_the_day_is_the_written_formula_with_all_of_it_fresh() -> None:
    product = 8 * 1.9 * 1.15 * 1.25 * 1.25
    assert impacts(family(8, ANGRY), WEIGHTS)[0] == pytest.approx(100 * product / (product + 13), abs=1e-4)


def test_an_empty_window_has_no_impact_and_says_so() -> None:
    scores = window_scores(family(0), WEIGHTS)
    assert [s.impact for s in scores] == [0.0, 0.0]
    assert why_sentence(scores, 0) == "No concern in the last 7 days."


def test_impact_stays_below_100_however_many_speak() -> None:
    assert 99 < impacts(family(20_000, ANGRY), WEIGHTS)[1] <= 100


def test_one_account_counts_at_most_one_and_a_half() -> None:
    sums = Sums(cap=3)
    for _ in range(50):
        sums.add("a:loud", NEUTRAL, PRO)
    assert sums.volume / 4 == 1.5


def test_sentiment_doubles_at_most() -> None:
    scores = window_scores(family(5, (1, 1, 1000, 0, 0, 0, 0, 0)), WEIGHTS)
    assert scores[1].factors.sentiment == 2.0


def test_why_names_accounts_interval_and_every_factor() -> None:
    why = why_sentence(window_scores(family(8, ANGRY), WEIGHTS), severe=8)
    for part in (
        "8 accounts",
        "95 % interval 68 % to 100 %",
        "volume 8.00",
        "sentiment 1.90",
        "tier 1.15",
        "impact",
    ):
        assert part in why


def test_a_positive_concern_is_never_severe() -> None:
    assert cell_of(decision(sentiment="positive", sentiment_milli=700, urgent=True), 850)[3:8] == (
        0,
        0,
        0,
        0,
        0,
    )


def test_praise_raises_no_impact_however_many_praise() -> None:
    praise = cell_of(decision(sentiment="positive", sentiment_milli=700), 850)
    assert impacts(family(50, praise), WEIGHTS) == (0.0, 0.0)


def test_some_praise_among_requests_does_not_hide_them() -> None:
    sums = family(30, cell_of(decision(sentiment="positive", feature_request=True), 850))
    mixed = impacts(sums, WEIGHTS)[1]
    for n in range(10):
        sums.week.add(f"a:happy-{n}", cell_of(decision(sentiment="positive"), 850), Standing("free", 1000))
    assert impacts(sums, WEIGHTS)[1] > mixed


def test_a_happy_request_is_not_praise() -> None:
    request = cell_of(decision(sentiment="positive", sentiment_milli=700, feature_request=True), 850)
    assert impacts(family(50, request), WEIGHTS)[1] > 60


def test_a_sure_urgent_critical_concern_is_counted_as_all_of_that() -> None:
    assert cell_of(decision(urgent=True), 850) == (1, 1, 600, 1000, 1, 1, 1, 1, 0)


def test_an_unsure_critical_concern_is_critical_but_not_sure() -> None:
    assert cell_of(decision(confidence_milli=800), 850)[5:] == (1, 0, 0, 0)


def test_taking_everything_out_leaves_nothing() -> None:
    sums = Sums(cap=3)
    for sign in (1, 1, -1, -1):
        sums.add("a:x", ANGRY, PRO, sign)
    assert (sums.total, sums.by_who, sums.volume, sums.weighted, sums.tiers) == ([0] * 9, {}, 0, 0, {})


def test_a_new_standing_weighs_what_is_in_the_window() -> None:
    sums = Sums(cap=3)
    sums.add("a:x", ANGRY, PRO)
    assert sums.restand("a:x", PRO, Standing("enterprise", 1800)) is True
    assert (sums.weighted, sums.tiers) == (4 * 1800, {"enterprise": 1})


def test_who_has_something_is_sorted() -> None:
    sums = Sums(cap=3)
    for who in ("a:z", "a:b"):
        sums.add(who, ANGRY, PRO)
    assert (sums.accounts_with(SEVERE), sums.total[N]) == (["a:b", "a:z"], 2)


@pytest.mark.parametrize(("hours", "share"), [(0, 1.0), (48, 0.5), (96, 0.25), (-5, 1.0)])
def test_impact_halves_with_every_half_life_of_silence(hours: int, share: float) -> None:
    seen = datetime(2026, 1, 5, tzinfo=UTC)
    priority = Priority(
        id="0-1-priority-0",
        tenant="acme",
        event_time=seen,
        ingested_at=seen,
        theme_id="t",
        label="x",
        impact=80,
        half_life_s=48 * 3600,
        windows=(),
        why="",
        last_seen=seen,
        affected_accounts=1,
    )
    assert effective_impact(priority, seen + timedelta(hours=hours)) == pytest.approx(80 * share)


def test_why_says_an_equation_that_is_true() -> None:
    scores = window_scores(family(12, cell_of(decision(), 850)), WEIGHTS)
    said = re.search(r"gives volume (.+) = ([\d.]+), impact (\d+) of 100\.$", why_sentence(scores, 0))
    assert said is not None
    factors = [float(part.split()[-1]) for part in said[1].split(" × ")]
    assert prod(factors) == pytest.approx(float(said[2]), rel=0.02)
    assert round(max(one.impact for one in scores)) == int(said[3])

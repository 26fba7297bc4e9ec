"""Every step's law on journals of everything that can happen: batches and restarts change no byte."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from contracts.feedback import FeedbackReceived
from contracts.registry import write_record
from contracts.stages import Assignment, AssignmentFacts
from contracts.themes import ThemeRecord
from models.priority.policy import CriticalRule, PriorityPolicy
from models.priority.windows import cell_of
from operators.budget import RejectPolicy
from operators.prioritise import PrioritiseStep
from operators.step import bulk_of
from operators.themes.notes import is_critical
from tests.support.laws import assert_batching_law
from tests.support.steps import Journey, decide, extract, feedback, intake, themes, wander
from tests.unit.operators.priority_streams import PlainOpener

NEVER = RejectPolicy(max_ratio=1.0, max_in_a_row=10**9)
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def journeys(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Journey]:
    return {seed: wander(Journey(_fresh(tmp_path_factory)), seed) for seed in SEEDS}


def _fresh(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("journey")


@cache
def cuts(seed: int) -> tuple[float, ...]:
    draw = random.Random(seed)
    return tuple(draw.random() for _ in range(5))


@pytest.mark.parametrize("seed", SEEDS)
def test_intake_obeys_the_law(journeys: dict[int, Journey], seed: int) -> None:
    journey = journeys[seed]
    assert_batching_law(lambda: intake(journey.vault, NEVER), journey.topics["journal"], cuts(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_extract_obeys_the_law(journeys: dict[int, Journey], seed: int) -> None:
    journey = journeys[seed]
    assert_batching_law(lambda: extract(journey.vault), journey.topics["redacted"], cuts(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_themes_obeys_the_law(journeys: dict[int, Journey], seed: int) -> None:
    journey = journeys[seed]
    assert_batching_law(lambda: themes(journey.vault), journey.topics["enriched"], cuts(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_accepted_has_exactly_one_outcome(journeys: dict[int, Journey], seed: int) -> None:
    assert journeys[seed].ledger().check() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_journey_meets_what_it_is_about(journeys: dict[int, Journey], seed: int) -> None:
    topics = journeys[seed].topics
    assert {"quarantine", "reviews", "dead-letters", "receipts", "themes", "theme-events"} <= set(topics)
    assert {"retracted", "assigned", "waiting", "relabelled"} <= {
        a.change for a in journeys[seed].of("assignments", Assignment)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_themes_are_as_large_as_their_living_concerns(journeys: dict[int, Journey], seed: int) -> None:
    journey = journeys[seed]
    for tenant in ("acme", "beta"):
        journey.tick(tenant=tenant)
        themes_of: dict[str, str | None] = {}
        redirects: dict[str, str] = {}
        for record in journey.of("assignments", ThemeRecord):
            if record.tenant == tenant and record.redirect_to:
                redirects[record.theme_id] = record.redirect_to
        for change in journey.of("assignments", Assignment):
            if change.tenant == tenant:
                themes_of[change.concern_id] = change.theme
        said = {r.theme_id: r for r in journey.of("themes", ThemeRecord) if r.tenant == tenant}
        for name, record in said.items():
            if record.status != "merged":
                living = [t for t in themes_of.values() if t and _root(t, redirects) == name]
                assert record.concerns == len(living), name


def decided_anew(journey: Journey, seed: int) -> Journey:
    """Much feedback, about most of which models and people decide anew, several times, while more comes."""
    draw = random.Random(seed)
    for _ in range(60):
        feedback(journey, draw)
    for _ in range(90):
        draw.choice((feedback, decide, decide, decide))(journey, draw)
    return journey


@pytest.mark.parametrize("seed", SEEDS)
def test_priority_counts_each_concern_once_as_what_it_is_now(seed: int, tmp_path: Path) -> None:
    journey = decided_anew(Journey(tmp_path), seed)
    priority = PrioritiseStep(0, PriorityPolicy(), PlainOpener())
    priority.on_records(journey.topics["assignments"])
    outcomes = journey.ledger().concerns()
    final = {c.concern_id: c.decision for item in journey.enriched() for c in item.concerns}
    counted = {key.split("|")[1]: row for key, row in priority.tables["concerns"].drain() if row}
    assert set(counted) == {
        name for name, outcome in outcomes.items() if outcome in ("themed", "waiting", "unthemed")
    }
    sure = round(1000 * CriticalRule().min_confidence)
    assert {name: (tuple(row[2]), row[3], row[4]) for name, row in counted.items()} == {
        name: (cell_of(final[name], sure), final[name].category, final[name].product_area) for name in counted
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_themes_count_as_critical_what_is_critical_now(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operators.themes.concerns.KEPT_TERMS", 10)
    journey = decided_anew(Journey(tmp_path), seed)
    latest: dict[str, Assignment] = {}
    about: dict[str, AssignmentFacts] = {}
    for change in journey.of("assignments", Assignment):
        latest[change.concern_id] = change
        about |= {change.concern_id: change.about} if change.about else {}
    now = Counter(c.theme for name, c in latest.items() if c.theme and is_critical(about[name].decision))
    drained = bulk_of(journey.steps["enriched"]).drain()
    rows = {key: row for table, key, row in drained if table.endswith("/themes")}
    assert {key: row[12] for key, row in rows.items() if row[12]} == dict(now)
    assert now
    assert_batching_law(lambda: themes(journey.vault), journey.topics["enriched"], cuts(seed))


def _root(theme: str, redirects: dict[str, str]) -> str:
    while theme in redirects:
        theme = redirects[theme]
    return theme


def test_a_subject_whose_key_is_gone_leaves_the_laws_intact(tmp_path: Path) -> None:
    journey = wander(Journey(tmp_path), 4, 80)
    received = journey.of("journal", FeedbackReceived)
    for subject in sorted({record.body.subject for record in received})[:3]:
        journey.vault.destroy("acme", subject)
    assert_batching_law(lambda: intake(journey.vault, NEVER), journey.topics["journal"], (20, 50))
    assert_batching_law(lambda: extract(journey.vault), journey.topics["redacted"], (20, 50))
    assert_batching_law(lambda: themes(journey.vault), journey.topics["enriched"], (20, 50))


def test_terms_are_let_go_alike_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operators.themes.concerns.KEPT_TERMS", 12)
    monkeypatch.setattr("operators.themes.vocabulary.CANDIDATES", 30)
    monkeypatch.setattr("operators.themes.vocabulary.KNOWN", 15)
    journey = wander(Journey(tmp_path), 5)
    assert_batching_law(lambda: themes(journey.vault), journey.topics["enriched"], (15, 30, 45, 60, 75))


def test_nothing_personal_is_in_any_output_or_state(journeys: dict[int, Journey]) -> None:
    for journey in journeys.values():
        for topic, records in journey.topics.items():
            if topic != "journal":
                assert not _canaries_in(b"".join(write_record(record) for record in records)), topic
        for name, step in journey.steps.items():
            state = repr([*bulk_of(step).drain(), step.snapshot()]).encode()
            assert not _canaries_in(state), name


def _canaries_in(data: bytes) -> list[bytes]:
    return [canary for canary in (b"@example", b"canary", b"20 7946", b"7946 0958") if canary in data]

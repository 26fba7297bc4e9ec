"""What the theme engine costs follows what happened: rows of a snapshot, room of a theme, room of a small tenant."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from models.drift.policy import DriftPolicy
from models.drift.season import Season
from models.drift.theme import Came, ThemeWatch
from models.drift.wording import fold
from models.themes.centroids import Origin, theme_id_of
from models.themes.changes import Point
from models.themes.engine import ThemeEngine
from models.themes.grid import GRID, Grid, to_grid
from models.themes.octets import pack_bits
from models.themes.representatives import Candidate
from operators.themes.concerns import NARROW, Known, who_is
from operators.themes.profiles import Profiles
from tests.support.steps import Journey, text_about

THEME_TABLES = ("themes", "engine.themes", "engine.sums", "drift", "drift_families")
"""Tables with a row for each theme, but for its term counts."""

SIZES = {10: 2_250, 200: 3_350, 2_000: 3_750, 20_000: 4_096}
"""Bytes that a theme of so many members may take, term counts apart."""

FRESH = 20
"""Concerns between two snapshots."""


def topics(count: int) -> Grid:
    rows = np.random.default_rng(7).normal(size=(count, 384))
    return to_grid(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def knowing(themes: Grid) -> ThemeEngine:
    """An engine restored with a theme for each topic."""
    engine = ThemeEngine("acme")
    for n, topic in enumerate(themes):
        name = theme_id_of("acme", f"founder-{n}")
        origin = Origin(name, n, "en", 8 * topic.astype(np.int64), 8, 0, 0)
        engine.load("themes", name, origin.encode())
        engine.load("sums", name, pack_bits(origin.sum))
    engine.restore_small(engine.small_state())
    engine.rebuild()
    return engine


def near(topic: Grid, count: int) -> Grid:
    """Concerns about one topic, ``(count, 384)``."""
    rows = topic / GRID + 0.05 * np.random.default_rng(2).normal(size=(count, 384))
    return to_grid(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def concerns(themes: Grid, first: int, count: int) -> list[Point]:
    """Concerns close to the first thirty topics."""
    found = []
    for n in range(first, first + count):
        vector = themes[n % 30] / GRID + 0.05 * np.random.default_rng(n).normal(size=384)
        found.append(Point(f"c{n}", to_grid(vector / np.linalg.norm(vector)), "en", n * 60))
    return found


@pytest.fixture(scope="module")
def rows_of() -> Callable[[int], Counter[str]]:
    """Rows by table of a snapshot that is taken a few concerns after another one, with so many themes."""

    def measured(count: int) -> Counter[str]:
        themes = topics(count)
        engine = knowing(themes)
        for point in concerns(themes, 0, 300):
            engine.add(point)
        while engine.small_state()["job"]:
            engine.tick(300 * 60)
        list(engine.state_changes())
        for point in concerns(themes, 300, FRESH):
            engine.add(point)
        return Counter(table for table, _, _ in engine.state_changes())

    return measured


def test_a_snapshot_is_as_large_as_what_changed_whatever_there_is(
    rows_of: Callable[[int], Counter[str]],
) -> None:
    few, many = rows_of(40), rows_of(1_500)
    assert {**few, "space": 0} == {**many, "space": 0}  # levels, one for each group
    assert 0 < many["sums"] <= FRESH
    assert many["vectors"] == FRESH
    assert many.total() < 4 * FRESH


def test_a_snapshot_after_nothing_is_empty() -> None:
    engine = knowing(topics(40))
    for point in concerns(topics(40), 0, 250):
        engine.add(point)
    assert list(engine.state_changes())
    assert list(engine.state_changes()) == []


@pytest.fixture(scope="module")
def by_members() -> dict[int, int]:
    """Bytes of all rows of a theme, but for its term counts, when so many concerns have joined it."""
    theme, profiles, season = theme_id_of("acme", "x"), Profiles(), Season()
    watch, profile = ThemeWatch(DriftPolicy(), 0), profiles.open(theme, "en", 0)
    profile.label, profile.telling = ["charged twice", "refund request", "payment pending"], [2**63] * 8
    profile.parent, profile.named, profile.named_by = theme, "Charged twice for one order", "gpt-5-mini"
    origin = Origin(theme, 99_999, "en", np.zeros(384, np.int64), 0, 0, 0)
    rng, vectors, found = np.random.default_rng(1), near(topics(1)[0], 500), dict[int, int]()
    for n, similarity in enumerate(rng.normal(0.7, 0.1, max(SIZES)).clip(0, 1).round(4).tolist(), 1):
        who, vector, concern = who_is(f"person {n * 7 % 5000}"), vectors[n % 500], theme_id_of("acme", f"{n}")
        season.advance(n // 3), season.update()
        watch.update(Came(concern, similarity, fold(vector), f"label {n % 5}", who, True, True), season)
        watch.close()
        known = Known("", "", who, n * 1200, 1, theme, n, ())
        profiles.join(theme, Candidate(concern, similarity, who & NARROW), known, new=True)
        profiles.miss(theme, Candidate(theme_id_of("acme", f"-{n}"), similarity - 0.3, who & NARROW))
        origin.add(vector, 1)
        if n in SIZES:
            rows = (origin.encode(), pack_bits(origin.sum), profile.encode(), watch.encode())
            found[n] = sum(len(orjson.dumps([theme, row])) for row in rows)
    return found


@pytest.mark.parametrize("members", SIZES)
def test_a_theme_takes_four_kilobytes_at_most_whatever_its_size(
    by_members: Mapping[int, int], members: int
) -> None:
    assert by_members[members] <= SIZES[members]


def test_ten_times_the_members_are_a_fifth_more_of_state(by_members: Mapping[int, int]) -> None:
    assert by_members[20_000] <= 1.2 * by_members[2_000] <= 1.44 * by_members[200]


def test_a_theme_of_thousands_takes_less_than_two_kilobytes_in_the_engine() -> None:
    origin = Origin(
        theme_id_of("acme", "x"), 99_999, "en", 5_000 * topics(1)[0].astype(np.int64), 5_000, 1, 2
    )
    row = json.dumps([origin.theme_id, origin.encode(), pack_bits(origin.sum)])
    assert len(row) < 2_048


def test_all_rows_of_a_theme_of_more_than_a_hundred_take_at_most_four_kilobytes(tmp_path: Path) -> None:
    journey, draw = Journey(tmp_path), random.Random(1)
    for n in range(420):
        text = text_about(("invoice", "export", "invoice", "invoice")[n % 4], draw)
        journey.deliver(text, record=f"c{n}", author=f"p{n}", account=f"acct-{n % 97}")
        if n % 10 == 0:
            journey.tick(1)
    rows: dict[str, dict[str, Any]] = {}
    for table, key, row in journey.steps["enriched"].bulk().drain():
        rows.setdefault(table.removeprefix("acme/"), {})[key] = row
    large = [theme for theme, row in rows["engine.themes"].items() if row[2] >= 100]
    room = {theme: sum(_room(rows[table], theme) for table in THEME_TABLES) for theme in large}
    assert large
    assert max(room.values()) <= 4_096


def _room(rows: Mapping[str, Any], theme: str) -> int:
    row = rows.get(theme)
    return 0 if row is None else len(orjson.dumps([theme, row]))


def test_a_tenant_of_median_volume_takes_less_than_a_megabyte() -> None:
    themes = topics(40)
    engine = ThemeEngine("acme")
    for point in concerns(themes, 0, 500):
        engine.add(point)
    assert sum(len(json.dumps(row)) for row in engine.state_changes()) < 500_000

"""F46: the detectors' state is lost, of another version, or fed what is no number. They learn again in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest

from contracts.business import BusinessEvent
from contracts.feedback import Tick
from contracts.stages import Decision
from contracts.themes import DriftEvent
from models.drift import adaptive
from models.themes.changes import Point, Waiting
from operators.numbering import Numbering
from operators.themes.drift import DriftWatch
from operators.themes.records import Teller

START = datetime(2026, 1, 5, tzinfo=UTC)
SURE = Decision.model_construct(category="billing", sentiment="negative", confidence_milli=900)
THEMES = [f"theme-{n}" for n in range(20)]
Rows = dict[tuple[str, str], Any]


def teller(n: int) -> Teller:
    at = START + timedelta(minutes=n)
    tick = Tick.model_construct(
        id=f"0-{n}", tenant="acme", event_time=at, ingested_at=at, trace="", kind="tick", schema_version="1.0"
    )
    return Teller(tick, Numbering("themes").after)


def feed(watch: DriftWatch, first: int, count: int, similarity: float) -> list[DriftEvent]:
    """Concerns in turn near each theme, about as similar as said."""
    rng = np.random.default_rng(first)
    told: list[DriftEvent] = []
    for n in range(first, first + count):
        vector = rng.integers(-100, 100, 384).astype(np.int16)
        point = Point(f"c{n}", vector, "en", int(START.timestamp()) + 60 * n)
        value = min(similarity + 0.05 * float(rng.normal()), 1.0)
        nearest = [Waiting(point.concern_id, THEMES[n % len(THEMES)], value)]
        told += watch.heard(point, SURE, n, nearest, teller(n))
    return told


def rows_of(watch: DriftWatch) -> Rows:
    return {(name, key): row for name, table in watch.tables.items() for key, row in table.drain()}


def restored(rows: Rows, arrivals: int) -> DriftWatch:
    watch = DriftWatch()
    for (name, key), row in rows.items():
        watch.tables[name].load(key, row)
    watch.finish_load(arrivals)
    return watch


def test_without_its_state_a_tenant_says_so_once_and_raises_no_storm() -> None:
    watch = DriftWatch()
    assert feed(watch, 0, 3_000, 0.8) == []
    told = feed(restored({}, 3_000), 3_000, 3_000, 0.5)
    assert [(event.detector, event.warming) for event in told] == [("warm_up", True)]


def test_rows_of_another_version_of_river_are_rebuilt_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = DriftWatch()
    feed(watch, 0, 3_000, 0.8)
    rows = rows_of(watch)
    with monkeypatch.context() as older:
        older.setattr(adaptive, "VERSION", "0.1.0")
        rows |= {("drift", theme): watch.themes[theme].encode() for theme in THEMES}
    told = feed(restored(rows, 3_000), 3_000, 20 * 60, 0.5)
    assert [(event.detector, event.after) for event in told] == [("warm_up", 20.0)]


def flipped(row: list[Any]) -> list[Any]:
    """One character of the row's text is another one."""
    text = row[-1]
    other = "A" if text[40] != "A" else "B"
    return [*row[:-1], text[:40] + other + text[41:]]


DAMAGE = {
    "flipped": flipped,
    "cut": lambda row: [*row[:-1], row[-1][:-8]],
    "no base64": lambda row: [*row[:-1], "?" * 16],
    "another form": lambda row: [row[0] + 1, *row[1:]],
    "no row": lambda row: [],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_rows_start_anew_and_raise_no_storm(damage: str) -> None:
    watch = DriftWatch()
    feed(watch, 0, 3_000, 0.8)
    rows = rows_of(watch)
    for (name, key), row in rows.items():
        if name in ("drift", "drift_tenant"):
            rows[name, key] = DAMAGE[damage](row)
    told = feed(restored(rows, 3_000), 3_000, 20 * 60, 0.5)
    assert [(event.detector, event.after) for event in told] == [("warm_up", 21.0)]


def test_what_is_read_back_goes_on_alike_to_the_last_byte() -> None:
    whole, rows = DriftWatch(), dict[tuple[str, str], Any]()
    for n in range(0, 2_400, 300):
        parts = restored(rows, n)
        assert feed(parts, n, 300, 0.8 - n / 10_000) == feed(whole, n, 300, 0.8 - n / 10_000)
        rows |= rows_of(parts)
    assert rows == rows_of(whole)


def test_with_its_state_it_notices_in_every_theme() -> None:
    watch = DriftWatch()
    feed(watch, 0, 3_000, 0.8)
    told = feed(restored(rows_of(watch), 3_000), 3_000, 20 * 60, 0.5)
    assert sorted(event.theme_id or "" for event in told if event.detector == "adwin_similarity") == sorted(
        THEMES
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_changes_nothing(number: float) -> None:
    watch, other = DriftWatch(), DriftWatch()
    feed(watch, 0, 2_000, 0.8)
    feed(other, 0, 2_000, 0.8)
    point = Point("odd", np.zeros(384, np.int16), "en", int(START.timestamp()))
    assert not [*watch.heard(point, SURE, 1, [Waiting("odd", THEMES[0], number)], teller(2_000))]
    assert watch.themes[THEMES[0]].encode() == other.themes[THEMES[0]].encode()


def test_drift_names_the_business_events_near_it_and_no_others() -> None:
    watch = DriftWatch()
    feed(watch, 0, 3_000, 0.8)
    for n, minutes in enumerate((-60 * 24 * 30, 2_900, 60 * 24 * 30)):
        at = START + timedelta(minutes=minutes)
        told = {"id": f"0-e{n}", "tenant": "acme", "event_time": at, "ingested_at": at}
        watch.happened(BusinessEvent(**told, event="release", name=f"7.{n}"))
    events = feed(watch, 3_000, 20 * 60, 0.5)
    assert {tuple(near.name for near in event.near) for event in events} == {("7.1",)}


def test_a_tenant_keeps_a_bounded_number_of_business_events() -> None:
    watch = DriftWatch()
    for n in range(100):
        told = {"id": f"0-{n}", "tenant": "acme", "event_time": START, "ingested_at": START}
        watch.happened(BusinessEvent(**told, event="incident", name=str(n)))
    assert sorted(int(watch.business[key][2]) for key in watch.business) == list(range(36, 100))


def test_a_themes_detectors_are_small() -> None:
    watch = DriftWatch()
    feed(watch, 0, 20_000, 0.8)
    assert max(len(orjson.dumps(row)) for (name, _), row in rows_of(watch).items() if name == "drift") < 1_600

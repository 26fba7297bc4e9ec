"""The learners of drift: what they notice, what they do not, and that what is written down goes on alike."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from models.drift.adaptive import KEPT, VERSION, WARM_UP, AdaptiveMean
from models.drift.family import sudden
from models.drift.floor import Floor
from models.drift.mix import LabelMix, divergence
from models.drift.season import Season
from models.drift.volume import Volume, critical, tail
from models.drift.wording import DIMS, MeanVector
from models.priority.growth import growth_p
from models.themes.octets import Reader, Writer


def noise(mean: float, count: int, seed: int = 0, spread: float = 0.08) -> list[float]:
    return np.random.default_rng(seed).normal(mean, spread, count).clip(0, 1).tolist()


def written(part: Any, **how: Any) -> str:
    to = Writer()
    part.write(to, **how)
    return to.done()


def test_a_mean_that_falls_is_noticed_and_one_that_stays_is_not() -> None:
    mean = AdaptiveMean(0.002, 3.0)
    assert not any(mean.update(value) for value in noise(0.75, 5_000))
    seen = [s for value in noise(0.6, 60, 1) if (s := mean.update(value))]
    assert len(seen) == 1
    assert seen[0].after < seen[0].before


def test_a_mean_changes_where_rivers_own_adwin_says() -> None:
    from river.drift import ADWIN

    theirs, ours = ADWIN(delta=0.002, clock=4, grace_period=30, min_window_length=8), AdaptiveMean(0.002)
    values = noise(0.8, 500) + noise(0.5, 500, 1) + noise(0.9, 500, 2)
    wanted = []
    for n, value in enumerate(values):
        theirs.update(round(1000 * value) / 1000)
        wanted += [n] if theirs.drift_detected else []
    assert len(wanted) > 1
    assert [n for n, v in enumerate(values) if ours.update(v)] == wanted


@pytest.mark.parametrize("cut", [1, 7, 31, 32, 33, 150, 301, 320])
def test_a_mean_that_is_read_back_goes_on_alike(cut: int) -> None:
    values = noise(0.8, 300) + noise(0.5, 100, 1)
    whole, parts = AdaptiveMean(0.002, 3.0), AdaptiveMean(0.002, 3.0)
    expected = [whole.update(value) for value in values]
    found = [parts.update(value) for value in values[:cut]]
    parts = AdaptiveMean.read(Reader(written(parts, young=cut < KEPT)), 0.002, 3.0)
    assert found + [parts.update(value) for value in values[cut:]] == expected
    assert written(parts) == written(whole)


@pytest.mark.parametrize(("version", "inner"), [("0.1.0", None), (VERSION, b"no zlib")])
def test_a_mean_of_another_version_is_rebuilt_and_silent_while_it_learns(
    version: str, inner: bytes | None
) -> None:
    mean = AdaptiveMean(0.002, 3.0)
    for value in noise(0.8, 500):
        mean.update(value)
    source, to = Reader(written(mean)), Writer()
    _, own = source.text(), source.octets()
    to.text(version)
    to.octets(inner or own)
    to.numbers(*source.numbers(2))
    to.array(source.array(KEPT))
    rebuilt = AdaptiveMean.read(Reader(to.done()), 0.002, 3.0)
    assert (rebuilt.is_rebuilt, rebuilt.warming) == (True, WARM_UP)
    assert not any(rebuilt.update(value) for value in noise(0.2, WARM_UP, 2))
    assert any(rebuilt.update(value) for value in noise(0.9, 60, 3))


def test_what_is_no_number_is_left_out() -> None:
    with_nan, without = AdaptiveMean(0.002), AdaptiveMean(0.002)
    for value in noise(0.8, 200):
        with_nan.update(float("nan"))
        with_nan.update(value)
        without.update(value)
    assert written(with_nan) == written(without)


def test_the_floor_speaks_once_for_each_fall() -> None:
    floor = Floor(low=500, high=600)
    told = [bool(floor.update(x)) for x in [700] * 30 + [400] * 60 + [700] * 60 + [400] * 60]
    assert sum(told) == 2


def test_a_floor_that_was_never_high_says_nothing() -> None:
    floor = Floor(low=500, high=600)
    assert not any(floor.update(x) for x in [550] * 50 + [300] * 50)


def test_a_mean_vector_that_moves_is_noticed_and_goes_on_alike_when_read_back() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.integers(-500, 500, (200, DIMS))
    vectors[150:] += 300
    whole, parts = MeanVector(6.5, 30), MeanVector(6.5, 30)
    expected = [whole.update(vector) for vector in vectors]
    found = []
    for vector in vectors:
        found.append(parts.update(vector))
        parts = MeanVector.read(Reader(written(parts)), 6.5, 30)
    assert found == expected
    assert next(n for n, seen in enumerate(expected) if seen) in range(151, 170)


def test_equal_vectors_are_no_event() -> None:
    mean = MeanVector(6.5, 30)
    assert not any(mean.update(np.full(DIMS, 40)) for _ in range(200))


def test_a_mix_of_labels_is_judged_by_its_whole_window() -> None:
    mix = LabelMix(1e-7, 0.1)
    draw = np.random.default_rng(1)
    for _ in range(30):
        for label in draw.choice(["a", "b", "c"], 50, p=[0.6, 0.3, 0.1]):
            mix.update(str(label))
        assert mix.close() is None
    for label in draw.choice(["a", "b", "c"], 50, p=[0.1, 0.3, 0.6]):
        mix.update(str(label))
    assert mix.close() is not None


def test_few_labels_say_nothing_however_different() -> None:
    mix = LabelMix(1e-7, 0.1)
    for label in ["a"] * 80 + ["b"] * 30:
        mix.update(label)
        if label == "a":
            mix.close()
    assert mix.close() is None


def test_equal_mixes_do_not_diverge_and_disjoint_ones_do_by_a_bit() -> None:
    assert divergence({"a": 3, "b": 1}, {"a": 6, "b": 2}) == 0.0
    assert divergence({"a": 7}, {"b": 7}) == pytest.approx(1.0)


@pytest.mark.parametrize(("before", "now"), [(5, 15), (0, 5), (40, 41), (12, 30)])
def test_the_tail_of_two_equal_windows_is_the_exact_test_of_priority(before: int, now: int) -> None:
    # The rate is Gamma(before + 1): its mean is what the next window expects.
    assert tail(now, before + 1.0, before + 1.0) == pytest.approx(growth_p(before, now), rel=1e-9)


def test_the_critical_count_is_the_first_that_is_too_rare() -> None:
    bound = critical(2.0, 20.0, 1e-7, 5)
    assert tail(bound, 2.0, 20.0) <= 1e-7 < tail(bound - 1, 2.0, 20.0)


def played(weekend: float, extra: dict[int, int], weeks: int = 6) -> list[tuple[int, str]]:
    """Bursts of a theme with some thirty concerns on a weekday, fewer at weekends, and ``extra`` in some hours."""
    rng, season, volume, told, person = np.random.default_rng(3), Season(), Volume(96), [], 0
    for hour in range(96, 96 + weeks * 168):
        season.advance(hour)
        share = 2.5 if 8 <= hour % 24 < 19 else 0.3
        rate = share * (weekend if (hour - 96) % 168 >= 120 else 1.0)
        for _ in range(rng.poisson(rate) + extra.get(hour, 0)):
            season.update()
            person += 1
            burst = volume.update(person, season, 1e-7, 5, 24)
            told += [(hour, burst[0])] if burst else []
    return told


def test_a_working_week_is_no_burst() -> None:
    assert played(weekend=0.2, extra={}, weeks=12) == []


def test_a_sunday_with_as_many_as_a_monday_is_a_burst() -> None:
    sunday = 96 + 5 * 168 + 6 * 24
    told = played(weekend=0.1, extra=dict.fromkeys(range(sunday + 8, sunday + 19), 3))
    assert [name for _, name in told] == ["day"]


def test_a_busy_hour_is_told_once_and_at_once() -> None:
    hour = 96 + 5 * 168 + 34
    assert played(weekend=0.2, extra={hour: 30, hour + 1: 30}) == [(hour, "hour")]


def test_one_person_makes_no_burst() -> None:
    season, volume = Season(), Volume(0)
    for hour in range(5 * 168):
        season.advance(hour)
        volume.update(hour, season, 1e-7, 5, 24)
    assert not any(volume.update(7, season, 1e-7, 5, 24) for _ in range(100))


def test_volume_and_season_that_are_read_back_are_the_same() -> None:
    season, volume = Season(), Volume(0)
    for hour in range(400):
        season.advance(hour)
        season.update()
        volume.update(hour, season, 1e-7, 5, 24)
    assert written(Volume.read(Reader(written(volume)))) == written(volume)
    assert Season.decode(json.loads(json.dumps(season.encode()))).encode() == season.encode()


def test_a_family_that_was_always_there_is_not_sudden() -> None:
    rng = np.random.default_rng(4)
    chances = [sudden(sorted(rng.integers(5_000, 10_000, 6).tolist()), 10_000)[0] for _ in range(400)]
    assert sum(p <= 0.01 for p in chances) <= 12
    assert sudden([9_000, 9_020, 9_100, 9_101, 9_150, 9_200], 9_210)[0] < 3e-5

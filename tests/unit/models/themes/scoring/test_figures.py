"""Means over seeds, the worst order, and the benchmark as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.policy import ThemePolicy
from models.themes.scoring.figures import benchmark, flat, spread, worst
from models.themes.scoring.play import LabelledSet

POLICY = ThemePolicy(warm_up=60, components=16)


@pytest.fixture
def data() -> LabelledSet:
    rng = np.random.default_rng(0)
    labels = rng.integers(5, size=300)
    rows = rng.normal(size=(5, 384))[labels] + 0.5 * rng.normal(size=(300, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return LabelledSet.of([str(i) for i in range(300)], rows, [f"topic {label}" for label in labels])


def test_a_figure_is_its_mean_and_the_deviation_of_a_sample() -> None:
    assert spread([{"v": 0.1}, {"v": 0.3}]) == {"v": {"mean": 0.2, "sd": 0.1414}}


def test_a_single_run_has_no_deviation() -> None:
    assert spread([{"v": 0.5}]) == {"v": {"mean": 0.5, "sd": 0.0}}


def test_a_delay_that_ended_in_most_runs_is_their_median_and_else_never() -> None:
    never = float("inf")
    assert spread([{"delay": 5.0}, {"delay": never}, {"delay": 7.0}])["delay"]["mean"] == 7.0
    assert spread([{"delay": 5.0}, {"delay": never}, {"delay": never}])["delay"]["mean"] is None


def test_the_worst_order_is_the_lowest_or_where_low_is_good_the_highest() -> None:
    first = spread([{"v": 0.5, "delay": 9.0}])
    second = spread([{"v": 0.6, "delay": float("inf")}])
    assert worst({"a": first, "b": second}) == {"v": "a", "delay": "b"}


def test_ratios_are_to_the_oracle_of_the_same_seed() -> None:
    same = {"v": 0.8, "ami": 0.6, "ari": 0.5}
    numbers = flat({**same, "strict": {**same, "v": 0.4}, "themes": 6, "gold": 4}, {**same, "ari": 1.0})
    assert (numbers["ratio.v"], numbers["ratio.ari"], numbers["strict_ratio.v"]) == (1.0, 0.5, 0.5)
    assert numbers["themes_per_topic"] == 1.5


def test_a_benchmark_holds_every_order_and_plays_the_files_order_once(data: LabelledSet) -> None:
    said: list[str] = []
    found = benchmark(data, ["waves", "file"], [4, 5], POLICY, progress=said.append)
    assert said == ["k-means, seed 4", "k-means, seed 5", "waves, seed 4", "waves, seed 5", "file, seed 4"]
    assert found["orders"]["waves"]["v"]["mean"] > 0.9
    assert set(found["worst"].values()) <= {"waves", "file"}


def test_peers_stand_beside_it_in_the_same_order(data: LabelledSet) -> None:
    rows = benchmark(data, ["waves"], [4], POLICY, with_peers=True)["peers"]
    assert [(row["name"].split(",")[0], row["order"]) for row in rows] == [
        ("k-means", "any"),
        ("average linkage", "any"),
        ("HDBSCAN", "any"),
        ("nearest or new", "waves"),
        ("DBSTREAM", "waves"),
    ]


def test_the_same_benchmark_gives_the_same_figures(data: LabelledSet) -> None:
    assert benchmark(data, ["drift"], [1], POLICY) == benchmark(data, ["drift"], [1], POLICY)

"""Scoring a labelled stream: orders, measures and the promised keys."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.errors import WrongUsage
from models.themes.policy import ThemePolicy
from models.themes.scoring import agreement, b_cubed, evaluate, stream_order

KEYS = {
    "v", "ami", "ari", "b3", "themes", "singletons", "gold", "oracle", "arrival", "arrival_share",
    "kept_share", "waiting_share", "strict", "items_per_s", "order", "seed",
}  # fmt: skip


@pytest.fixture
def labelled() -> tuple[list[str], np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(5, 384))
    labels = rng.integers(5, size=300)
    rows = topics[labels] + 0.5 * rng.normal(size=(300, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return [str(i) for i in range(300)], rows, [f"topic {label}" for label in labels]


def test_clear_topics_are_found_and_every_key_is_there(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    scores = evaluate(*labelled, "shuffled", 0, ThemePolicy(warm_up=60, components=16))
    assert set(scores) >= KEYS
    assert scores["v"] > 0.95
    assert scores["themes"] == scores["gold"] == 5


def test_the_callers_clock_gives_the_speed(labelled: tuple[list[str], np.ndarray, list[str]]) -> None:
    times = iter([10.0, 13.0])
    scores = evaluate(*labelled, "file", 0, ThemePolicy(), clock=lambda: next(times))
    assert scores["items_per_s"] == 100.0


def test_a_stream_shorter_than_the_warm_up_has_no_themes_and_still_scores(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    scores = evaluate(*labelled, "waves", 0, ThemePolicy(warm_up=1_000))
    assert (scores["themes"], scores["waiting_share"], scores["singletons"]) == (0, 1.0, 300)


def test_waves_bring_labels_in_one_after_the_other() -> None:
    labels = np.repeat(np.arange(10), 100)
    firsts = [
        int(np.flatnonzero(labels[stream_order(labels, "waves", 0)] == label)[0]) for label in range(10)
    ]
    assert max(firsts) > 300


def test_an_order_is_a_permutation_fixed_by_its_seed() -> None:
    labels = np.repeat(np.arange(5), 20)
    assert sorted(stream_order(labels, "waves", 1)) == list(range(100))
    assert np.array_equal(stream_order(labels, "shuffled", 1), stream_order(labels, "shuffled", 1))


def test_an_unknown_order_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage):
        stream_order(np.zeros(3, np.int64), "sorted", 0)  # type: ignore[arg-type]


def test_perfect_and_merged_clusterings_score_as_they_should() -> None:
    labels = np.array([0, 0, 1, 1])
    assert agreement(labels, labels) == {"v": 1.0, "ami": 1.0, "ari": 1.0}
    assert b_cubed(labels, np.zeros(4, np.int64)) == pytest.approx(2 / 3, abs=1e-4)

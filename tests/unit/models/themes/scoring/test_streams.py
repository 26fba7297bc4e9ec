"""Orders of a stream: each is a permutation fixed by its seed, and hard in the way that it says."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from contracts.errors import WrongUsage
from models.themes.scoring.streams import DAY_S, ORDERS, Order, make_stream, second_wording, stream_order

LABELS = np.repeat(np.arange(12), 60)
VECTORS = np.random.default_rng(0).normal(size=(len(LABELS), 8)).astype(np.float32)


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_a_permutation_fixed_by_its_seed(order: Order) -> None:
    stream = make_stream(LABELS, VECTORS, order, 1)
    assert sorted(stream.places) == list(range(len(LABELS)))
    assert np.array_equal(stream.places, make_stream(LABELS, VECTORS, order, 1).places)


@pytest.mark.parametrize("order", sorted(set(get_args(Order)) - {"file"}))
def test_another_seed_is_another_stream(order: Order) -> None:
    first, second = (make_stream(LABELS, VECTORS, order, seed).places for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_an_unknown_order_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="shuffled, waves"):
        stream_order(np.zeros(3, np.int64), "sorted", 0)  # type: ignore[arg-type]


def test_waves_bring_labels_in_one_after_the_other() -> None:
    played = LABELS[make_stream(LABELS, VECTORS, "waves", 0).places]
    assert max(int(np.flatnonzero(played == label)[0]) for label in range(12)) > len(LABELS) // 3


def test_in_bursts_half_of_a_topic_comes_close_together() -> None:
    played = LABELS[make_stream(LABELS, VECTORS, "bursts", 0).places]
    for label in range(12):
        at = np.flatnonzero(played == label)
        assert min(at[29:] - at[:31]) < len(LABELS) // 4


def test_drift_brings_the_second_wording_after_the_first() -> None:
    places = make_stream(LABELS, VECTORS, "drift", 0).places
    later = second_wording(LABELS, VECTORS)
    for label in range(12):
        mine = places[LABELS[places] == label]
        assert np.array_equal(later[mine], np.repeat([False, True], 30))


def test_wordings_are_halves_apart_along_the_topics_own_direction() -> None:
    halves = np.tile(np.repeat([0, 1], 30), 12)
    vectors = VECTORS * 0.01 + halves[:, None] * np.eye(8, dtype=np.float32)[LABELS % 8]
    later = second_wording(LABELS, vectors.astype(np.float32))
    for label in range(12):
        mine = later[label * 60 : label * 60 + 60]
        assert mine[:30].all() != mine[30:].all()


def test_in_returns_a_third_ends_and_a_third_is_away_for_seventy_days() -> None:
    stream = make_stream(LABELS, VECTORS, "returns", 0)
    days = np.arange(len(LABELS)) * stream.step_s / DAY_S
    played = LABELS[stream.places]
    spans = [np.ptp(days[played == label]) for label in range(12)]
    gaps = [np.diff(days[played == label]).max() for label in range(12)]
    assert sum(gap > 50 for gap in gaps) == 4
    assert sum(span < 90 for span in spans) == 4


def test_stories_are_five_topics_and_the_outage_comes_at_once() -> None:
    stream = make_stream(LABELS, VECTORS, "stories", 0)
    played, stories = LABELS[stream.places], dict(stream.stories[:3])
    assert [kind for kind, _ in stream.stories] == ["outage", "rising", "fading", "twin", "twin"]
    assert np.ptp(np.flatnonzero(played == stories["outage"])) < 0.12 * len(LABELS)
    assert np.flatnonzero(played == stories["rising"])[0] > len(LABELS) // 3


def test_the_look_alikes_are_the_two_nearest_topics() -> None:
    vectors = VECTORS + 20 * np.eye(12, 8, dtype=np.float32)[LABELS]
    vectors[LABELS == 9], vectors[LABELS == 3] = vectors[LABELS == 4], vectors[LABELS == 4]
    vectors[LABELS == 3] += 0.1
    told = make_stream(LABELS, vectors, "stories", 0).stories
    assert {label for kind, label in told if kind == "twin"} <= {3, 4, 9}


def test_without_five_topics_of_thirty_items_there_is_no_story() -> None:
    labels = np.repeat(np.arange(4), 40)
    assert make_stream(labels, VECTORS[:160], "stories", 0).stories == ()

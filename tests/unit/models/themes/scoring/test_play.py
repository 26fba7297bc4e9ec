"""A labelled stream through the engine: the promised keys, and what waiting and giving up cost."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.policy import ThemePolicy
from models.themes.scoring import evaluate
from models.themes.scoring.streams import ORDERS

pytestmark = pytest.mark.lengthy

KEYS = {
    "v", "ami", "ari", "b3", "themes", "singletons", "gold", "oracle", "arrival", "arrival_share",
    "kept_share", "waiting_share", "strict", "items_per_s", "order", "seed", "pair_precision", "pair_recall",
    "over_grouped", "under_grouped", "singletons_share", "dropped_share", "delay", "noticed_share",
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


def test_what_was_given_up_is_an_error_and_not_a_waiting_item(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    waits = evaluate(*labelled, "shuffled", 0, ThemePolicy(warm_up=1_000))
    drops = evaluate(*labelled, "shuffled", 0, ThemePolicy(warm_up=1_000, pool_after_s=600))
    assert (waits["dropped_share"], waits["pair_recall"]) == (0.0, 1.0)
    assert drops["dropped_share"] > 0.9
    assert drops["pair_recall"] < 0.1


def test_each_planted_story_has_its_share_and_purity(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    told = evaluate(*labelled, "stories", 0, ThemePolicy(warm_up=60, components=16))["stories"]
    assert list(told) == ["outage", "rising", "fading", "twin", "twin 2"]
    assert min(story["purity"] for story in told.values()) > 0.9


def test_in_every_order_clear_topics_are_noticed_and_mostly_keep_their_theme(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    for order in ORDERS:
        scores = evaluate(*labelled, order, 0, ThemePolicy(warm_up=60, components=16))
        assert scores["noticed_share"] == 1.0
        assert scores["kept_share"] > 0.5


def test_words_move_the_stated_probabilities_and_nothing_else(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    ids, vectors, labels = labelled
    policy = ThemePolicy(warm_up=60, components=16)
    silent = evaluate(ids, vectors, labels, "waves", 0, policy)
    heard = evaluate(ids, vectors, labels, "waves", 0, policy, texts=[f"about {one}" for one in labels])
    moved = {name for name in silent if silent[name] != heard[name]}
    assert moved
    assert moved <= {"ece", "auroc", "uncertain_share", "at_once"}

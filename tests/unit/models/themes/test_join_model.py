"""How sure an assignment is: weights, whole numbers, and what corrections teach."""

from __future__ import annotations

import json
import math

import pytest

from models.themes.evidence import FEATURES, Evidence, milli_log2, weigh
from models.themes.join_model import JoinModel, Weights, logistic_milli, shipped

USUAL = Evidence(*shipped().centre)
NO_DOUBT = USUAL._replace(likeness=900, words=6000)
DOUBTFUL = USUAL._replace(likeness=0, words=-2000)


def test_the_tabled_logistic_is_the_logistic_to_a_thousandth() -> None:
    for log_odds in range(-8000, 8000, 37):
        assert abs(logistic_milli(log_odds) - 1000 / (1 + math.exp(-log_odds / 1024))) <= 1.0


def test_what_speaks_for_an_assignment_makes_it_more_likely() -> None:
    model = JoinModel()
    assert model.p_milli(DOUBTFUL) < model.p_milli(USUAL) < model.p_milli(NO_DOUBT)
    assert model.p_milli(DOUBTFUL) >= 0
    assert model.p_milli(NO_DOUBT) <= 1000


def test_what_is_not_known_counts_neither_way() -> None:
    model = JoinModel()
    unknown = USUAL._replace(words=None)
    assert model.p_milli(unknown) == model.p_milli(USUAL)


def test_one_outlandish_number_does_not_decide_alone() -> None:
    model = JoinModel()
    far, farther = USUAL._replace(words=10**6), USUAL._replace(words=10**9)
    assert model.p_milli(far) == model.p_milli(farther)


def test_the_strongest_factor_comes_first() -> None:
    names = [name for name, _ in JoinModel().factors(USUAL._replace(words=-4000))]
    assert names[0] == "words"
    assert sorted(names) == sorted(FEATURES)


@pytest.mark.parametrize("correct", [True, False])
def test_fifty_corrections_in_one_direction_shift_the_probability(correct: bool) -> None:
    model = JoinModel()
    before = model.p_milli(USUAL)
    for _ in range(50):
        model.learn(USUAL, correct)
    shift = model.p_milli(USUAL) - before
    assert shift > 50 if correct else shift < -100


def test_corrections_of_one_kind_teach_about_that_kind_first() -> None:
    model = JoinModel()
    before = [model.p_milli(DOUBTFUL), model.p_milli(NO_DOUBT)]
    for _ in range(50):
        model.learn(DOUBTFUL, correct=True)
    after = [model.p_milli(DOUBTFUL), model.p_milli(NO_DOUBT)]
    assert after[0] - before[0] > 2 * abs(after[1] - before[1])


def test_a_thousand_complaints_do_not_outweigh_what_was_shipped_without_bound() -> None:
    model = JoinModel()
    for _ in range(1000):
        model.learn(USUAL, correct=False)
    assert model.p_milli(USUAL) > 100


def test_a_model_restored_at_any_correction_goes_on_alike() -> None:
    undisturbed, restored = JoinModel(), JoinModel()
    for n in range(60):
        evidence = (USUAL, DOUBTFUL, NO_DOUBT)[n % 3]
        undisturbed.learn(evidence, n % 4 == 0)
        restored.learn(evidence, n % 4 == 0)
        row, restored = json.dumps(restored.encode()), JoinModel()
        restored.load(json.loads(row))
    assert restored.encode() == undisturbed.encode()
    assert restored.p_milli(USUAL) == undisturbed.p_milli(USUAL)


def test_weights_are_written_and_read_by_the_names_of_the_features() -> None:
    row = shipped().encode()
    turned = {part: dict(reversed(row[part].items())) for part in ("centre", "scale", "weight")}
    assert Weights.decode({**turned, "bias": row["bias"]}) == shipped()


def test_the_size_of_a_theme_is_told_beside_the_mean_of_all() -> None:
    found = weigh((20, 10, 100), None, None)
    assert found.size == milli_log2(200) - milli_log2(100)
    assert (found.company, found.likeness) == (None, None)

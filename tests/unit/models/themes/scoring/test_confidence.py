"""Calibration, ranking and the uncertain band of stated probabilities."""

from __future__ import annotations

import numpy as np

from models.themes.scoring.confidence import confidence, majorities


def test_a_probability_that_holds_has_no_calibration_error() -> None:
    right = np.tile([True, True, True, True, False], 30)
    assert confidence(np.full(150, 800), right)["ece"] == 0.0


def test_boasting_is_a_calibration_error_of_the_difference() -> None:
    right = np.tile([True, False], 150)
    assert confidence(np.full(300, 900), right)["ece"] == 0.4


def test_ranking_the_right_ones_higher_is_an_auroc_of_one() -> None:
    right = np.tile([True, False], 50)
    assert confidence(np.where(right, 700, 400), right)["auroc"] == 1.0


def test_without_a_mistake_there_is_no_ranking() -> None:
    assert confidence(np.full(20, 900), np.ones(20, bool))["auroc"] is None


def test_the_uncertain_band_is_from_three_to_seven_tenths() -> None:
    assert confidence(np.array([299, 300, 699, 700]), np.ones(4, bool))["uncertain_share"] == 0.5


def test_without_an_assignment_there_is_nothing_to_be_wrong_about() -> None:
    assert confidence(np.array([], np.int64), np.array([], bool))["ece"] == 0.0


def test_the_majority_of_a_tie_is_the_lower_label_and_waiting_items_have_no_theme() -> None:
    assert majorities(["a", "a", None, "b"], [2, 1, 1, 3]) == {"a": 1, "b": 3}

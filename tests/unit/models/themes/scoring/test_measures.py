"""Measures of agreement, on clusterings small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.scoring.measures import agreement, all_measures, b_cubed, grouping, pairs

LABELS = np.array([0, 0, 0, 1, 1, 1])
LUMPED = np.zeros(6, np.int64)
SPLIT = np.array([0, 0, 1, 2, 2, 3])


def test_a_perfect_clustering_has_every_measure_at_its_best() -> None:
    found = all_measures(LABELS, 1 - LABELS)
    assert {name for name, value in found.items() if value == 1.0} == {
        *("v", "ami", "ari", "b3", "pair_precision", "pair_recall"),
    }
    assert (found["over_grouped"], found["under_grouped"]) == (0.0, 0.0)


def test_all_in_one_is_over_grouped_and_agrees_no_better_than_chance() -> None:
    assert agreement(LABELS, LUMPED) == {"v": 0.0, "ami": 0.0, "ari": 0.0}
    assert grouping(LABELS, LUMPED) == {"over_grouped": 0.5, "under_grouped": 0.0}


def test_topics_in_parts_are_under_grouped() -> None:
    assert grouping(LABELS, SPLIT) == {"over_grouped": 0.0, "under_grouped": round(1 / 3, 4)}


def test_pairs_are_counted_both_ways() -> None:
    assert pairs(LABELS, LUMPED) == {"pair_precision": round(6 / 15, 4), "pair_recall": 1.0}
    assert pairs(LABELS, SPLIT) == {"pair_precision": 1.0, "pair_recall": round(2 / 6, 4)}


def test_where_nothing_is_put_together_nothing_is_put_together_wrongly() -> None:
    assert pairs(LABELS, np.arange(6)) == {"pair_precision": 1.0, "pair_recall": 0.0}


def test_b_cubed_is_the_harmonic_mean_over_items() -> None:
    assert b_cubed(LABELS, LUMPED) == pytest.approx(2 / 3, abs=1e-4)


def test_no_items_score_nothing() -> None:
    none = np.array([], np.int64)
    assert agreement(none, none) == {"v": 0.0, "ami": 0.0, "ari": 0.0}

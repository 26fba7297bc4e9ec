"""The engine's smaller parts: membership, shelf, births, merges, moves."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.births import alike, in_touch_with, linked
from models.themes.grid import ONE, Units, on_grid
from models.themes.members import Members, concern_hash
from models.themes.merges import kept_share, likeness_needed, mutual_pairs, nearest_themes
from models.themes.policy import ThemePolicy
from models.themes.refine import better_homes, near_enough
from models.themes.shelf import Shelf


def around(angles: list[float]) -> Units:
    """Grid vectors in a plane."""
    radians = np.radians(angles)
    return on_grid(np.rint(np.stack([np.cos(radians), np.sin(radians)], axis=1) * 1e6))


def test_membership_survives_being_folded_into_arrays() -> None:
    members = Members()
    names = [concern_hash(f"c{i}") for i in range(40_000)]
    for i, name in enumerate(names):
        members.put(name, i)
    members.drop(names[7])
    members.put(names[9], 1)
    assert [members.get(names[i]) for i in (7, 8, 9, 39_999)] == [None, 8, 1, 39_999]


def test_a_dropped_concern_stays_dropped_after_folding() -> None:
    members = Members()
    for i in range(20_000):
        members.put(i, i)
    members.drop(5)
    for i in range(20_000, 40_000):
        members.put(i, i)
    assert members.get(5) is None


def test_a_shelf_uses_slots_again_and_lists_them_by_arrival() -> None:
    shelf = Shelf(4, 2)
    for seq in range(1, 301):
        shelf.put(f"c{seq}", seq, seq, "en", 0, np.zeros(4, np.int16))
    for seq in range(1, 300):
        shelf.free(shelf.slot_of[f"c{seq}"])
    shelf.put("late", 9, 301, "en", 0, np.ones(4, np.int16))
    assert [shelf.ids[slot] for slot in shelf.slots()] == ["c300", "late"]
    assert len(shelf.seq) == 320


def test_groups_below_the_least_size_are_not_born() -> None:
    units = around([0, 1, 2, 3, 4, 90, 91, 92])
    assert [rows.tolist() for rows in alike(units, int(0.9 * ONE), 5)] == [[0, 1, 2, 3, 4]]


def test_a_chain_of_neighbours_is_not_one_group() -> None:
    units = around([float(angle) for angle in range(0, 180, 6)])
    assert max(len(rows) for rows in alike(units, int(0.9 * ONE), 2)) < 15


def test_who_is_in_touch_with_one_are_those_whom_pairs_reach_from_it() -> None:
    units, bar = around([0, 8, 90, 16, 98, 24, 180]), int(0.98 * ONE)
    reached = [in_touch_with(row, units, bar).tolist() for row in range(7)]
    assert reached == [[0, 1, 3, 5], [0, 1, 3, 5], [2, 4], [0, 1, 3, 5], [2, 4], [0, 1, 3, 5], [6]]
    assert in_touch_with(0, np.zeros((2, 2), np.float32), bar).tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_groups_that_hold_one_are_found_among_whom_it_is_in_touch_with(seed: int) -> None:
    rng = np.random.default_rng(seed)
    units, bar = around((rng.random(60) * 360).tolist()), int(0.995 * ONE)
    groups = [rows.tolist() for rows in alike(units, bar, 3)]
    for row in range(60):
        part = in_touch_with(row, units, bar)
        here = [part[rows].tolist() for rows in linked(units[part], bar, 3)] if len(part) >= 3 else []
        assert [group for group in here if row in group] == [group for group in groups if row in group]


def test_only_mutually_nearest_themes_merge_and_each_once() -> None:
    units = around([0, 10, 18, 120])
    kept = kept_share(np.full(4, 1e9), ONE)
    for asked in (range(4), [1], [2], [2, 0]):
        assert [(a, b) for a, b, _ in mutual_pairs(units, kept, asked, int(0.9 * ONE))] == [(1, 2)]
    assert mutual_pairs(units, kept, [0, 3], int(0.9 * ONE)) == []


def test_themes_of_few_members_are_more_alike_than_their_centroids() -> None:
    units = around([0, 40])
    shares = [kept_share(np.full(2, float(n)), ONE // 2) for n in (5, 100_000)]
    few, many = (nearest_themes(units, kept, np.arange(2))[1][0] for kept in shares)
    assert few > 1.15 * many
    assert abs(many - (units @ units.T)[0, 1]) < 1e-3 * ONE


@pytest.mark.parametrize("themes", [40, 129, 700])
def test_the_nearest_themes_are_those_that_comparing_all_finds(themes: int) -> None:
    rng, pairs = np.random.default_rng(1), themes // 2
    rows = np.repeat(rng.normal(size=(pairs, 16)), 2, axis=0) + 0.3 * rng.normal(size=(2 * pairs, 16))
    rows[-9:] = rows[:9]  # some lie on each other
    rows[30] = 0.0
    units = on_grid(np.rint(1e6 * np.concatenate([rows, rows[: themes % 2]])))
    kept = kept_share(rng.integers(1, 40, themes).astype(np.float64), ONE // 2)
    alike_to = np.minimum(np.rint((units @ units.T).astype(np.float64) / kept[:, None] / kept), ONE)
    np.fill_diagonal(alike_to, -np.inf)
    at, near = nearest_themes(units, kept, np.arange(themes))
    assert at.tolist() == alike_to.argmax(axis=1).tolist()
    assert near.tolist() == alike_to.max(axis=1).tolist()


def test_a_theme_without_another_has_none_near() -> None:
    units, asked = around([10]), np.arange(1)
    for rows in (asked, asked[:0], np.zeros(9_000, np.int64)):
        at, near = nearest_themes(units, np.ones(1), rows)
        assert (at.tolist(), near.tolist()) == ([0] * len(rows), [-np.inf] * len(rows))


def test_a_pair_that_stands_out_needs_less_to_be_one() -> None:
    policy = ThemePolicy(merge_at=0.9, merge_margin=0.3, merge_isolated=0.05, merge_stands_out=0.2)
    far, close = np.full(9, 0.3 * ONE), np.full(9, 0.8 * ONE)
    asked = ((far, 9), (close, 9), (far[:5], 5))
    bars = [likeness_needed(nearest, themes, ONE // 2, policy) for nearest, themes in asked]
    assert [round(one.needed / ONE, 2) for one in bars] == [0.55, 0.9, 0.9]
    assert [round(one.sure / ONE, 2) for one in bars] == [0.55, 1.0, 0.9]


def test_only_a_patient_concern_far_from_all_other_themes_joins_below_the_threshold() -> None:
    policy = ThemePolicy(clear_share=0.8, clear_margin=0.2)
    similar = np.array([[0.5, 0.1], [0.45, 0.1], [0.45, 0.1], [0.45, 0.3], [0.35, 0.0]]) * ONE
    patient = np.array([False, False, True, True, True])
    found = near_enough(similar.astype(np.float32), ONE // 2, patient, policy)
    assert found.tolist() == [True, False, True, False, False]


def test_a_concern_moves_only_for_a_clear_gain_and_to_an_open_theme() -> None:
    units, centroids = around([40, 50, 80]), around([0, 90])
    rows = np.zeros(3, np.int64)
    both = np.array([True, True])
    found = better_homes(units, rows, centroids, both, int(0.2 * ONE))
    assert [(i, row) for i, row, *_ in found] == [(2, 1)]
    assert not better_homes(units, rows, centroids, np.array([True, False]), 0)

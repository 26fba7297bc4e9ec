"""Families of themes: found by average linkage, joined as themes come, and not left for a little more."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.families import LOOKED_AT, NONE, regroup
from models.themes.grid import ONE, Ints, Units, on_grid

THRESHOLD = int(0.5 * ONE)
"""So that a family needs a mean similarity of a quarter."""


def themes(families: int, each: int, spread: float = 1.0, seed: int = 1) -> tuple[Units, list[int]]:
    """Themes around a few centres, one after the other, with the number of their centre."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(families, 64))
    of = [n % families for n in range(families * each)]
    rows = np.stack([centres[n] + spread * rng.normal(size=64) for n in of])
    return on_grid(np.rint(rows * 10_000)), of


def alone(count: int) -> Ints:
    return np.full(count, NONE, np.int64)


def every(count: int) -> Ints:
    return np.arange(count)


def test_themes_around_a_centre_found_one_family() -> None:
    units, of = themes(4, 5)
    found = regroup(units, alone(20), 0, THRESHOLD, every(20))
    assert len({(family, centre) for family, centre in zip(found.tolist(), of, strict=True)}) == 4
    assert NONE not in found


def test_a_theme_like_no_other_is_in_no_family() -> None:
    units, _ = themes(1, 4)
    odd, _ = themes(1, 1, seed=7)
    found = regroup(np.concatenate([units, odd]), alone(5), 0, THRESHOLD, every(5))
    assert found.tolist() == [0, 0, 0, 0, NONE]


def test_one_that_comes_later_joins_the_family_that_is_there() -> None:
    units, of = themes(3, 6)
    first = regroup(units[:15], alone(15), 0, THRESHOLD, every(15))
    found = regroup(units, np.concatenate([first, alone(3)]), 3, THRESHOLD, every(18))
    assert found[:15].tolist() == first.tolist()
    assert [found[15 + n] for n in range(3)] == [first[of.index(of[15 + n])] for n in range(3)]


def test_nothing_moves_when_nothing_has_changed() -> None:
    units, _ = themes(5, 8, spread=1.3)
    first = regroup(units, alone(40), 0, THRESHOLD, every(40))
    again = regroup(units, first, int(first.max()) + 1, THRESHOLD, every(40))
    assert again.tolist() == first.tolist()


def test_a_theme_moves_only_where_it_is_clearly_better() -> None:
    units, of = themes(2, 6)
    own = np.array(of)
    own[0] = 1 - own[0]
    assert regroup(units, own, 2, THRESHOLD, every(12))[0] == of[0]
    between = on_grid(np.rint(units[0] + 1.02 * units[1]).astype(np.float64))[None]
    kept = regroup(np.concatenate([units, between]), np.array([*of, 0]), 2, THRESHOLD, every(13))
    assert kept[12] == 0


def test_two_families_of_one_centre_become_one_and_keep_the_lower_number() -> None:
    units, _ = themes(1, 8, spread=0.5)
    assert set(regroup(units, np.array([0, 1] * 4), 2, THRESHOLD, every(8)).tolist()) == {0}


def test_a_family_of_one_is_none() -> None:
    units, _ = themes(2, 1)
    assert regroup(units, np.array([0, 1]), 2, THRESHOLD, every(2)).tolist() == [NONE, NONE]


@pytest.mark.parametrize("looked_at", [0, 3])
def test_only_those_looked_at_change(looked_at: int) -> None:
    units, _ = themes(1, 8)
    found = regroup(units, alone(8), 0, THRESHOLD, every(looked_at))
    assert (found != NONE).sum() == looked_at


def test_the_order_of_the_themes_does_not_matter() -> None:
    units, _ = themes(4, 6, spread=1.2)
    turned = np.random.default_rng(3).permutation(24)
    one = regroup(units, alone(24), 0, THRESHOLD, every(24))
    two = regroup(units[turned], alone(24), 0, THRESHOLD, every(24))
    pairs = [(one[turned[i]] == one[turned[j]], two[i] == two[j]) for i in range(24) for j in range(i)]
    assert all(same == also for same, also in pairs)
    assert LOOKED_AT >= 24

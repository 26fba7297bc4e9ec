"""What is watched of a tenant as a whole: each detector speaks when its own thing changes."""

from __future__ import annotations

import numpy as np

from models.drift.policy import DriftPolicy
from models.drift.tenant import TenantWatch
from models.drift.wording import DIMS


def play(
    watch: TenantWatch, count: int, *, shift: int = 0, joined: float = 0.8, sure: int = 900, people: int = 100
) -> list[str]:
    """Concerns with these chances; the detectors that spoke."""
    rng, told = np.random.default_rng(watch.came), []
    for n in range(count):
        folded = rng.integers(-500, 500, DIMS) + shift
        told += watch.update(f"c{n}", folded, "billing/negative", joined=bool(rng.random() < joined))
        told += watch.hear(f"c{n}", n % people, sure - int(rng.integers(0, 100)))
        watch.close()
    return [name for name, _ in told]


def settled() -> TenantWatch:
    watch = TenantWatch(DriftPolicy())
    assert play(watch, 4_000) == []
    return watch


def test_a_background_that_moves_is_told() -> None:
    assert set(play(settled(), 600, shift=150)) == {"background"}


def test_a_share_without_a_theme_that_rises_is_told_and_one_that_falls_is_not() -> None:
    assert play(settled(), 600, joined=0.3) == ["unassigned"]
    assert play(settled(), 600, joined=1.0) == []


def test_low_confidence_is_told_if_it_is_of_enough_people() -> None:
    assert play(settled(), 600, sure=500) == ["low_confidence"]
    assert play(settled(), 600, sure=500, people=4) == []


def test_many_births_at_once_are_told() -> None:
    watch = settled()
    for _ in range(30):
        watch.born()
    assert play(watch, 250) == ["births"]

"""How products differ: shares above the tenant's own, bounded, restored exactly."""

from __future__ import annotations

from models.learning.habits import KEPT, WEIGHT, Habits
from models.learning.learner import ONE


def test_a_product_leans_to_what_it_is_corrected_to_and_an_unknown_one_nowhere() -> None:
    habits = Habits(2)
    for n in range(40):
        habits.learn("planner" if n % 2 else "gantry", n % 2)
    assert habits.leaning("planner", ONE)[1] > 0 > habits.leaning("planner", ONE)[0]
    assert habits.leaning("other", ONE) == habits.leaning(None, ONE) == [0, 0]


def test_the_product_corrected_longest_ago_is_forgotten_first() -> None:
    habits = Habits(2)
    for n in range(KEPT):
        habits.learn(f"p{n}", 1)
    habits.learn("p0", 1)
    habits.learn("new", 1)
    habits.learn(None, 0)
    known = [any(habits.leaning(name, ONE)) for name in ("p0", "p1", "new")]
    assert known == [True, False, True]


def test_the_strongest_leaning_fits_a_row_and_a_copy_stays_as_it_was() -> None:
    habits = Habits(2)
    for n in range(2000):
        habits.learn("rare" if n < 1000 else None, int(n < 1000))
    kept = habits.copy()
    habits.learn("rare", 0)
    assert max(kept.leaning("rare", ONE)) <= WEIGHT * ONE < 2**15
    assert Habits.decode(kept.encode()).leaning("rare", ONE) == kept.leaning("rare", ONE)
    assert kept.encode() != habits.encode()

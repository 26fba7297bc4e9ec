"""One item that a model cannot bear is poisoned alone; what is meant to stop the worker stops it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.errors import RedactionDown
from operators.isolation import Poisoned, each_apart


def thirds(numbers: Sequence[int]) -> list[float]:
    return [3 / number for number in numbers]


def test_neighbours_of_a_poison_item_are_answered() -> None:
    assert each_apart(thirds, [1, 0, 3]) == [3.0, Poisoned("ZeroDivisionError"), 1.0]


def test_a_whole_batch_is_asked_about_once() -> None:
    asked: list[int] = []

    def ask(numbers: Sequence[int]) -> list[int]:
        asked.append(len(numbers))
        return list(numbers)

    assert each_apart(ask, [1, 2, 3]) == [1, 2, 3]
    assert (asked, each_apart(ask, [])) == ([3], [])


@pytest.mark.parametrize("alone", [False, True])
def test_what_stops_the_worker_is_no_poison(alone: bool) -> None:
    def ask(numbers: Sequence[int]) -> list[int]:
        if alone and len(numbers) > 1:
            raise ValueError
        raise RedactionDown("no")

    with pytest.raises(RedactionDown):
        each_apart(ask, [1, 2])


def test_a_rejection_names_the_class_and_nothing_of_the_item() -> None:
    rejection = Poisoned("ValueError").rejection("its text was read")
    assert (rejection.reason, str(rejection)) == ("poison", "ValueError while its text was read")

"""Topic names: shared inputs, one of each for every generation, and public ones."""

from __future__ import annotations

import pytest

from connectors.kafka.names import Naming, topic_name
from contracts.errors import WrongUsage


def test_the_inputs_are_shared_by_all_generations() -> None:
    assert Naming(generation="g2").journal == "undercurrent.journal.v1"
    assert Naming(generation="g1").topic("bulk") == Naming(generation="g2").topic("bulk")


def test_what_a_stage_writes_exists_once_per_generation() -> None:
    assert Naming().topic("redacted") == "undercurrent.g1.redacted.v1"
    assert Naming(generation="g2").state("themes") == "undercurrent.g2.state-themes.v1"


def test_what_the_publisher_writes_is_free_of_generations() -> None:
    assert Naming(generation="g2").public("themes") == "undercurrent.themes.v1"


def test_a_prefix_of_its_own_keeps_a_test_apart() -> None:
    assert Naming(prefix="t1a2").journal == "t1a2.journal.v1"


def test_the_function_is_the_same_names() -> None:
    assert topic_name("themes") == Naming().public("themes")
    assert topic_name("themes", "g3") == Naming(generation="g3").topic("themes")
    assert topic_name("journal", "g3") == Naming().journal


@pytest.mark.parametrize("part", ["", "a.b", "a_b", "ü", "-a", "x" * 61])
def test_a_part_that_could_be_mistaken_is_refused(part: str) -> None:
    with pytest.raises(WrongUsage, match="letters, digits and hyphens"):
        Naming(generation=part)

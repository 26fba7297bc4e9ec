"""Which stage's marks count on which public topic: the one that puts them there."""

from __future__ import annotations

import pytest

from operators.extract import step as extract
from operators.prioritise import step as priority
from operators.themes import step as themes
from wiring.kafka.publisher import public_places, rules_of
from wiring.topics import published

MARKED = {"extract": extract.PUBLIC, "themes": themes.PUBLIC, "priority": priority.PUBLIC}


@pytest.mark.parametrize("stage", MARKED)
def test_the_marks_of_the_stage_that_puts_them_there_count(stage: str) -> None:
    assert {rules_of((topic, 0)).stage for topic in MARKED[stage]} == {stage}


def test_every_public_topic_gets_marks_from_one_stage() -> None:
    assert sorted(topic for topics in MARKED.values() for topic in topics) == sorted(published())


def test_every_public_partition_has_rules() -> None:
    tables = {rules_of(place).topic for place in public_places(3) if rules_of(place).is_table}
    assert (len(public_places(3)), tables) == (24, {"themes", "priorities", "issues"})

import random

import pytest

from demo.grammar import Bag, expand, load_phrases
from demo.records import STORIES


def test_a_pattern_expands_to_each_of_its_branches() -> None:
    rng = random.Random(1)
    assert {expand("{a|b{1|2}|}!", rng) for _ in range(60)} == {"a!", "b1!", "b2!", "!"}


@pytest.mark.parametrize("pattern", ["{a|b", "a}", "{a}}"])
def test_an_unmatched_brace_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        expand(pattern, random.Random(1))


def test_a_bag_uses_every_pattern_before_it_repeats_one() -> None:
    bag, rng = Bag(["a", "b", "c"]), random.Random(1)
    assert sorted(bag.draw(rng) for _ in range(3)) == ["a", "b", "c"]


def test_every_shipped_pattern_expands_without_leftovers() -> None:
    phrases, rng = load_phrases(), random.Random(1)
    lines = [
        line
        for topic in (*phrases.topics.values(), *phrases.stories.values())
        for part in topic.say.values()
        for line in part
    ]
    lines += [line for topic in phrases.topics.values() for line in topic.more]
    lines += [line for block in phrases.chatter.values() for line in block]
    for line in lines:
        for _ in range(20):
            assert not set("{}|") & set(expand(line, rng)), line


def test_there_are_six_stories_and_25_to_35_everyday_topics() -> None:
    phrases = load_phrases()
    assert tuple(phrases.stories) == STORIES
    assert 25 <= len(phrases.topics) <= 35

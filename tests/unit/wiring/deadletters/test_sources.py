"""Where the records of a generation lie that was replayed from the middle, perhaps of another such one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from wiring.deadletters.kafka import KafkaTopics, Origin, Until
from wiring.kafka.replay import Replay


@dataclass(frozen=True)
class Begun(Origin):
    """An origin whose places are known without a broker."""

    ordinals: Until

    @cached_property
    def began(self) -> Until:
        return self.ordinals


def generation(name: str) -> KafkaTopics:
    return KafkaTopics(Cluster("nowhere"), Naming("p", name), 1)


def replayed(name: str, of: KafkaTopics, source: str, at: int | None = None) -> KafkaTopics:
    replay = Replay(name, of.naming.generation, source, "", {} if at is None else {0: at})
    origin = Begun(of, replay, {} if at is None else {0: at})
    return KafkaTopics(of.cluster, Naming("p", name), 1, origin)


def told(
    topics: KafkaTopics, topic: str, *, earlier: bool = False
) -> list[tuple[str, dict[str, Until] | None]]:
    found = topics.sources(topic, earlier=earlier)
    return [(one.name.split(".")[1], None if one.stages is None else dict(one.stages)) for one in found]


ONE = generation("g1")


def test_a_generation_that_ran_whole_has_all_of_its_topics() -> None:
    assert told(ONE, "reviews", earlier=True) == [("g1", None)]
    assert [one.name for one in replayed("g2", ONE, "enriched").sources("journal")] == ["p.journal.v1"]


def test_a_topic_that_stages_of_both_write_is_read_in_both() -> None:
    two = replayed("g2", ONE, "enriched", at=7)
    for earlier in (False, True):
        assert told(two, "reviews", earlier=earlier) == [("g1", {"extract": {}}), ("g2", {"themes": {}})]
        assert told(two, "enriched", earlier=earlier) == [("g1", {"extract": {}})]
        assert told(two, "assignments", earlier=earlier) == [("g2", {"themes": {}})]


def test_of_what_lies_before_a_beginning_only_who_asks_for_it_is_told() -> None:
    two = replayed("g2", ONE, "redacted", at=7)
    own = ("g2", {"extract": {}, "themes": {}})
    assert told(two, "reviews") == [own]
    assert told(two, "reviews", earlier=True) == [("g1", {"extract": {0: 7}}), own]
    assert told(two, "redacted", earlier=True) == [("g1", {"intake": {}})]
    assert told(two, "assignments", earlier=True) == [("g2", {"themes": {}})]
    whole = replayed("g2", ONE, "redacted")
    assert told(whole, "reviews", earlier=True) == [own]


def test_of_a_generation_that_began_in_the_middle_of_one_that_did_the_earliest_place_counts() -> None:
    two = replayed("g2", ONE, "redacted", at=7)
    three = replayed("g3", two, "enriched")
    expected = [("g1", {"extract": {0: 7}}), ("g2", {"extract": {}}), ("g3", {"themes": {}})]
    assert told(three, "reviews", earlier=True) == expected
    before = replayed("g4", two, "redacted", at=5)
    assert told(before, "reviews", earlier=True) == [
        ("g1", {"extract": {0: 5}}),
        ("g2", {"extract": {0: 5}}),
        ("g4", {"extract": {}, "themes": {}}),
    ]

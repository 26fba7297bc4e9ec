"""What subscribers see of generations on a real broker: cutover, rollback, restarts, and what retention took."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from contracts.errors import RecoveryRefused, StateCorrupt
from tests.support.kafka_parts import delete_before
from tests.support.published import Generations
from wiring.kafka.broker import Broker
from wiring.kafka.publishing.book import publisher_group


@pytest.fixture
def world(broker: Broker, naming: Naming, tmp_path: Path) -> Generations:
    """Two generations that read different things into the same journal; g2 is cut over to at ordinal 5."""
    made = Generations(broker.cluster, naming, tmp_path)
    made.make("g1", "g2")
    for topic in ("themes", "theme-events", "reviews"):
        made.say("g1", topic, 1, [("acme:a", "1"), ("acme:b", "1")])
        made.say("g2", topic, 2, [("acme:a", "2"), ("acme:c", "2")])
    return made


def cut_over(world: Generations) -> None:
    for generation in ("g1", "g2"):
        world.mark(generation, 5, to="g2")
    for topic in ("themes", "theme-events", "reviews"):
        world.say("g1", topic, 6, [("acme:b", "late")])
        world.say("g2", topic, 6, [("acme:c", "3")])


def roll_back(world: Generations) -> None:
    for generation in ("g1", "g2"):
        world.mark(generation, 7, to="g1")
    for topic in ("themes", "theme-events", "reviews"):
        world.say("g1", topic, 8, [("acme:a", "4")])
        world.say("g2", topic, 8, [("acme:c", "late")])


def test_a_cutover_publishes_the_one_before_and_the_other_behind_it(world: Generations) -> None:
    cut_over(world)
    world.publish()
    for topic in ("theme-events", "reviews"):
        assert world.public(topic) == ["acme:a=1", "acme:b=1", "acme:c=3"]
    said = ["acme:a=1", "acme:b=1", "acme:a=2", "acme:c=2", "acme:b=", "acme:c=3"]
    assert world.public("themes") == said
    assert world.table("themes") == {b"acme:a": b"2", b"acme:c": b"3"}


def test_a_rollback_restores_what_the_generation_before_says(world: Generations) -> None:
    cut_over(world)
    world.publish()
    roll_back(world)
    world.publish()
    assert world.table("themes") == {b"acme:a": b"4", b"acme:b": b"late"}
    assert world.public("reviews") == ["acme:a=1", "acme:b=1", "acme:c=3", "acme:a=4"]


def test_a_restart_between_any_two_steps_changes_nothing(world: Generations) -> None:
    world.publish()
    for step in (cut_over, roll_back):
        step(world)
        world.publish()
        world.publish()
    assert len(set(world.origins("themes"))) == len(world.origins("themes"))
    assert world.public("theme-events") == ["acme:a=1", "acme:b=1", "acme:c=3", "acme:a=4"]


def test_a_generation_that_has_not_got_there_is_waited_for(world: Generations) -> None:
    world.mark("g1", 5, to="g2")
    world.say("g1", "reviews", 6, [("acme:b", "late")])
    world.publish()
    assert world.public("reviews") == ["acme:a=1", "acme:b=1"]
    assert any("waits for g2 to reach cutover 5" in notice for notice in world.notices)
    world.mark("g2", 5, to="g2")
    world.say("g2", "reviews", 6, [("acme:c", "3")])
    world.publish()
    assert world.public("reviews") == ["acme:a=1", "acme:b=1", "acme:c=3"]


def test_topics_of_stages_that_a_generation_does_not_run_stay_as_they_are(world: Generations) -> None:
    cut_over(world)
    world.say("g1", "alerts", 1, [("acme:x", "1")])
    world.say("g1", "alerts", 6, [("acme:y", "1")])
    empty = Naming(world.naming.prefix, "g2").topic("alerts")
    world.drop(empty)
    world.publish()
    assert world.public("alerts") == ["acme:x=1", "acme:y=1"]
    assert any("does not write it; g1 stays" in notice for notice in world.notices)


def test_a_public_partition_that_retention_emptied_is_gone_on_with(world: Generations) -> None:
    cut_over(world)
    world.publish()
    delete_before(world.cluster, world.naming.public("reviews"), 0, 3)
    assert world.public("reviews") == []
    world.publish()
    world.say("g2", "reviews", 9, [("acme:d", "5")])
    world.publish()
    assert world.public("reviews") == ["acme:d=5"]


def test_a_quiet_topic_that_forgot_its_generation_takes_that_of_its_neighbours(world: Generations) -> None:
    cut_over(world)
    world.publish()
    delete_before(world.cluster, world.naming.public("reviews"), 0, 3)
    group = publisher_group(world.naming.prefix)
    admin = world.cluster.admin()  # kept until it has answered
    admin.delete_consumer_groups([group])[group].result(30)
    world.publish()
    assert world.public("reviews") == ["acme:c=3"]


def test_what_retention_deleted_unpublished_is_told_and_left_out_only_on_request(world: Generations) -> None:
    world.publish()
    world.say("g1", "reviews", 3, [("acme:c", "lost"), ("acme:d", "kept")])
    world.flush()
    delete_before(world.cluster, world.naming.topic("reviews"), 0, 3)
    with pytest.raises(
        StateCorrupt, match=r"offsets 2 up to before 3 before they were published.*--skip-lost"
    ):
        world.publish()
    world.publish(skip_lost=True)
    assert world.public("reviews")[2:] == ["acme:d=kept"]


def test_another_number_of_partitions_is_refused(world: Generations) -> None:
    world.partitions = 2
    with pytest.raises(RecoveryRefused, match=r"has 1 partitions, 2 are asked for"):
        world.publish()

"""Declared topics against the cluster's: settings, differences, refusals; then once for real."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.kafka.admin import TopicFacts, alter_configs, topic_facts, topic_ids
from connectors.kafka.names import SHARED, Naming
from contracts.errors import StopWorker
from wiring.kafka.broker import Broker
from wiring.kafka.topics import (
    DAY_MS,
    WantedTopic,
    apply_topics,
    diff_topics,
    differences,
    rekeyed,
    topic_config,
    wanted_topics,
)
from wiring.topics import STAGES, load_topics

WANTED = wanted_topics(Naming(), replication=1)
THEMES = WANTED["undercurrent.themes.v1"]
REVIEWS = WANTED["undercurrent.g1.reviews.v1"]


def as_declared(topic: WantedTopic, **config: str) -> TopicFacts:
    return TopicFacts(
        "id", topic.partitions, 1, {**topic.config, **{k.replace("_", "."): v for k, v in config.items()}}
    )


def test_every_declared_topic_is_wanted_under_its_names() -> None:
    assert {topic.short for topic in WANTED.values()} == set(load_topics())
    assert {f"undercurrent.g1.state-{stage}.v1" for stage in STAGES} <= set(WANTED)
    assert {"undercurrent.journal.v1", "undercurrent.g1.themes.v1", "undercurrent.themes.v1"} <= set(WANTED)


def test_what_is_shared_is_declared_as_it_is_named() -> None:
    assert {short for short, topic in load_topics().items() if topic.scope == "shared"} == SHARED


def test_what_has_quotes_in_it_is_gone_after_a_week() -> None:
    for short in ("reviews", "linear", "alerts"):
        config = topic_config(load_topics()[short])
        assert int(config["retention.ms"]) + int(config["segment.ms"]) < 7 * DAY_MS


def test_what_is_replayed_is_kept_for_at_least_its_days() -> None:
    assert int(topic_config(load_topics()["journal"])["retention.ms"]) == 28 * DAY_MS


def test_a_state_log_is_deleted_by_its_owner_alone() -> None:
    config = WANTED["undercurrent.g1.state-themes.v1"].config
    assert (config["cleanup.policy"], config["retention.ms"], config["retention.bytes"]) == (
        "delete",
        "-1",
        "-1",
    )
    assert config["segment.bytes"] == str(128 << 20)


def test_an_overwritten_value_goes_in_time_and_a_tombstone_stays_a_week() -> None:
    assert THEMES.config["max.compaction.lag.ms"] == str(DAY_MS)
    assert THEMES.config["delete.retention.ms"] == str(7 * DAY_MS)


@pytest.mark.parametrize(("replication", "insync"), [(1, "1"), (2, "1"), (3, "2")])
def test_one_replica_may_be_away(replication: int, insync: str) -> None:
    assert topic_config(load_topics()["journal"], replication)["min.insync.replicas"] == insync


def test_a_topic_that_is_as_declared_has_no_difference() -> None:
    assert list(differences(THEMES, as_declared(THEMES))) == []


def test_a_missing_topic_is_made() -> None:
    (difference,) = differences(THEMES, None)
    assert (difference.change, difference.refused) == ("create", None)


@pytest.mark.parametrize("partitions", [11, 13])
def test_another_number_of_partitions_is_refused(partitions: int) -> None:
    (difference,) = differences(THEMES, replace(as_declared(THEMES), partitions=partitions))
    assert difference.refused is not None
    assert "fixed for ever" in difference.refused


def test_more_retention_is_set_and_less_is_refused() -> None:
    (longer,) = differences(REVIEWS, as_declared(REVIEWS, retention_ms="60000"))
    (shorter,) = differences(REVIEWS, as_declared(REVIEWS, retention_ms="-1"))
    assert (longer.change, longer.refused) == ("set", None)
    assert shorter.change == "none"
    assert "shrink" in str(shorter)


def test_compaction_in_place_of_deletion_is_refused() -> None:
    (difference,) = differences(THEMES, as_declared(THEMES, cleanup_policy="delete"))
    assert difference.refused is not None


def test_other_settings_are_set() -> None:
    (difference,) = differences(THEMES, as_declared(THEMES, compression_type="gzip"))
    assert (difference.change, difference.declared, difference.actual) == ("set", "zstd", "gzip")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (b"t:7", b'{"tenant":"t","theme_id":"7"}', False),
        (b"t:8", b'{"tenant":"t","theme_id":"7"}', True),
        (None, b'{"tenant":"t","theme_id":"7"}', True),
        (b"t", b'{"tenant":"t","kind":"tick"}', False),
        (b"t:7", b'{"tenant":"t","kind":"tick"}', True),
        (b"t:7", b"not json", False),
        (b"t:7", b"[]", False),
    ],
)
def test_a_record_under_another_key_tells_that_the_key_changed(
    key: bytes | None, value: bytes, told: bool
) -> None:
    assert (rekeyed(THEMES, key, value) is not None) == told


def test_applied_topics_are_as_declared(broker: Broker, naming: Naming) -> None:
    apply_topics(broker.cluster, naming, partitions=2)
    assert diff_topics(broker.cluster, naming, partitions=2) == []
    assert topic_ids(broker.cluster, [naming.state("themes")])[naming.state("themes")].partitions == 2


def test_a_second_generation_adds_its_own_and_shares_the_rest(broker: Broker, naming: Naming) -> None:
    apply_topics(broker.cluster, naming, partitions=1)
    made = apply_topics(broker.cluster, replace(naming, generation="g2"), partitions=1)
    assert {difference.topic.split(".")[1] for difference in made} == {"g2"}


def test_a_refusal_comes_before_any_change(broker: Broker, naming: Naming) -> None:
    apply_topics(broker.cluster, naming, partitions=1)
    themes, journal = naming.public("themes"), naming.journal
    alter_configs(broker.cluster, {themes: {"compression.type": "gzip"}, journal: {"retention.ms": "-1"}})
    with pytest.raises(StopWorker, match=r"nothing was changed.*journal\.v1: retention\.ms -1"):
        apply_topics(broker.cluster, naming, partitions=1)
    assert topic_facts(broker.cluster, [themes])[themes].config["compression.type"] == "gzip"


def test_a_dry_run_tells_and_leaves(broker: Broker, naming: Naming) -> None:
    assert apply_topics(broker.cluster, naming, partitions=1, dry_run=True)
    assert topic_ids(broker.cluster, [naming.journal]) == {}


def test_a_topic_with_records_under_another_key_is_refused(broker: Broker, naming: Naming) -> None:
    apply_topics(broker.cluster, naming, partitions=1)
    producer = broker.cluster.producer()
    producer.produce(naming.public("themes"), b'{"tenant":"t","theme_id":"7"}', key=b"7", partition=0)
    producer.flush()
    with pytest.raises(StopWorker, match="a new key is a new topic"):
        apply_topics(broker.cluster, naming, partitions=1)

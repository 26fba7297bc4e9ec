"""Topics on a real broker: what is asked about them, made and altered."""

from __future__ import annotations

import pytest

from connectors.kafka.admin import (
    BROKERS_DEFAULT,
    NewTopicFacts,
    alter_configs,
    create_topics,
    newest_records,
    topic_facts,
    topic_ids,
)
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from contracts.errors import StopWorker
from wiring.kafka.broker import Broker


@pytest.fixture
def topic(broker: Broker, naming: Naming) -> str:
    """A topic of two partitions that keeps a day."""
    new = NewTopicFacts(2, BROKERS_DEFAULT, {"retention.ms": "86400000"})
    create_topics(broker.cluster, {naming.journal: new})
    return naming.journal


def test_a_topic_made_again_is_another(broker: Broker, topic: str) -> None:
    before = topic_ids(broker.cluster, [topic])[topic]
    admin = broker.cluster.admin()
    admin.delete_topics([topic])[topic].result()
    create_topics(broker.cluster, {topic: NewTopicFacts(2, BROKERS_DEFAULT, {})})
    after = topic_ids(broker.cluster, [topic])[topic]
    assert before.id != after.id
    assert before.partitions == after.partitions == 2


def test_a_topic_that_does_not_exist_is_left_out(broker: Broker, topic: str) -> None:
    assert list(topic_ids(broker.cluster, [topic, topic + ".none"])) == [topic]
    assert topic_facts(broker.cluster, []) == {}


def test_a_setting_is_altered_and_the_others_stay(broker: Broker, topic: str) -> None:
    alter_configs(broker.cluster, {topic: {"segment.ms": "3600000"}})
    facts = topic_facts(broker.cluster, [topic])[topic]
    assert facts.config["segment.ms"] == "3600000"
    assert facts.config["retention.ms"] == "86400000"
    assert facts.replication == 1


def test_making_a_topic_twice_leaves_the_first(broker: Broker, topic: str) -> None:
    create_topics(broker.cluster, {topic: NewTopicFacts(7, BROKERS_DEFAULT, {})})
    assert topic_ids(broker.cluster, [topic])[topic].partitions == 2


def test_a_setting_that_kafka_does_not_know_stops_with_its_words(broker: Broker, naming: Naming) -> None:
    with pytest.raises(StopWorker, match=r"cannot be made.*no\.such\.setting"):
        create_topics(broker.cluster, {naming.journal: NewTopicFacts(1, 1, {"no.such.setting": "1"})})


def test_the_newest_record_of_a_topic_is_found_in_whatever_partition(broker: Broker, topic: str) -> None:
    producer = broker.cluster.producer()
    producer.produce(topic, b"old", key=b"a", partition=1)
    producer.produce(topic, b"new", key=b"b", partition=1)
    producer.flush()
    assert newest_records(broker.cluster, {topic: 2}) == {topic: (b"b", b"new")}


def test_an_empty_topic_has_no_newest_record(broker: Broker, topic: str) -> None:
    assert newest_records(broker.cluster, {topic: 2}) == {}


def test_a_cluster_that_is_away_stops_with_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.admin.WITHIN_S", 0.3)
    with pytest.raises(StopWorker, match="topic t cannot be looked at"):
        topic_ids(Cluster("127.0.0.1:1", {"log_level": "0"}), ["t"])

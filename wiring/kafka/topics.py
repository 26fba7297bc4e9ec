"""Declared topics and the cluster's: what differs, and the differences that may be removed.

In:  ``contracts/topics/*.yaml``, the names of a generation. Out: differences; topics made, settings set.
A topic that exists is never cut into other partitions, given another key, or made to forget sooner: each of these would
lose records or their order, and is refused before anything is changed. What is not declared is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from connectors.kafka.admin import (
    BROKERS_DEFAULT,
    NewTopicFacts,
    TopicFacts,
    alter_configs,
    create_topics,
    newest_records,
    topic_facts,
)
from connectors.kafka.cluster import LARGEST_RECORD, Cluster
from connectors.kafka.names import Naming
from contracts.errors import StopWorker
from wiring.kafka.properties import BATCH_OVERHEAD
from wiring.topics import STAGES, Topic, load_topics

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOR_EVER = -1

# How long an overwritten value may stay in a compacted topic: less than the week in which quotes are forgotten.
COMPACTED_WITHIN_MS = DAY_MS
# How long a tombstone stays: a subscriber that was away for a week still learns of it.
TOMBSTONES_FOR_MS = 7 * DAY_MS
# Kafka looks for what is past its retention every 5 minutes, and deletes files a minute later.
_CHECKED_WITHIN_MS = 10 * 60_000


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """One topic of the cluster as it is declared; ``replication`` None is whatever the cluster gives."""

    name: str
    short: str
    partitions: int
    replication: int | None
    config: Mapping[str, str]
    key: str

    @property
    def new(self) -> NewTopicFacts:
        """What is asked of the cluster to make it."""
        replication = BROKERS_DEFAULT if self.replication is None else self.replication
        return NewTopicFacts(self.partitions, replication, self.config)


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the cluster is not as declared; ``refused`` says why it is not removed, or is None."""

    topic: str
    what: str
    declared: str
    actual: str | None
    change: Literal["create", "set", "none"]
    refused: str | None = None

    def __str__(self) -> str:
        found = "missing" if self.actual is None else f"{self.actual}, declared is"
        return f"{self.topic}: {self.what} {found} {self.declared}" + (
            f" ({self.refused})" if self.refused else ""
        )


def wanted_topics(
    naming: Naming, *, partitions: int | None = None, replication: int | None = None
) -> dict[str, WantedTopic]:
    """Every topic of one generation, with what is shared and what the publisher writes, by full name.

    ``partitions`` None takes the declared number.
    """
    wanted = {}
    for short, topic in load_topics().items():
        cut = int(topic.partitions["deployed"]) if partitions is None else partitions
        config = topic_config(topic, replication)
        for name in names_of(short, topic, naming):
            wanted[name] = WantedTopic(name, short, cut, replication, config, topic.key)
    return wanted


def names_of(short: str, topic: Topic, naming: Naming) -> list[str]:
    """The names under which a declared topic exists: a state log once per stage, a published topic twice."""
    if short == "state":
        return [naming.state(stage) for stage in STAGES]
    return [naming.topic(short), *([naming.public(short)] if topic.public else [])]


def topic_config(topic: Topic, replication: int | None = None) -> dict[str, str]:
    """Kafka's settings for a declared topic, times in ms."""
    config: dict[str, int | str] = {
        "cleanup.policy": topic.cleanup,
        "compression.type": "zstd",
        "max.message.bytes": LARGEST_RECORD + BATCH_OVERHEAD,
        # Retention counts from the arrival: a record that tells of last year is as new as any.
        "message.timestamp.type": "LogAppendTime",
        "retention.bytes": FOR_EVER,
        **(_compacting() if topic.cleanup == "compact" else _deleting(topic)),
    }
    if replication is not None:
        config["min.insync.replicas"] = max(1, replication - 1)
    return {name: str(value) for name, value in {**config, **topic.config}.items()}


def _compacting() -> dict[str, int | str]:
    return {
        "max.compaction.lag.ms": COMPACTED_WITHIN_MS,
        "delete.retention.ms": TOMBSTONES_FOR_MS,
        "min.cleanable.dirty.ratio": "0.1",
        "retention.ms": FOR_EVER,
        "segment.ms": DAY_MS,
    }


def _deleting(topic: Topic) -> dict[str, int | str]:
    if topic.retention_days is None:
        return {"retention.ms": FOR_EVER, "segment.ms": DAY_MS}
    kept = topic.retention_days * DAY_MS
    # A file goes once its youngest record is too old: the oldest in it stays for so much longer.
    segment = min(DAY_MS, kept // 28)
    if topic.retention == "at most":
        kept -= segment + _CHECKED_WITHIN_MS
    return {"retention.ms": kept, "segment.ms": segment}


def differences(wanted: WantedTopic, actual: TopicFacts | None) -> Iterator[Difference]:
    """How one topic differs, what is refused with its reason."""
    name = wanted.name
    if actual is None:
        yield Difference(name, "topic", f"with {wanted.partitions} partitions", None, "create")
        return
    if actual.partitions != wanted.partitions:
        why = "the number of partitions is fixed for ever, as tenants would change theirs: name it with --partitions"
        yield Difference(name, "partitions", str(wanted.partitions), str(actual.partitions), "none", why)
    if wanted.replication is not None and actual.replication != wanted.replication:
        why = "replicas are moved with Kafka's own kafka-reassign-partitions"
        yield Difference(name, "replication", str(wanted.replication), str(actual.replication), "none", why)
    for setting, declared in wanted.config.items():
        found = actual.config.get(setting, "")
        if found != declared:
            refused = _refusal(setting, declared, found)
            yield Difference(name, setting, declared, found, "none" if refused else "set", refused)


_KEEPING = ("retention.ms", "retention.bytes", "max.message.bytes", "delete.retention.ms")


def _refusal(setting: str, declared: str, found: str) -> str | None:
    by_hand = "if it is meant, set it with Kafka's own kafka-configs"
    if setting == "cleanup.policy":
        return f"what is in the topic would be deleted by other rules; {by_hand}"
    if setting in _KEEPING and _amount(declared) < _amount(found):
        return f"it would shrink; {by_hand}"
    return None


def _amount(value: str) -> float:
    return float("inf") if int(value) == FOR_EVER else int(value)


def rekeyed(wanted: WantedTopic, key: bytes | None, value: bytes) -> Difference | None:
    """Whether a record of the topic has another key than the declared field gives; None too where none can tell."""
    try:
        record = orjson.loads(value)
        tenant = str(record["tenant"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    subject = None if wanted.key == "tenant" else record.get(wanted.key)
    expected = tenant if subject is None else f"{tenant}:{subject}"
    if key is not None and key.decode("utf-8", "replace") == expected:
        return None
    why = "records of one thing would no longer be in order, nor replace each other: a new key is a new topic"
    return Difference(wanted.name, "key", f"tenant and {wanted.key}", "another", "none", why)


def diff_topics(
    cluster: Cluster, naming: Naming, *, partitions: int | None = None, replication: int | None = None
) -> list[Difference]:
    """Every difference between declared and actual. Raises ``StopWorker`` where the cluster does not answer."""
    wanted = wanted_topics(naming, partitions=partitions, replication=replication)
    actual = topic_facts(cluster, wanted)
    found = [
        difference for name, topic in wanted.items() for difference in differences(topic, actual.get(name))
    ]
    ours = {name: facts.partitions for name, facts in actual.items() if wanted[name].short != "state"}
    for name, (key, value) in newest_records(cluster, ours).items():
        difference = rekeyed(wanted[name], key, value)
        found += [] if difference is None else [difference]
    return found


def apply_topics(
    cluster: Cluster,
    naming: Naming,
    *,
    partitions: int | None = None,
    replication: int | None = None,
    dry_run: bool = False,
) -> list[Difference]:
    """Make what is missing and set what is safe; what was (or would be) changed is returned.

    Raises ``StopWorker`` with every refused difference, and then has changed nothing.
    """
    found = diff_topics(cluster, naming, partitions=partitions, replication=replication)
    refused = [str(difference) for difference in found if difference.refused]
    if refused:
        more = f"; and {len(refused) - 3} more, see `undercurrent topics diff`" if len(refused) > 3 else ""
        raise StopWorker(
            f"nothing was changed, as these differences are not removed: {'; '.join(refused[:3])}{more}"
        )
    if not dry_run:
        wanted = wanted_topics(naming, partitions=partitions, replication=replication)
        create_topics(cluster, {one.topic: wanted[one.topic].new for one in found if one.change == "create"})
        changes: dict[str, dict[str, str]] = {}
        for one in found:
            if one.change == "set":
                changes.setdefault(one.topic, {})[one.what] = one.declared
        alter_configs(cluster, changes)
    return found

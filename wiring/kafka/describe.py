"""What a cluster holds of a topic, for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.kafka.admin import topic_facts
from connectors.kafka.cluster import Cluster
from connectors.kafka.reading import held


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """One topic as it is now; ``offsets`` counts those held, which in a compacted topic is more than its records.

    Where it does not exist ``id`` is None and the numbers are 0.
    """

    name: str
    id: str | None
    partitions: int
    replication: int
    offsets: int

    def __str__(self) -> str:
        if self.id is None:
            return f"{self.name}: missing; `undercurrent topics apply` makes it"
        return (
            f"{self.name}: {self.partitions} partitions, {self.replication} replicas, {self.offsets} offsets held, "
            f"id {self.id}"
        )


def live_topics(cluster: Cluster, names: Iterable[str]) -> list[LiveTopic]:
    """Each named topic as it is now. Raises ``StopWorker`` where the cluster does not answer."""
    wanted = list(names)
    facts = topic_facts(cluster, wanted)
    places = [(name, n) for name, topic in facts.items() for n in range(topic.partitions)]
    admin = cluster.admin()
    counts = dict.fromkeys(wanted, 0)
    for (name, _partition), there in held(admin, places).items():
        counts[name] += there.end - there.first
    return [
        LiveTopic(name, facts[name].id, facts[name].partitions, facts[name].replication, counts[name])
        if name in facts
        else LiveTopic(name, None, 0, 0, 0)
        for name in wanted
    ]

"""A generation on Kafka as a run: its own topics, up to where its last stage has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from confluent_kafka.admin import AdminClient

from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import ID, header
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, between, headers_of, held
from contracts.envelope import Envelope
from contracts.errors import StopWorker, WrongUsage
from contracts.identity import ordinal_of
from contracts.registry import read_stage
from wiring.comparing.standing import FOLDED
from wiring.kafka.publishing.book import stage_offsets
from wiring.kafka.publishing.marks import is_mark
from wiring.topics import STAGES

ALL_GONE = sys.maxsize
"""Retention took every issue there was: none can be compared."""


@dataclass(frozen=True, slots=True)
class GenerationRun:
    """One generation of a cluster; what is written while it is read is left out."""

    cluster: Cluster
    naming: Naming
    names: Mapping[str, str]
    """Short name to topic; a replay that began at the assignments has another generation's."""
    offsets: Mapping[str, Mapping[int, Held]] = field(repr=False)
    admin: AdminClient = field(repr=False)
    """Kept: its library may go on with an answer after the client was let go, and crash."""

    @classmethod
    def found(cls, cluster: Cluster, naming: Naming) -> GenerationRun:
        """The generation as it is now. Raises ``WrongUsage`` where it has no topics."""
        names = {short: naming.topic(short) for short in FOLDED}
        admin = cluster.admin()
        told = _told(cluster, naming)
        if told and names["assignments"] not in told:
            names["assignments"] = next(iter(told))
        there = topic_ids(cluster, names.values())
        missing = [name for name in names.values() if name not in there]
        if missing:
            raise WrongUsage(
                f"topic {missing[0]} does not exist: `undercurrent generations` lists the generations"
            )
        partitions = there[names["assignments"]].partitions
        offsets: dict[str, dict[int, Held]] = {}
        for short, name in names.items():
            places = held(admin, [(name, p) for p in range(partitions)])
            offsets[short] = {p: one for (_, p), one in places.items()}
        # The last stage has seen no more of the assignments than it told: scores behind that are not there yet.
        seen = told.get(names["assignments"], {})
        offsets["assignments"] = {
            p: one._replace(end=min(one.end, seen.get(p, one.end)))
            for p, one in offsets["assignments"].items()
        }
        return cls(cluster, naming, names, offsets, admin)

    @property
    def name(self) -> str:
        """The generation's name."""
        return self.naming.generation

    def ends(self) -> Mapping[int, int]:
        """See ``Run.ends``."""
        ends = {}
        for partition, there in self.offsets["assignments"].items():
            last = (
                self._ordinal_at("assignments", partition, there.end - 1) if there.end > there.first else None
            )
            ends[partition] = -1 if last is None else last
        return ends

    def issues_since(self) -> Mapping[int, int]:
        """See ``Run.issues_since``: issues are kept for 7 days."""
        since = {}
        for partition, there in self.offsets["linear"].items():
            if there.first > 0:
                first = (
                    self._ordinal_at("linear", partition, there.first) if there.end > there.first else None
                )
                since[partition] = ALL_GONE if first is None else first
        return since

    def records(self, topic: str) -> Iterator[Envelope]:
        """See ``Run.records``."""
        for partition, there in self.offsets[topic].items():
            for message in between(self.cluster, self.names[topic], partition, there.first, there.end):
                value = message.value()
                if value is not None and not is_mark(topic, headers_of(message)):
                    yield read_stage(topic, value)

    def _ordinal_at(self, topic: str, partition: int, offset: int) -> int | None:
        name = self.names[topic]
        for message in between(self.cluster, name, partition, offset, offset + 1):
            said = header(headers_of(message), ID)
            if said is None:
                raise StopWorker(
                    f"topic {name}, partition {partition}, offset {offset}: no stage of ours wrote it"
                )
            return ordinal_of(said)
        return None


def _told(cluster: Cluster, naming: Naming) -> dict[str, dict[int, int]]:
    """How much of its input the last stage has seen, by topic and partition; nothing where it told nothing."""
    found: dict[str, dict[int, int]] = {}
    for one in stage_offsets(cluster, naming, STAGES[-1]):
        found.setdefault(one.topic, {})[one.partition] = one.offset
    return found

"""Run one stage on Kafka in this process: checks, Bytewax, and a stop that loses nothing.

The process is alone, or one of a group that shares the stage's partitions (``home.Member``). State lies in the
stage's directory and its state log; what it wrote and how far it read lie in Kafka.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from connectors.jsonl.layout import part_name
from connectors.kafka.cluster import Cluster
from connectors.kafka.letters import dead_letter_headers
from connectors.kafka.messages import KafkaMessage, Origin, message_of
from connectors.kafka.names import Naming
from connectors.kafka.sink import KafkaSink
from connectors.kafka.source import KafkaSource
from connectors.kafka.statelog import KafkaStateLogs
from connectors.keys.vault import fingerprint
from connectors.polling import OnLines, Reading, nothing_of_lines
from contracts.diversions import DeadLetter
from contracts.registry import write_record
from flows.pipeline import build
from flows.stages import JOURNAL, Pipeline
from operators.hosting import Emitted
from wiring.engine import draining_on_signals, run_flow
from wiring.kafka.home import Member, StageHome, joined
from wiring.kafka.positions import Positions, position_group
from wiring.kafka.recovery import Entry, StageTopics, prepare_stage
from wiring.topics import load_topics
from wiring.version import code_version


@dataclass(frozen=True, slots=True)
class Site:
    """Where a generation of the flows runs: its cluster, its names, and the folder with keys and recovery stores."""

    cluster: Cluster
    naming: Naming
    data: Path
    partitions: int

    @property
    def keys(self) -> Path:
        """The key store, which all stages and generations share."""
        return self.data / "keys"

    def home(self, stage: str) -> StageHome:
        """A stage's own directory."""
        return StageHome(self.data / self.naming.generation / stage)


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class StageRunning:
    """How a stage is run; as ``wiring.engine.Running``.

    ``on_poll`` is called on every turn of the source loop, ``on_lines`` with what it read.

    ``entry``: where its input is, for the first stage of a replay.
    """

    follow: bool = True
    batch: int = 64
    epoch: timedelta = timedelta(seconds=1)
    member: Member = field(default_factory=Member)
    entry: Entry = field(default_factory=Entry)
    on_poll: Callable[[], None] = _nothing
    on_lines: OnLines = nothing_of_lines


def run_stage(pipeline: Pipeline, site: Site, how: StageRunning) -> bool:
    """Run until a signal (True), or without ``follow`` until the input's end. Raises ``PipelineError``."""
    (stage,) = pipeline.stages
    home = site.home(stage.name)
    topics = StageTopics.of(pipeline, site.naming, how.entry)
    prepare = partial(prepare_stage, home, pipeline, site.naming, site.cluster, how.entry)
    with draining_on_signals() as draining, joined(home, how.member, prepare):
        # Informational, for lag tools: nothing resumes from a consumer group.
        positions = Positions(
            site.cluster, position_group(site.naming, stage.name), keys=fingerprint(site.keys)
        )

        logs = KafkaStateLogs(site.cluster)
        reading = Reading(
            batch=how.batch,
            follow=how.follow,
            draining=draining.is_set,
            on_poll=_each(how.on_poll, positions.tell),
            on_lines=how.on_lines,
            on_snapshot=lambda partition, offset: positions.commit({(topics.input, partition): offset}),
        )
        flow = build(
            pipeline,
            source=KafkaSource(
                site.cluster,
                topics.input,
                site.partitions,
                reading,
                numbered_by="offset" if stage.input_topic == JOURNAL else "sequence",
                starts=how.entry.starts,
            ),
            sink=KafkaSink(
                site.cluster, _lanes(topics, site.partitions), stage.name, compacted=_compacted(topics)
            ),
            lane=lambda topic, _stage, partition: f"{topic}/{part_name(partition)}",
            write=_writing(site.naming, code_version()),
            open_state_log=lambda _stage, partition: logs.open(topics.state, partition),
            anywhere=bool(how.entry.starts),
        )
        with closing(positions):
            run_flow(flow, home.recovery, how.epoch, how.member.process, how.member.addresses)
        return draining.is_set()


def _each(*calls: Callable[[], None]) -> Callable[[], None]:
    def called() -> None:
        for call in calls:
            call()

    return called


def _lanes(topics: StageTopics, partitions: int) -> dict[str, tuple[str, int]]:
    return {
        f"{short}/{part_name(p)}": (name, p)
        for short, name in topics.outputs.items()
        for p in range(partitions)
    }


def _compacted(topics: StageTopics) -> list[str]:
    return [name for short, name in topics.outputs.items() if load_topics()[short].cleanup == "compact"]


def _writing(naming: Naming, version: str) -> Callable[[Emitted], KafkaMessage]:
    keys = {short: topic.key for short, topic in load_topics().items()}
    origins: dict[tuple[str, str, int], Origin] = {}

    def write(emitted: Emitted) -> KafkaMessage:
        place = (emitted.out.topic, emitted.stage, emitted.partition)
        origin = origins.get(place)
        if origin is None:
            topic, stage, partition = place
            origin = origins[place] = Origin(topic, keys[topic], naming.generation, stage, partition)
        record = emitted.out.record
        message = message_of(origin, emitted.position, record, write_record(record))
        if not isinstance(record, DeadLetter):
            return message
        why = dead_letter_headers(record, naming.journal, version)
        return message._replace(headers=(*message.headers, *why))

    return write

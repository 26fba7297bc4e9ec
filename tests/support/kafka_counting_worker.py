"""``python -m tests.support.kafka_counting_worker BOOTSTRAP PREFIX DIR PARTITIONS``: the first trivial stage on Kafka.

Reads the journal to its end, writes its topics and its state log; recovery lies in DIR. Small epochs, batches and
compactions, so that a kill meets each of them.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from bytewax.dataflow import Dataflow

from connectors.jsonl.layout import part_name
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage, Origin, message_of
from connectors.kafka.names import Naming
from connectors.kafka.sink import KafkaSink
from connectors.kafka.source import KafkaSource
from connectors.kafka.statelog import KafkaStateLog, KafkaStateLogs
from connectors.polling import Reading
from contracts.registry import write_record
from flows.pipeline import build
from flows.stages import alone
from operators.hosting import Emitted
from tests.support.counting import counting_pipeline, decode
from wiring.engine import run_flow
from wiring.snapshots import RecoveryStore

TOPICS = ("counted", "dead-letters", "shared")
TOKEN = 7


def counting_flow(cluster: Cluster, naming: Naming, partitions: int) -> Dataflow:
    """The stage ``count`` between the journal and its topics."""
    logs = KafkaStateLogs(cluster)
    lanes = {
        f"{topic}/{part_name(partition)}": (naming.topic(topic), partition)
        for topic in TOPICS
        for partition in range(partitions)
    }

    def open_state_log(stage: str, partition: int) -> KafkaStateLog:
        return logs.open(naming.state(stage), partition, compact_from_bytes=2_000, compact_growth=2.0)

    def write(emitted: Emitted) -> KafkaMessage:
        origin = Origin(emitted.out.topic, "key", naming.generation, emitted.stage, emitted.partition)
        return message_of(origin, emitted.position, emitted.out.record, write_record(emitted.out.record))

    return build(
        alone(counting_pipeline(partitions), "count", decode),
        source=KafkaSource(cluster, naming.journal, partitions, Reading(batch=8)),
        sink=KafkaSink(cluster, lanes, "count"),
        lane=lambda topic, _stage, partition: f"{topic}/{part_name(partition)}",
        write=write,
        open_state_log=open_state_log,
    )


def main(bootstrap: str, prefix: str, directory: str, partitions: str) -> None:
    """Scrub the recovery store as every start must, then run to the journal's end."""
    store = RecoveryStore(Path(directory))
    if not store.path.exists():
        store.create(TOKEN)
    store.check(TOKEN)
    store.scrub()
    flow = counting_flow(Cluster(bootstrap), Naming(prefix=prefix), int(partitions))
    run_flow(flow, Path(directory), epoch=timedelta(milliseconds=20))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""``python -m tests.support.counting_worker DIR PARTITIONS``: run the trivial flow on DIR with a slow sink.

``SLOW_SINK=p`` makes a share ``p`` of all syncs of the sink take 0.4 s; ``SLOW_STEP_S`` holds up each batch.
"""

from __future__ import annotations

import dataclasses
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from connectors.jsonl.sink import JsonlSink, SinkPart
from contracts.envelope import Envelope, Out
from contracts.errors import PipelineError
from flows.stages import Stage
from tests.support.counting import Count, counting_pipeline
from wiring.engine import Running, run_pipeline

SLOW_SINK = float(os.environ.get("SLOW_SINK", "0"))
SLOW_STEP_S = float(os.environ.get("SLOW_STEP_S", "0"))


class SlowPart(SinkPart):
    """A file on a disk that is slow now and then."""

    def snapshot(self) -> int:
        if random.random() < SLOW_SINK:
            time.sleep(0.4)
        return super().snapshot()


class SlowSink(JsonlSink):
    part_type = SlowPart


class SlowCount(Count):
    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        time.sleep(SLOW_STEP_S)
        return super().on_records(records)


def main(root: str, partitions: str, *flags: str) -> int:
    pipeline = counting_pipeline(int(partitions))
    slow = Stage("count", "journal", lambda _partition: SlowCount())
    pipeline = dataclasses.replace(pipeline, stages=(slow, *pipeline.stages[1:]))
    running = Running(follow="follow" in flags, batch=8, epoch=timedelta(milliseconds=50), make_sink=SlowSink)
    try:
        ended = run_pipeline(pipeline, Path(root), running)
    except PipelineError as exc:
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
        return 1
    print(f"scrubbed={ended.prepared.scrubbed} drained={ended.drained}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))

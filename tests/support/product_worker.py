"""``python -m tests.support.product_worker DIR``: the product's worker with a slow sink and short epochs.

``SLOW_SINK=p`` makes a share ``p`` of all syncs of the sink take 0.4 s; ``BATCH`` is the number of journal
records a turn.
"""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

from connectors.jsonl.sink import JsonlSink, SinkPart
from settings import load_settings
from wiring.engine import Running, run_pipeline
from wiring.product import open_parts, product_pipeline

SLOW_SINK = float(os.environ.get("SLOW_SINK", "0"))
BATCH = int(os.environ.get("BATCH", "64"))


class SlowPart(SinkPart):
    """A file on a disk that is slow now and then."""

    def snapshot(self) -> int:
        if random.random() < SLOW_SINK:
            time.sleep(0.4)
        return super().snapshot()


class SlowSink(JsonlSink):
    part_type = SlowPart


def main(root: str) -> None:
    settings = load_settings()
    parts = open_parts(Path(root), settings)
    running = Running(batch=BATCH, epoch=timedelta(seconds=settings.epoch_s), make_sink=SlowSink)
    run_pipeline(product_pipeline(parts, 1), Path(root), running)


if __name__ == "__main__":
    main(*sys.argv[1:])

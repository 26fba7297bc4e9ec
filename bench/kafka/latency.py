"""Journal → assignment latency while feedback comes at half of what the stages can do on this machine.

From the broker's time of the journal record to the broker's time of the first assignment that came of it, so by one
clock. Items that lead to no assignment (chatter, repeats, what a person must look at) have no latency.
"""

from __future__ import annotations

import statistics
from typing import Any

from bench.kafka.common import Bench, Ground, quantile
from bench.kafka.load import Steady
from bench.kafka.processes import Processes
from bench.kafka.stages import on_kafka
from bench.kafka.watching import Cause, Watch
from bench.kafka.workload import make_rounds
from connectors.kafka.reading import between, offset_of
from wiring.topics import STAGES

WARM = 96
BURST = 600
SECONDS = 40.0
SETTLE_S = 5.0
"""The first seconds of the stream are not counted: the burst before it left nothing, but clients connect."""

MOST_ITEMS = 6_000


def measure(bench: Bench) -> dict[str, Any]:
    """Half of capacity, and the latencies at that rate, seconds."""
    ground = bench.ground("latency")
    warm, burst, stream = make_rounds(ground.keys, [WARM, bench.items(BURST), MOST_ITEMS])
    ground.make()
    with Processes(ground, dict.fromkeys(STAGES, 1), hot="themes" if bench.profile else None) as stages:
        stages.await_ready()
        on_kafka(ground, warm)
        capacity = burst.items / on_kafka(ground, burst)
        first = {p: there.end for p, there in ground.held("journal").items()}
        seconds = SETTLE_S + SECONDS * min(1.0, bench.scale)
        with Watch(ground, "assignments") as watch, Steady(ground, stream, capacity / 2) as load:
            while not load.is_over and seconds > 0:
                watch.read(0.5)
                seconds -= 0.5
        appended = _appended(ground, first)
    begin = min(appended.values()) + SETTLE_S
    found = [at - appended[cause] for cause, at in watch.seen.items() if appended.get(cause, 0.0) > begin]
    return {
        "capacity_per_s": round(capacity, 1),
        "rate_per_s": round(capacity / 2, 1),
        "assignments": len(found),
        "p50_s": round(statistics.median(found), 3),
        "p95_s": round(quantile(found, 0.95), 3),
        "p99_s": round(quantile(found, 0.99), 3),
        "load_late_by_s": round(load.latest_s, 3),
    }


def _appended(ground: Ground, first: dict[int, int]) -> dict[Cause, float]:
    """When each journal record since ``first`` was appended."""
    found = {}
    for p, there in ground.held("journal").items():
        for message in between(ground.cluster, ground.naming.journal, p, first[p], there.end):
            found[p, offset_of(message)] = message.timestamp()[1] / 1000
    return found

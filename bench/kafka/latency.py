"""Journal → assignment latency while feedback comes at half of what the stages can do on this machine.

From the broker's time of the journal record to the broker's time of the first assignment that came of it, so by one
clock. Items that lead to no assignment (chatter, repeats, what a person must look at) have no latency.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from typing import Any

from bench.kafka.common import Bench, Ground, quantile
from bench.kafka.load import Steady
from bench.kafka.processes import Processes
from bench.kafka.stages import on_kafka
from bench.kafka.watching import Cause
from bench.kafka.workload import make_rounds
from connectors.kafka.messages import ID, header
from connectors.kafka.reading import between, headers_of, offset_of
from contracts.identity import ordinal_of
from wiring.topics import STAGES

WARM = 96
BURST = 600
SECONDS = 40.0
SETTLE_S = 5.0
"""The first seconds of the stream are not counted: the burst before it left nothing, but clients connect."""

MOST_ITEMS = 6_000
DRAIN_S = 3.0
"""After the last append: so that what is under way arrives; anything slower is past the bound in any case."""

TOPICS = ("journal", "redacted", "enriched", "assignments")
"""What an item goes through."""


def measure(bench: Bench) -> dict[str, Any]:
    """Half of capacity, and the latencies at that rate, seconds."""
    ground = bench.ground("latency")
    warm, burst, stream = make_rounds(ground.keys, [WARM, bench.items(BURST), MOST_ITEMS])
    ground.make()
    with Processes(ground, dict.fromkeys(STAGES, 1), hot="themes" if bench.profile else None) as stages:
        stages.await_ready()
        on_kafka(ground, warm)
        capacity = burst.items / on_kafka(ground, burst)
        begins = {short: _ends(ground, short) for short in TOPICS}
        seconds = SETTLE_S + SECONDS * min(1.0, bench.scale)
        with Steady(ground, stream, capacity / 2) as load:
            time.sleep(seconds)
        time.sleep(DRAIN_S)
        at = {short: first_times(ground, short, begin) for short, begin in begins.items()}
    settled = min(at["journal"].values()) + SETTLE_S
    causes = sorted(
        (cause for cause in at["assignments"] if at["journal"].get(cause, 0.0) > settled),
        key=at["journal"].__getitem__,
    )
    found = [at["assignments"][cause] - at["journal"][cause] for cause in causes]
    third = max(1, len(found) // 3)
    return {
        "capacity_per_s": round(capacity, 1),
        "rate_per_s": round(capacity / 2, 1),
        "assignments": len(found),
        "p50_s": round(statistics.median(found), 3),
        "p95_s": round(quantile(found, 0.95), 3),
        "p99_s": round(quantile(found, 0.99), 3),
        "p50_of_thirds_s": [round(statistics.median(found[n : n + third]), 3) for n in (0, third, 2 * third)],
        "p50_by_step_s": {
            there: round(statistics.median(at[there][c] - at[here][c] for c in causes), 3)
            for here, there in pairwise(TOPICS)
        },
        "load_late_by_s": round(load.latest_s, 3),
    }


def _ends(ground: Ground, short: str) -> dict[int, int]:
    return {p: there.end for p, there in ground.held(short).items()}


def first_times(ground: Ground, short: str, begin: dict[int, int]) -> dict[Cause, float]:
    """When the first message of each cause came to a topic since ``begin``, by the broker's clock."""
    name = ground.naming.topic(short)
    found: dict[Cause, float] = {}
    for p, there in ground.held(short).items():
        for message in between(ground.cluster, name, p, begin[p], there.end):
            said = header(headers_of(message), ID) or ""
            # A journal record's place is its offset; what comes of it names that place.
            cause = (p, offset_of(message)) if short == "journal" else (p, ordinal_of(said))
            found.setdefault(cause, message.timestamp()[1] / 1000)
    return found

"""kill -9 to a stage under a steady load: how long until its lag is what it was before.

The stages run under the supervisor of ``undercurrent up``, which starts the killed one again after half a second. The
lag is what operators see: the end of the stage's input less what it told at its last snapshot, up to a second ago.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench.kafka.common import Bench
from bench.kafka.load import Steady
from bench.kafka.processes import READY_WITHIN_S, Processes
from bench.kafka.stages import on_kafka
from bench.kafka.watching import Behind
from bench.kafka.workload import make_rounds
from contracts.errors import StopWorker
from wiring.topics import STAGES

RATE_PER_S = 20.0
"""1.7 million items a day."""

KILLED = {"extract": 3, "themes": 3, "priority": 3}
"""Stage and kills; extract alone loads PyTorch."""

WARM = 96
STEADY_S = 4.0
LOOK_EVERY_S = 0.1
MOST_ITEMS = 6_000


def measure(bench: Bench) -> dict[str, Any]:
    """Seconds from each kill until the lag was back."""
    ground = bench.ground("restart")
    warm, stream = make_rounds(ground.keys, [WARM, bench.items(MOST_ITEMS)])
    ground.make()
    rate = RATE_PER_S
    with Processes(ground, dict.fromkeys(STAGES, 1)) as stages:
        stages.await_ready()
        on_kafka(ground, warm)
        found = {}
        with Steady(ground, stream, rate) as load:
            for stage, kills in KILLED.items():
                behind = Behind(ground, stage)
                kills = max(1, round(kills * min(1.0, bench.scale)))
                found[stage] = [_kill(stages, behind, stage) for _kill_ in range(kills)]
            assert not load.is_over, "the load ended before the last kill: raise MOST_ITEMS"
    return {
        "rate_per_s": rate,
        **{
            stage: {"median_s": round(statistics.median(took), 1), "longest_s": round(max(took), 1)}
            for stage, took in found.items()
        },
    }


def _kill(stages: Processes, behind: Behind, stage: str) -> float:
    """Watch the lag for a while, kill, and wait until the new process brought it back."""
    before = 0
    until = time.monotonic() + STEADY_S
    while time.monotonic() < until:
        before = max(before, behind.lag())
        time.sleep(LOOK_EVERY_S)
    told = sum(behind.told().values())
    killed = time.monotonic()
    stages.kill(stage)
    while time.monotonic() < killed + READY_WITHIN_S:
        time.sleep(LOOK_EVERY_S)
        if stages.pids(stage) and sum(behind.told().values()) > told and behind.lag() <= before:
            return time.monotonic() - killed
    raise StopWorker(f"{stage}: its lag was not back in {READY_WITHIN_S:.0f} s: lower RATE_PER_S")

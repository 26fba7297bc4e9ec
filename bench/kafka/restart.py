"""kill -9 to a stage under a steady load: how long until its lag is what it was before.

The stages run under the supervisor of ``undercurrent up``, which starts the killed one again after a tenth of a second,
and waits twice as long each next time. The lag is what operators see: the end of the stage's input less what it told at
its last snapshot, up to a second ago.
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
from wiring.topics import STAGES

RATE_PER_S = 20.0
"""1.7 million items a day; on a machine that could not do thrice that, a third of what it can do."""

KILLED = {"extract": 3, "themes": 3, "priority": 3}
"""Stage and kills; extract alone loads PyTorch."""

WARM = 96
BURST = 200
STEADY_S = 4.0
LOOK_EVERY_S = 0.1
MOST_ITEMS = 6_000


def measure(bench: Bench) -> dict[str, Any]:
    """Seconds from each kill until the lag was back."""
    ground = bench.ground("restart")
    warm, burst, stream = make_rounds(ground.keys, [WARM, BURST, MOST_ITEMS])
    ground.make()
    with Processes(ground, dict.fromkeys(STAGES, 1)) as stages:
        stages.await_ready()
        on_kafka(ground, warm)
        rate = min(RATE_PER_S, burst.items / on_kafka(ground, burst) / 3)
        found = {}
        with Steady(ground, stream, rate) as load:
            for stage, kills in KILLED.items():
                behind = Behind(ground, stage)
                kills = max(1, round(kills * min(1.0, bench.scale)))
                found[stage] = [_kill(stages, behind, stage) for _n in range(kills)]
            assert not load.is_over, "the load ended before the last kill: raise MOST_ITEMS"
    return {
        "rate_per_s": round(rate, 1),
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
    raise TimeoutError(
        f"{stage}: lag {behind.lag()} after {READY_WITHIN_S:.0f} s, {before} before the kill; told {told} then, "
        f"{sum(behind.told().values())} now"
    )

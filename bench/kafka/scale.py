"""The extract stage with one process and with two, on the same redacted records, embedding included.

The claim is about processes, so each has one thread for PyTorch; one process with PyTorch's own choice of threads is
measured beside them. All three groups are started before and frozen while they wait. What limits two processes besides
the cores is which partitions each was given: the busier one's share of their CPU time tells.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from bench.kafka.common import PARTITIONS, TENANTS_PER_PARTITION, Bench, Ground
from bench.kafka.processes import Processes
from bench.kafka.watching import Watch
from bench.kafka.workload import Round, make_rounds
from connectors.kafka.messages import KafkaMessage
from connectors.keys.vault import LocalVault
from contracts.registry import read_journal
from operators.hosting import Handed, StepHost
from operators.intake.step import IntakeStep
from operators.statelog import MemoryStateLog
from settings import Settings
from wiring.stages.intake import open_readers

ITEMS = 600
WARM = 96
ROUND_WITHIN_S = 300.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to run the stage."""

    name: str
    workers: int
    env: Mapping[str, str]


SETUPS = (
    Setup("one", 1, ONE_THREAD),
    Setup("two", 2, ONE_THREAD),
    Setup("free", 1, {}),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Items a second of each setup, and how much faster two processes are than one."""
    ground = bench.ground("scale")
    sizes = [WARM, *[bench.items(ITEMS)] * bench.pairs]
    rounds = redacted(ground, make_rounds(ground.keys, sizes))
    with ExitStack() as running:
        groups = {
            setup.name: running.enter_context(_Group.of(ground, setup, profile=bench.profile))
            for setup in SETUPS
        }
        for group in groups.values():
            group.warm(rounds[0])
        for one in rounds[1:]:
            for group in groups.values():
                group.time(one)
        took = {name: group.seconds for name, group in groups.items()}
        shares = groups["two"].busier_shares
    return {
        "items": sizes[1],
        "tenants": PARTITIONS * TENANTS_PER_PARTITION,
        "partitions": PARTITIONS,
        "pairs": bench.pairs,
        "ratio": _ratio(took["one"], took["two"]),
        "ratio_to_free_threads": _ratio(took["free"], took["two"]),
        **{f"{name}_per_s": round(sizes[1] / statistics.median(one), 1) for name, one in took.items()},
        "busier_share": round(statistics.median(shares), 3),
    }


def _ratio(slower: list[float], faster: list[float]) -> float:
    return round(statistics.median(s / f for s, f in zip(slower, faster, strict=True)), 3)


Messages = list[tuple[int, KafkaMessage]]


def redacted(ground: Ground, rounds: list[Round]) -> list[Messages]:
    """What intake makes of the rounds, with patterns alone: it is not what is measured."""
    readers = open_readers(Settings(names="off"))
    ordinals, found = Counter[int](), []
    with closing(LocalVault(ground.keys)) as vault:
        hosts = {
            p: StepHost("intake", p, IntakeStep(vault, readers), MemoryStateLog())
            for p in range(ground.partitions)
        }
        for host in hosts.values():
            host.restore(None)
        for one in rounds:
            messages: Messages = []
            for p, lines in one.of(ground.partitions).items():
                places = range(ordinals[p], ordinals[p] + len(lines))
                ordinals[p] += len(lines)
                handed = [
                    Handed(p, n, read_journal(p, n, line)) for n, line in zip(places, lines, strict=True)
                ]
                messages += [
                    (p, ground.message("redacted", "intake", p, emitted.position, emitted.out.record))
                    for emitted in hosts[p].on_batch(handed)
                    if emitted.out.topic == "redacted"
                ]
            found.append(messages)
    return found


class _Group:
    """One setup's processes over topics of its own; a context."""

    def __init__(self, ground: Ground, processes: Processes) -> None:
        self.seconds: list[float] = []
        self.busier_shares: list[float] = []
        self._ground = ground
        self._processes = processes

    @classmethod
    def of(cls, ground: Ground, setup: Setup, *, profile: bool) -> _Group:
        own = ground.generation(setup.name)
        own.make(["extract"])
        hot = "extract" if profile and setup.name == "one" else None
        return cls(own, Processes(own, {"extract": setup.workers}, setup.env, hot=hot))

    def __enter__(self) -> _Group:
        self._processes.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._processes.__exit__(*exc)

    def warm(self, messages: Messages) -> None:
        """Until it has done its first records, then freeze it."""
        self._processes.await_ready()
        self._run(messages)
        self._processes.freeze()

    def time(self, messages: Messages) -> None:
        """Give it a round at once and note how long it took, and how the work was shared."""
        self._processes.thaw()
        before = self._processes.cpu_s("extract")
        self.seconds.append(self._run(messages))
        used = [now - then for now, then in zip(self._processes.cpu_s("extract"), before, strict=True)]
        self.busier_shares.append(max(used) / sum(used))
        self._processes.freeze()

    def _run(self, messages: Messages) -> float:
        last: dict[int, int] = {}
        for partition, message in messages:
            last[partition] = _ordinal(message)
        with Watch(self._ground, "enriched") as watch:
            watch.read(0.5)  # connects
            began = time.time()
            self._ground.put("redacted", messages)
            return watch.until(last, ROUND_WITHIN_S) - began


def _ordinal(message: KafkaMessage) -> int:
    """The journal ordinal that a message goes back to."""
    name = dict(message.headers)["ce_id"].decode()
    return int(name.split("-")[1])

"""What disturbs a flow: faults of its processes and of its broker, one after another, in an order that a seed decides.

``Nemesis`` also does a supervisor's work: a stage that ended is started again, except while it is refused, which is an
error here. ``heal`` puts everything right, ``drain`` lets every stage read to the end and stop in order. What it did
is in ``done``; every failure names the seed.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tests.support.kafka_flow import KafkaFlow, RunningStage
from tests.support.product import KEYWORDS
from wiring.kafka.server import LocalBroker
from wiring.topics import STAGES

REFUSED = 4

EAGER: Mapping[str, str] = KEYWORDS | {"UNDERCURRENT_EPOCH_S": "0.2"}
"""Short epochs, so that a fault meets every moment of one."""

# From the end of the last fault until everything is read and every process has stopped in order.
DRAINED_WITHIN_S = 120.0
# A start is refused while the dying processes of the run before still hold the directory.
STARTED_WITHIN_S = 120.0


@dataclass(slots=True)
class Nemesis:
    """Runs all stages of a flow and disturbs them; ``broker`` None: it leaves that alone."""

    flow: KafkaFlow
    seed: int
    broker: LocalBroker | None = None
    stages: dict[str, RunningStage] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    drained_in_s: float = 0.0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    # -- a supervisor's work ---------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Start stages with a process each; all without names."""
        for name in names or STAGES:
            self._start(name, 1)

    def tend(self) -> None:
        """Start again what ended by itself."""
        for name, running in list(self.stages.items()):
            if running.code is not None:
                self.ends[f"{name} ended with {running.code}"] += 1
                assert running.code != REFUSED, self._said(f"{name} is refused:\n{running.said[-2000:]}")
                self._start(name, running.workers)

    def disturb(self, actions: int, until: Callable[[], bool]) -> None:
        """Do that many things, or more until it is enough, with pauses in between."""
        choices = [self.kill_one, self.kill_all, self.pause, self.rescale, self.kill_member, self.zombie]
        if self.broker is not None:
            choices += [self.freeze_broker, self.kill_broker, self.bounce_broker]
        while len(self.done) < actions or not until():
            self._wait(self.rng.uniform(0.2, 3.0))
            self.rng.choice(choices)()

    def heal(self) -> None:
        """Everything runs again and reads."""
        if self.broker is not None:
            self.broker.resume()
            self.broker.start()
        deadline = time.monotonic() + STARTED_WITHIN_S
        while any(len(running.members()) < running.workers for running in self.stages.values()):
            assert time.monotonic() < deadline, self._said("not all stages came back")
            self._wait(0.1)

    def drain(self, within_s: float = DRAINED_WITHIN_S) -> None:
        """Let every stage read to the end, in their order, and stop it."""
        began = time.monotonic()
        for name in STAGES:
            if name not in self.stages:
                continue
            while not self.flow.has_caught_up(name):
                assert time.monotonic() - began < within_s, self._said(self._behind(name))
                self._wait(0.05)
            self.stages.pop(name).drain()
        self.drained_in_s = time.monotonic() - began

    def end(self) -> None:
        """Leave nothing running; for a ``finally``."""
        for running in self.stages.values():
            running.resume()
            running.kill()

    # -- faults ------------------------------------------------------------------------------------------

    def kill_one(self) -> None:
        """F01: SIGKILL a stage and start it again."""
        running = self._any("kill")
        running.kill()
        self._start(running.stage, running.workers)

    def kill_all(self) -> None:
        """F02: SIGKILL all stages at once."""
        self.done.append("kill all")
        workers = {name: running.workers for name, running in self.stages.items()}
        for running in self.stages.values():
            running.kill()
        for name, count in workers.items():
            self._start(name, count)

    def kill_member(self) -> None:
        """F03: SIGKILL one process of a group, if there is a group; its supervisor has to mend that."""
        groups = [running for running in self.stages.values() if running.workers > 1 and running.members()]
        if not groups:
            self.kill_one()
            return
        running = self.rng.choice(groups)
        number, pid = self.rng.choice(sorted(running.members().items()))
        self.done.append(f"kill process {number} of {running.stage}")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP a stage's processes for up to 4 s."""
        running = self._any("pause")
        running.pause()
        self._wait(self.rng.uniform(0.5, 4.0))
        running.resume()

    def zombie(self) -> None:
        """F04: a stage stands still while a second one is started in its place; that must be refused."""
        running = self._any("zombie of")
        if len(running.members()) < running.workers:
            return  # it does not hold its directory yet
        running.pause()
        try:
            code, said = self.flow.run(running.stage)
        finally:
            running.resume()
        assert code == REFUSED, self._said(f"a second {running.stage} was let in ({code}):\n{said}")

    def rescale(self) -> None:
        """F05, F12: SIGTERM a stage, and start it with another number of processes."""
        running = self._any("rescale")
        workers = self.rng.choice([n for n in (1, 2, 3) if n != running.workers])
        self.done[-1] += f" {running.workers} to {workers}"
        if len(running.members()) == running.workers:
            self._stop(running)
        else:
            running.kill()
        self._start(running.stage, workers)

    def freeze_broker(self) -> None:
        """F06: the broker stands still for up to 8 s."""
        self.done.append("freeze the broker")
        self._broker.pause()
        try:
            self._wait(self.rng.uniform(0.5, 8.0))
        finally:
            self._broker.resume()

    def kill_broker(self) -> None:
        """F07: SIGKILL the broker; it is away for up to 4 s."""
        self.done.append("kill the broker")
        self._broker.kill()
        try:
            self._wait(self.rng.uniform(0.0, 4.0))
        finally:
            self._broker.start()

    def bounce_broker(self) -> None:
        """F07: stop the broker in order and start it again."""
        self.done.append("bounce the broker")
        self._broker.stop()
        self._broker.start()

    # -- parts -------------------------------------------------------------------------------------------

    @property
    def _broker(self) -> LocalBroker:
        assert self.broker is not None
        return self.broker

    def _any(self, what: str) -> RunningStage:
        running = self.stages[self.rng.choice(sorted(self.stages))]
        self.done.append(f"{what} {running.stage}")
        return running

    def _start(self, name: str, workers: int) -> None:
        self.stages[name] = RunningStage(self.flow, name, workers, env=EAGER)

    def _stop(self, running: RunningStage) -> None:
        """SIGTERM. A group whose process was just killed may be starting again, and then ends without a drain."""
        running.process.terminate()
        running.process.wait(STARTED_WITHIN_S)
        self.ends[f"{running.stage} ended with {running.process.returncode} after SIGTERM"] += 1
        running.kill()

    def _wait(self, seconds: float) -> None:
        """Let time pass as a supervisor does."""
        until = time.monotonic() + seconds
        while True:
            self.tend()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.1))

    def _behind(self, name: str) -> str:
        """What is known of a stage that does not catch up."""
        try:
            places = f"{self.flow.positions(name)} of {self.flow.ends(name)}"
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is told
            places = repr(exc)
        return f"{name} did not catch up ({places}); it said:\n{self.stages[name].said[-2000:]}"

    def _said(self, what: str) -> str:
        return f"seed {self.seed}, after {', '.join(self.done) or 'nothing'}: {what}"

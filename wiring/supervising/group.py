"""One group of processes: when one dies its peers are ended, and all start again together, on other ports.

In:    time, and what became of the processes.     Out: starts and signals, and what is said in the log.
State: waiting → running → ending → waiting …, until it is over: stopped, done, or given up.

A process is never started while one of the run before it lives: two writers would be worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from wiring.supervising.plan import Failures, Launch, Restarts, Stage, described, ended_as_asked
from wiring.supervising.process import Process

COULD_NOT_START = 1


@dataclass(frozen=True, slots=True)
class Culprit:
    """The process because of which its group ended: its peers' ends are but the consequence."""

    process: int
    code: int


@dataclass(frozen=True, slots=True)
class World:
    """What a group touches besides its processes: how they start, where they listen, who hears of it."""

    start: Callable[[str, int, Launch], Process]
    addresses: Callable[[int], tuple[str, ...]]
    say: Callable[[str], None]


class Group:
    """The life of one stage; ``step`` is called again and again with the time, monotonic seconds."""

    def __init__(self, stage: Stage, restarts: Restarts, world: World) -> None:
        self.stage = stage
        self.phase: Literal["waiting", "running", "ending", "over"] = "waiting"
        self.given_up: Culprit | None = None
        """For which process's end it was given up; None if it was not."""
        self.drained = True
        """Over without having been killed and without a failure."""
        self._restarts = restarts
        self._world = world
        self._failures = Failures()
        self._processes: Sequence[Process] = ()
        self._stopping = False
        self._killed = False
        self._culprit = Culprit(0, 0)
        self._since = 0.0
        self._due = float("-inf")

    def step(self, now: float) -> None:
        """Do what is due."""
        if self.phase == "waiting" and now >= self._due:
            self._start(now)
        elif self.phase == "running":
            self._watch(now)
        elif self.phase == "ending":
            self._see_end(now)

    def stop(self, now: float) -> None:
        """Drain: SIGTERM now, SIGKILL after the grace time; no restart."""
        self._stopping = True
        if self.phase == "waiting":
            self.phase, self.drained = "over", not self._processes  # those of its last run did not drain
        elif self.phase == "running":
            self._end(now + self._restarts.grace_s)

    def kill(self) -> None:
        """SIGKILL to all that live."""
        for number, process in enumerate(self._processes):
            if process.ended() is None:
                self._killed = True
                self._world.say(f"{self.stage.name}/{number} is killed")
                process.kill()

    def lives(self) -> bool:
        """Some process of it is not dead yet."""
        return any(process.ended() is None for process in self._processes)

    def _start(self, now: float) -> None:
        stage = self.stage
        self._since, self._killed = now, False
        started: list[Process] = []
        self._processes = started
        try:
            addresses = self._world.addresses(stage.workers)
            for number in range(stage.workers):
                launch = stage.command(number, addresses)
                started.append(self._world.start(stage.name, number, launch))
        except OSError as exc:
            self._world.say(f"{stage.name} could not be started: {exc.strerror or exc}")
            self._culprit = Culprit(len(started), COULD_NOT_START)
            self._end(now + self._restarts.peers_grace_s)
            return
        self.phase = "running"
        self._world.say(f"{stage.name} started, {_processes(stage.workers)}")

    def _watch(self, now: float) -> None:
        codes = [process.ended() for process in self._processes]
        if self.stage.finite and not any(codes):
            if None not in codes:
                self.phase = "over"
                self._world.say(f"{self.stage.name} is done")
            return
        for number, code in enumerate(codes):
            if code is not None and not (self.stage.finite and code == 0):
                lived = f"after {now - self._since:.1f} s"
                peers = "; ending its peers" if None in codes else ""
                self._world.say(f"{self.stage.name}/{number} ended with {described(code)} {lived}{peers}")
                self._culprit = Culprit(number, code)
                self._end(now + self._restarts.peers_grace_s)
                return

    def _end(self, kill_at: float) -> None:
        self.phase, self._due = "ending", kill_at
        for process in self._processes:
            process.terminate()

    def _see_end(self, now: float) -> None:
        codes = [code for process in self._processes if (code := process.ended()) is not None]
        if len(codes) < len(self._processes):
            if now >= self._due and not self._killed:
                self.kill()
            return
        if self._stopping:
            self.phase = "over"
            self.drained = not self._killed and all(map(ended_as_asked, codes))
            how = "drained" if self.drained else "ended with " + ", ".join(map(described, codes))
            self._world.say(f"{self.stage.name} {how}")
            return
        self._decide(now, codes)

    def _decide(self, now: float, codes: Sequence[int]) -> None:
        """Start again after a wait, or give up. Whichever process said that it is hopeless speaks for all."""
        refused = (Culprit(n, code) for n, code in enumerate(codes) if code in self._restarts.hopeless)
        culprit = next(refused, self._culprit)
        self._failures.learn_one(self._restarts, culprit.code, now - self._since)
        if self._failures.is_hopeless(self._restarts):
            self.phase, self.given_up, self.drained = "over", culprit, False
            return
        delay = self._restarts.delay_s(self._failures.in_a_row)
        self.phase, self._due = "waiting", now + delay
        self._world.say(f"{self.stage.name} starts again in {delay:g} s")


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"

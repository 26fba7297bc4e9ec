"""Run groups of processes on one machine: restarts, one log, and an end that drains.

In:    stages (``wiring.supervising.plan``): what to start, how many processes each.     Out: one log.
State: none on disk; what the processes keep is theirs, and they survive a kill -9.
Elsewhere: what a process does on SIGTERM (``wiring.engine``); which stages there are (``cli.up``).

SIGTERM, SIGINT and SIGHUP drain: SIGTERM to all, SIGKILL after the grace time; a second signal kills at once. When
the supervisor itself is killed, so are its processes (on Linux), so that none goes on writing unseen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from contracts.errors import PipelineError, StopWorker, WrongUsage
from wiring.supervising.group import Culprit, Group, World
from wiring.supervising.log import OneLog
from wiring.supervising.plan import WRONG_USAGE, Command, Launch, Restarts, Stage, described, free_addresses
from wiring.supervising.process import Child, Process
from wiring.supervising.signals import heard_by

__all__ = ["Command", "Launch", "OneLog", "Restarts", "Stage", "Supervisor", "log_width"]

# How often the processes are looked at: a death is answered within this time.
LOOK_EVERY_S = 0.05
# After a SIGKILL: a process that is still there after this long hangs in the kernel, and nothing helps.
DEAD_WITHIN_S = 5.0

Start = Callable[[str, int, Launch], Process]


class Supervisor:
    """Runs ``stages`` until it is told to stop, all finite ones are done, or one of them is given up."""

    def __init__(
        self,
        stages: Sequence[Stage],
        log: OneLog,
        restarts: Restarts | None = None,
        *,
        start: Start | None = None,
        addresses: Callable[[int], tuple[str, ...]] = free_addresses,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._log = log
        self._clock = clock
        self._sleep = sleep
        world = World(start or self._child, addresses, log.say)
        self._groups = [Group(stage, restarts or Restarts(), world) for stage in stages]
        self._asked = 0
        self._obeyed = 0

    def run(self) -> bool:
        """Run in this thread; True if everything drained, or is done.

        Raises ``WrongUsage`` or ``StopWorker`` with a stage's last words when restarting it does not help; the others
        are drained first. The log is closed in any case.
        """
        try:
            with self._listening():
                while any(group.phase != "over" for group in self._groups):
                    self._look(self._clock())
                    self._sleep(LOOK_EVERY_S)
            for group in self._groups:
                if group.given_up is not None:
                    raise self._complaint(group.stage.name, group.given_up)
            return all(group.drained for group in self._groups)
        finally:
            self._leave_nothing_running()
            self._log.close()

    def stop(self) -> None:
        """Drain, as SIGTERM does; a second time: kill. From any thread."""
        self._asked += 1

    def _look(self, now: float) -> None:
        for group in self._groups:
            group.step(now)
        if self._asked == 0 and any(group.given_up is not None for group in self._groups):
            self.stop()
        if self._asked > self._obeyed:
            self._obey(now)

    def _obey(self, now: float) -> None:
        first, self._obeyed = self._obeyed == 0, self._asked
        if first:
            self._log.say("stopping: every process drains")
        for group in self._groups:
            group.stop(now)
            if not first or self._asked > 1:
                group.kill()

    def _child(self, stage: str, process: int, launch: Launch) -> Process:
        return Child(stage, process, launch, self._log)

    def _complaint(self, stage: str, culprit: Culprit) -> PipelineError:
        said = self._log.last_words(stage, culprit.process) or "nothing"
        kind = WrongUsage if culprit.code == WRONG_USAGE else StopWorker
        return kind(
            f"stage {stage} keeps ending with {described(culprit.code)}, and starting it again does not help; "
            f"everything was stopped. It said: {said}"
        )

    def _leave_nothing_running(self) -> None:
        for group in self._groups:
            group.kill()
        deadline = time.monotonic() + DEAD_WITHIN_S
        while any(group.lives() for group in self._groups) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _listening(self) -> AbstractContextManager[None]:
        """Hear signals; only in the main thread, where Python handles them."""
        is_main = threading.current_thread() is threading.main_thread()
        return heard_by(self.stop) if is_main else nullcontext()


def log_width(stages: Sequence[Stage]) -> int:
    """The width of the longest ``stage/process``."""
    return max((len(f"{stage.name}/{stage.workers - 1}") for stage in stages), default=0)

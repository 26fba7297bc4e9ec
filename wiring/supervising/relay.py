"""Run stages that feed each other at once, and end each when the one before it has ended and it has read all of that.

In:    the first stage with an end, the others without; who tells whether a stage has read everything.
Out:   one log. State: none.
Elsewhere: restarts and drains of each stage (``wiring.supervisor``).

Run one after the other, each stage would wait for the whole of the one before it, and a second core would idle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from contracts.errors import PipelineError
from wiring.supervising.log import OneLog
from wiring.supervising.plan import Stage
from wiring.supervising.signals import heard_by
from wiring.supervisor import Supervisor

LOOK_EVERY_S = 0.1
# A question to the broker each time.
ASK_EVERY_S = 0.5


class SharedLog(OneLog):
    """A log that outlives each of the supervisors that write to it; ``end`` closes it."""

    def close(self, within_s: float = 5.0) -> None:
        """Nothing: the others still write."""

    def end(self) -> None:
        """Write what is left, and close."""
        super().close()


class Relay:
    """Runs until every stage has ended; a signal drains all of them.

    ``caught_up(stage)`` is asked once the stage before has ended: whether it has read all there is.
    """

    def __init__(self, stages: Sequence[Stage], log: SharedLog, caught_up: Callable[[str], bool]) -> None:
        self._runs = [_Run(stage, log) for stage in stages]
        self._caught_up = caught_up
        self.was_stopped = False

    def run(self) -> bool:
        """Run in this thread, the main one; True if everything drained or is done.

        Raises ``PipelineError`` with what the first stage that was given up said; the others are drained first.
        """
        with heard_by(self.stop):
            for run in self._runs:
                run.start()
            try:
                self._watch()
            finally:
                self._stop_all()
                for run in self._runs:
                    run.join()
        for run in self._runs:
            if run.failure is not None:
                raise run.failure
        return all(run.drained for run in self._runs)

    def stop(self) -> None:
        """Drain all; a second time: kill."""
        self.was_stopped = True
        self._stop_all()

    def _watch(self) -> None:
        """Return once all have ended, or one has failed, or somebody asked."""
        self._wait(self._runs[0])
        for before, run in pairwise(self._runs):
            if before.failure is not None or not before.drained:
                return
            while run.is_alive() and not self.was_stopped and not self._caught_up(run.stage.name):
                time.sleep(ASK_EVERY_S)
            run.supervisor.stop()
            self._wait(run)

    def _wait(self, run: _Run) -> None:
        while run.is_alive() and not any(one.failure for one in self._runs):
            time.sleep(LOOK_EVERY_S)

    def _stop_all(self) -> None:
        for run in self._runs:
            if run.is_alive():
                run.supervisor.stop()


class _Run(threading.Thread):
    """One stage under a supervisor of its own; the thread lives as long as its processes, which are tied to it."""

    def __init__(self, stage: Stage, log: SharedLog) -> None:
        super().__init__(name=f"supervisor of {stage.name}")
        self.stage = stage
        self.supervisor = Supervisor([stage], log)
        self.drained = False
        self.failure: PipelineError | None = None

    def run(self) -> None:
        """Run the stage until it ended."""
        try:
            self.drained = self.supervisor.run()
        except PipelineError as exc:
            self.failure = exc

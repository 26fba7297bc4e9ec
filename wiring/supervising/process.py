"""One process of a group: on a leash, its output in the one log, and dead for certain once it counts as ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from wiring.supervising.log import OneLog
from wiring.supervising.plan import Launch

LEASH = Path(__file__).with_name("leash.py")

# How long the rest of a dead process's output is waited for; more only where the log's own reader is stuck.
REST_OF_OUTPUT_S = 2.0


class Process(Protocol):
    """What a group asks of one of its processes."""

    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None while it lives. Once told, it writes nothing any more."""

    def terminate(self) -> None:
        """Ask it to drain and end."""

    def kill(self) -> None:
        """End it now."""


class Child:
    """A process that this one started; it ends with it. Start it from a thread that lives as long as it should."""

    def __init__(self, stage: str, process: int, launch: Launch, log: OneLog) -> None:
        self._code: int | None = None
        self._popen = subprocess.Popen(  # noqa: S603 - the commands of the stages
            [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *launch.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(launch.env),
            start_new_session=True,  # a Ctrl-C at the terminal is the supervisor's to hand on
        )
        self._copying = threading.Thread(
            target=self._copy, args=(stage, process, log), name=f"log of {stage}/{process}", daemon=True
        )
        self._copying.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._popen.pid

    def ended(self) -> int | None:
        """Its exit status once it and whatever it started in its group are gone and its output is in the log."""
        if self._code is None and self._is_dead():
            self._signal_group(signal.SIGKILL)  # while its number is still its own: it is not reaped yet
            self._code = self._popen.wait()
            self._copying.join(REST_OF_OUTPUT_S)
        return self._code

    def terminate(self) -> None:
        """SIGTERM to the process alone: what it started is its own to end."""
        if self.ended() is None:
            self._popen.terminate()

    def kill(self) -> None:
        """SIGKILL to it and all that it started; ends a stopped process too."""
        if self.ended() is None:
            self._signal_group(signal.SIGKILL)

    def _is_dead(self) -> bool:
        if not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _signal_group(self, signum: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody left, or only the dead
            os.killpg(self.pid, signum)

    def _copy(self, stage: str, process: int, log: OneLog) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as pipe:
            log.copy(stage, process, pipe)

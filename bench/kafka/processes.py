"""Stages as ``undercurrent up`` runs them: processes under its supervisor, which starts again what was killed.

Between measurements they can be frozen (SIGSTOP), so that what waits takes nothing from what is measured.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.kafka.common import Ground, await_that, show_profile
from cli.up import Place
from cli.up import stages as stages_of
from wiring.health import read_beat
from wiring.supervisor import Launch, OneLog, Stage, Supervisor

READY_WITHIN_S = 120.0
"""Stages that load PyTorch take 10 s on an idle machine, and all of them start at once."""

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Processes:
    """Some stages of one flow, ``{name: processes}``; a context that leaves none of them behind.

    With ``hot`` that stage runs under cProfile and its profile is printed at the end.
    """

    def __init__(
        self,
        ground: Ground,
        workers: Mapping[str, int],
        env: Mapping[str, str] | None = None,
        *,
        hot: str | None = None,
    ) -> None:
        self._ground = ground
        self._workers = dict(workers)
        self._profile = str(ground.data / f"{hot}.prof") if hot else None
        self._log = (ground.data / f"{ground.naming.generation}.log").open("a", encoding="utf-8")
        place = Place(ground.data, ground.naming, ground.partitions, 0)
        told = {"KAFKA_BOOTSTRAP_SERVERS": ground.cluster.bootstrap, **(env or {})}
        chosen = [stage for stage in stages_of(place, workers, told) if stage.name in workers]
        self._supervisor = Supervisor([self._as_told(stage, hot) for stage in chosen], OneLog(self._log))
        self._thread = threading.Thread(target=self._supervisor.run, name="stages", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        self._supervisor.stop()
        self._thread.join(60)
        self._log.close()
        if self._profile:
            show_profile(self._profile)

    def await_ready(self) -> None:
        """Wait until every process reads its input."""
        await_that(self._are_all_ready, READY_WITHIN_S, f"stages are not ready, see {self._log.name}")

    def pids(self, stage: str) -> list[int]:
        """The processes of a stage that have begun to read."""
        return [beat.pid for path in self._beats(stage) if (beat := read_beat(path)) and _lives(beat.pid)]

    def freeze(self) -> None:
        """Stop all of them where they are."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def kill(self, stage: str) -> None:
        """kill -9 to a stage; the supervisor starts it again."""
        pids = self.pids(stage)
        for path in self._beats(stage):
            path.unlink()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def cpu_s(self, stage: str) -> list[float]:
        """Seconds of CPU that each process of a stage has used."""
        return [cpu_of(pid) for pid in self.pids(stage)]

    def _as_told(self, stage: Stage, hot: str | None) -> Stage:
        if stage.name != hot:
            return stage

        def command(process: int, addresses: tuple[str, ...]) -> Launch:
            launch = stage.command(process, addresses)
            python, *rest = launch.argv
            return replace(launch, argv=(python, "-m", "cProfile", "-o", str(self._profile), *rest))

        return replace(stage, command=command)

    def _are_all_ready(self) -> bool:
        assert self._thread.is_alive(), f"the stages ended, see {self._log.name}"
        return all(len(self.pids(stage)) == count for stage, count in self._workers.items())

    def _beats(self, stage: str) -> list[Path]:
        return sorted(self._ground.site.home(stage).root.glob("health-*.json"))

    def _signal(self, number: signal.Signals) -> None:
        for stage in self._workers:
            for pid in self.pids(stage):
                os.kill(pid, number)


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def cpu_of(pid: int) -> float:
    """User and system time of all threads of a process, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

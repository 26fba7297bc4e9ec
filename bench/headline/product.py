"""The product as ``undercurrent up`` starts it: that command itself, so what is measured is what people run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.headline.edge import await_edge
from bench.kafka.common import Ground, await_that
from bench.kafka.processes import cpu_of
from cli.processes import python_path
from cli.up import Place, beside
from settings import Settings, load_settings
from wiring.health import read_beat
from wiring.kafka.properties import free_port
from wiring.topics import STAGES

READY_WITHIN_S = 120.0


def argv(place: Place) -> list[str]:
    """The command."""
    ports = ("--exporter-port", str(place.exporter_port), "--edge-port", str(place.edge_port))
    return [sys.executable, "-m", "cli", "up", *place.stage_options, *ports]


def wanted(settings: Settings, place: Place) -> set[str]:
    """The processes that the command starts: stages and commands."""
    return {*STAGES, *beside(settings, place)}


@dataclass(frozen=True, slots=True)
class Running:
    """A product that runs."""

    ground: Ground
    place: Place
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Where a tenant's Intercom sends its webhooks, with ``{tenant}`` in it."""
        return f"http://127.0.0.1:{self.place.edge_port}/webhooks/intercom/{{tenant}}-intercom"

    @property
    def processes(self) -> dict[str, int]:
        """What runs at this moment by its name; its process."""
        return {name: pid for pid in _children(self.process.pid) if (name := _name(pid))}

    def cpu_s(self) -> dict[str, float]:
        """Seconds of CPU that each process has used."""
        return {name: cpu_of(pid) for name, pid in self.processes.items()}


@contextmanager
def product(ground: Ground, settings: Mapping[str, object]) -> Iterator[Running]:
    """The product once it is ready, with ``settings`` by their names in lower case. Drained behind it."""
    place = Place(ground.data, ground.naming, ground.partitions, free_port(), free_port())
    told = {f"UNDERCURRENT_{name.upper()}": str(value) for name, value in settings.items()}
    env = {"KAFKA_BOOTSTRAP_SERVERS": ground.cluster.bootstrap, "PYTHONPATH": python_path(), **told}
    log = ground.data / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv(place), env=os.environ | env, stdout=out, stderr=out)
        try:
            running = Running(ground, place, process)
            await_that(lambda: _is_ready(running, log), READY_WITHIN_S, f"stages are not ready, see {log}")
            await_edge(place.edge_port, process, log)
            missing = (
                wanted(load_settings().model_copy(update=dict(settings)), place) - running.processes.keys()
            )
            assert not missing, f"not running: {', '.join(sorted(missing))}; see {log}"
            yield running
        finally:
            process.terminate()
            process.wait(60)


def _is_ready(running: Running, log: Path) -> bool:
    assert running.process.poll() is None, f"the product ended, see {log}"
    alive = set(running.processes.values())
    homes = [running.ground.site.home(stage).root for stage in STAGES]
    beats = [[read_beat(path) for path in home.glob("health-*.json")] for home in homes]
    return all(any(beat and beat.pid in alive for beat in found) for found in beats)


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text("utf-8").split()]
    return found


def _name(pid: int) -> str | None:
    """The command of ours that a process runs, or the stage."""
    try:
        told = Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
    except OSError:
        return None
    if "cli" not in told:
        return None
    command = told[told.index("cli") + 1 :]
    return command[1] if command[0] == "flow" else command[0]

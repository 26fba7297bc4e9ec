"""F03, F05 of the whole product on one machine: ``undercurrent up`` on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from connectors.kafka.names import Naming
from tests.support.crash import ROOT
from tests.support.product import KEYWORDS
from wiring.health import read_beat
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.alone

WHO = {"intake-0", "extract-0", "themes-0", "priority-0", "priority-1"}


class Up:
    """A running ``undercurrent up``, its log, and the processes that have told their health."""

    def __init__(self, data: Path, broker: Broker, naming: Naming, env: Mapping[str, str]) -> None:
        self.data = data
        self._generation = data / naming.generation
        self._log = data / "log"
        argv = [sys.executable, "-m", "cli", "up", "--data", str(data), "--bootstrap", broker.bootstrap]
        how = [
            "--prefix",
            naming.prefix,
            "--partitions",
            "2",
            "--workers",
            "priority=2",
            "--exporter-port",
            "0",
        ]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*argv, *how], cwd=ROOT, env=os.environ | env, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def pids(self) -> dict[str, int]:
        """Who went round its loop, by stage and process."""
        beats = {file: read_beat(file) for file in self._generation.glob("*/health-?.json")}
        return {f"{file.parent.name}-{file.stem[-1]}": beat.pid for file, beat in beats.items() if beat}


@pytest.fixture
def up(tmp_path: Path, broker: Broker, naming: Naming) -> Iterator[Up]:
    one = Up(tmp_path, broker, naming, KEYWORDS)
    try:
        _wait_until(one, lambda: one.pids().keys() == WHO)
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def _wait_until(up: Up, is_so: Callable[[], bool], within_s: float = 120.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, up.log
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    """A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_process_comes_back_with_its_peer_and_sigterm_drains_all(up: Up) -> None:
    before = up.pids()
    os.kill(before["priority-1"], signal.SIGKILL)
    both = ("priority-0", "priority-1")
    _wait_until(up, lambda: not any(up.pids()[who] == before[who] for who in both))
    after = up.pids()
    assert {who for who in WHO if after[who] != before[who]} == set(both)
    up.process.terminate()
    assert up.process.wait(timeout=40) == 0, up.log
    assert not any(map(_lives, {*before.values(), *after.values()}))


def test_all_that_is_set_up_runs_beside_the_stages(tmp_path: Path, broker: Broker, naming: Naming) -> None:
    (tmp_path / "connections.yaml").write_text("connections: []")
    (tmp_path / "destinations.yaml").write_text("tenants: []")
    told = {
        f"UNDERCURRENT_{what.upper()}": f"{tmp_path}/{what}.yaml" for what in ("connections", "destinations")
    }
    one = Up(tmp_path, broker, naming, {**KEYWORDS, **told})
    try:
        beside = ("ticker", "feeder", "publish", "exporter", "edge", "dispatch")
        _wait_until(one, lambda: all(f"{name} started, 1 process" in one.log for name in beside))
    finally:
        one.process.terminate()
        assert one.process.wait(timeout=40) == 0, one.log

"""F03, F04, F05 for the supervisor, with real processes: no orphan, no zombie writer, no lost line, no hang."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.crash import ROOT

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform != "linux", reason="the leash and /proc are Linux's"),
]

# Runs two stages of two processes: each writes "PID ready", and every process but a deaf one drains on SIGTERM.
SUPERVISOR = """
import sys
from wiring.supervisor import Launch, OneLog, Restarts, Stage, Supervisor
programs = dict(zip(("intake", "extract"), sys.argv[1:3]))
stages = [
    Stage(name, lambda i, a, code=code: Launch((sys.executable, "-c", code, str(i))), 2)
    for name, code in programs.items()
]
restarts = Restarts(first_delay_s=0.1, healthy_after_s=30, grace_s=1.0, peers_grace_s=0.5)
sys.exit(0 if Supervisor(stages, OneLog(sys.stdout), restarts).run() else 1)
"""

DRAINING = """
import os, signal, sys, time
def drain(*_):
    for n in range(3000): print("last line", n)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print(os.getpid(), "ready", flush=True)
while True: time.sleep(0.05)
"""

DEAF = DRAINING.replace(
    "signal.signal(signal.SIGTERM, drain)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
)


class Supervised:
    """A supervisor of our programs, and what it logs to a file."""

    def __init__(self, directory: Path, *programs: str) -> None:
        self._log = directory / "log"
        with self._log.open("wb") as log:
            argv = [sys.executable, "-c", SUPERVISOR, *programs]
            self.process = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def ready(self, stage: str = "") -> list[int]:
        """The numbers of the processes that said they are ready, dead or alive."""
        lines = [line for line in self.log.splitlines() if line.startswith(stage) and line.endswith(" ready")]
        return [int(line.split("│ ")[1].split()[0]) for line in lines]


@pytest.fixture
def supervised(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Supervised]:
    def start(*programs: str) -> Supervised:
        one = Supervised(tmp_path, *programs)

        def end() -> None:
            one.process.kill()
            one.process.wait()
            for pid in filter(_lives, one.ready()):  # only where the leash did not hold
                os.kill(pid, signal.SIGKILL)

        request.addfinalizer(end)
        _wait_until(lambda: len(one.ready()) == 4)
        return one

    return start


def _wait_until(is_so: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """A zombie that nobody has reaped does not: it writes nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_when_one_of_two_is_killed_both_start_again_and_nobody_else(
    supervised: Callable[..., Supervised],
) -> None:
    one = supervised(DRAINING, DRAINING)
    first = one.ready("extract")
    os.kill(first[0], signal.SIGKILL)
    _wait_until(lambda: len(one.ready("extract")) == 4)
    assert not any(map(_lives, first))
    assert "ended with SIGKILL" in one.log
    assert len(one.ready("intake")) == 2


def test_a_stopped_process_is_dead_before_another_takes_its_place(
    supervised: Callable[..., Supervised],
) -> None:
    one = supervised(DRAINING, DRAINING)
    frozen, other = one.ready("extract")
    os.kill(frozen, signal.SIGSTOP)
    os.kill(other, signal.SIGKILL)
    _wait_until(lambda: len(one.ready("extract")) == 4)
    assert not _lives(frozen)


def test_a_killed_supervisor_leaves_no_process_behind(supervised: Callable[..., Supervised]) -> None:
    one = supervised(DRAINING, DEAF)
    one.process.kill()
    one.process.wait()
    _wait_until(lambda: not any(map(_lives, one.ready())), within_s=5)


def test_sigterm_drains_all_and_every_last_line_is_in_the_log(supervised: Callable[..., Supervised]) -> None:
    one = supervised(DRAINING, DRAINING)
    one.process.terminate()
    assert one.process.wait(timeout=20) == 0
    assert one.log.count("last line 2999\n") == 4
    assert one.log.count("last line") == 4 * 3000


def test_who_does_not_drain_within_the_grace_time_is_killed_and_told_of(
    supervised: Callable[..., Supervised],
) -> None:
    one = supervised(DRAINING, DEAF)
    begun = time.monotonic()
    one.process.terminate()
    assert one.process.wait(timeout=20) == 1
    assert 1.0 <= time.monotonic() - begun < 5.0
    assert not any(map(_lives, one.ready()))


def test_a_program_that_is_not_there_is_given_up_with_the_reason(tmp_path: Path) -> None:
    program = "import os; os.execvp('/no/such/program', ['x'])"
    code = SUPERVISOR.replace('(sys.executable, "-c", code, str(i))', '("/no/such/program",)')
    told = subprocess.run(
        [sys.executable, "-c", code, program, program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "cannot run /no/such/program: No such file or directory" in told.stderr
    assert "contracts.errors.StopWorker: stage " in told.stderr


def test_the_words_of_who_failed_first_are_told_and_not_its_peers(tmp_path: Path) -> None:
    """The second process of each stage fails once the first one hears that it is to end."""
    program = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: sys.exit("undercurrent: a peer is gone"))
hears = Path("HEARS")
if sys.argv[1] == "0":
    hears.touch()
    time.sleep(30)
while not hears.exists(): time.sleep(0.01)
sys.exit("undercurrent: --partitions 0: at least 1")
"""
    programs = [program.replace("HEARS", str(tmp_path / stage)) for stage in ("intake", "extract")]
    code = SUPERVISOR.replace("healthy_after_s=30", "healthy_after_s=30, first_tries=2")
    told = subprocess.run(
        [sys.executable, "-c", code, *programs], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert told.stderr.rstrip().endswith("It said: --partitions 0: at least 1")
    assert "undercurrent: a peer is gone" in told.stdout

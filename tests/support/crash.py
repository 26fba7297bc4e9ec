"""Kill a worker again and again at seeded moments, then let it finish; and compare what it left behind.

``argv`` is any command that runs a flow on a data directory and resumes by itself when started again:
the trivial flow of ``tests.support.counting_worker`` or the product's ``python -m cli worker DIR``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Survived:
    """``killed``: runs that were killed; ``finished_early``: runs that ended by themselves before that."""

    killed: int
    finished_early: int
    last_stderr: str


def kill_repeatedly(
    argv: Sequence[str],
    times: int,
    seed: int,
    *,
    alive_s: tuple[float, float] = (0.0, 0.5),
    ready: Callable[[], bool] | None = None,
    after_each_kill: Callable[[int], None] | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 120.0,
) -> Survived:
    """Start ``argv`` and kill -9 its process group, ``times`` times, then run it to its end.

    It is killed a random time within ``alive_s`` after ``ready()`` turned true (say, when the output
    has grown; without it, after its start). ``after_each_kill(n)`` may look at what lies there. A
    last run that fails raises ``AssertionError`` with its error output, and every failure names the seed.
    """
    rng = random.Random(seed)
    killed = early = 0
    for number in range(times):
        worker = _start(argv, env)
        try:
            alive_until = None if ready else time.monotonic() + rng.uniform(*alive_s)
            deadline = time.monotonic() + timeout_s
            while worker.poll() is None and time.monotonic() < deadline:
                if alive_until is None and ready and ready():
                    alive_until = time.monotonic() + rng.uniform(*alive_s)
                if alive_until is not None and time.monotonic() >= alive_until:
                    break
                time.sleep(0.002)
        finally:
            done = worker.poll()
            _kill(worker)
        if done is None:
            killed += 1
        else:
            early += 1
            assert done == 0, f"seed {seed}, run {number}: exit {done}\n{_stderr(worker)}"
        if after_each_kill:
            after_each_kill(number)
    return Survived(killed, early, run_to_end(argv, env=env, timeout_s=timeout_s, what=f"seed {seed}"))


def run_to_end(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, timeout_s: float = 120.0, what: str = ""
) -> str:
    """Run ``argv`` undisturbed; its error output."""
    done = subprocess.run(
        list(argv), cwd=ROOT, env=_env(env), capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, f"{what}: exit {done.returncode}\n{done.stderr[-4000:]}"
    return done.stderr


def bytes_below(directory: Path) -> int:
    """How much lies in a directory that a living process writes to; what vanishes meanwhile counts nothing."""
    size = 0
    for path in directory.glob("*"):
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def topic_bytes(logs: Path, without: Sequence[str] = ("journal",)) -> dict[str, bytes]:
    """The content of every log file below ``logs`` but those of the topics ``without``."""
    return {
        str(path.relative_to(logs)): path.read_bytes()
        for path in sorted(logs.glob("*/p*.jsonl"))
        if path.parent.name not in without
    }


def _start(argv: Sequence[str], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        list(argv),
        cwd=ROOT,
        env=_env(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _kill(worker: subprocess.Popen[str]) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    if worker.returncode != 0 and worker.stderr:
        worker.stderr.close()


def _stderr(worker: subprocess.Popen[str]) -> str:
    return worker.stderr.read()[-4000:] if worker.stderr and not worker.stderr.closed else ""


def _env(env: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, "RUST_BACKTRACE": "0", **(env or {})}

"""What is heard of a worker: its notices once, and one line of why it failed, whatever an engine wrote around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from cli.worker import Worker
from tests.support.product import KEYWORDS

PANIC = (
    "thread '<unnamed>' panicked at src/operators.rs:786:50:\nBox<dyn Any>\nnote: run with RUST_BACKTRACE=1\n"
)
OURS = "undercurrent: stage themes, partition 0: KeyError in records 0-1 … 0-9\n"


def _worker(directory: Path, says: str, ends: str) -> Worker:
    """A worker that writes ``says`` and then does ``ends``."""
    program = f"import os, sys; sys.stderr.write({says!r}); sys.stderr.flush(); {ends}"
    real = subprocess.Popen
    with patch(
        "cli.worker.subprocess.Popen", lambda _argv, **how: real([sys.executable, "-c", program], **how)
    ):
        worker = Worker(directory)
    worker.wait()
    return worker


def test_our_line_is_found_before_and_behind_an_engines_noise(tmp_path: Path) -> None:
    for said in (PANIC + OURS, OURS + PANIC):
        worker = _worker(tmp_path, said, "sys.exit(1)")
        assert worker.last_words().startswith(OURS.removeprefix("undercurrent: ").strip())


def test_a_complaint_of_an_earlier_worker_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    _worker(tmp_path, OURS, "sys.exit(1)")
    worker = _worker(tmp_path, "", "os.kill(os.getpid(), 9)")
    assert worker.last_words().startswith("the worker was killed by signal 9 (all of it: ")


def test_without_a_complaint_of_ours_the_last_line_is_told(tmp_path: Path) -> None:
    worker = _worker(tmp_path, "out of tea\n", "sys.exit(7)")
    assert "ended with status 7; its last words: out of tea" in worker.last_words()


def test_a_notice_is_given_once(tmp_path: Path) -> None:
    worker = _worker(tmp_path, "notice: no weights\nother\n", "sys.exit(0)")
    assert (worker.notices(), worker.notices()) == (["no weights"], [])


def test_a_worker_ends_when_nobody_holds_its_leash(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "cli", "worker", str(tmp_path), "--follow", "--leashed"]
    worker = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", **KEYWORDS}
    )
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=60) == 1

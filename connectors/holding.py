"""Locks on files, which the system takes away from whoever dies: one process at a time, in turn or refused."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from connectors.durable import file_errors
from contracts.errors import RecoveryRefused

_TRY_EVERY_S = 0.01
"""How often who waits for a lock tries again."""


@contextmanager
def in_turn(lock: Path) -> Iterator[None]:
    """Wait until nobody else of ours is inside; the file is made, its folder too, and stays."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def alone_with(file: IO[bytes]) -> Iterator[None]:
    """Wait until nobody else of ours holds this open file, and hold it; for moments."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def if_free(lock: Path) -> Iterator[bool]:
    """Whether nobody else of ours was inside; then nobody else is until this ends. The file is made and stays."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def claimed(lock: Path, holders: str) -> Iterator[None]:
    """Hold a file for this process alone, as ``claim``; it is made, its folder too, and stays.

    Raises ``RecoveryRefused`` where another one has it, ``StopWorker`` where it cannot be made.
    """
    with file_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with file_errors(lock):
            claim(fd, lock.parent, holders)
        yield
    finally:
        os.close(fd)  # gives the lock back; the file stays, or two processes could lock two files


def lock(fd: int, wait_s: float = 0.0) -> None:
    """Lock an open file, which closing it gives back; another holder is waited for, ``wait_s`` seconds at most.

    Raises ``BlockingIOError`` where another one has it still.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
        time.sleep(_TRY_EVERY_S)


def claim(fd: int, directory: Path, holders: str, wait_s: float = 0.0) -> None:
    """Lock an open file of ``directory`` for this process, as ``lock``, and write its id there.

    Raises ``RecoveryRefused`` with the id that stands there if another one has it; ``holders`` is what has it, say
    ``process``.
    """
    try:
        lock(fd, wait_s)
    except BlockingIOError as exc:
        holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise RecoveryRefused(
            f"{directory}: in use by {holders} {holder}; end that one first, or use another directory"
        ) from exc
    name_holder(fd, os.getpid())


def name_holder(fd: int, pid: int) -> None:
    """Write down who has a lock that is held: another process, where that one inherited it."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(pid).encode(), 0)

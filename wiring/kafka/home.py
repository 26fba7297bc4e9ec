"""The directory of one stage on one machine: recovery store, manifest, and who may run there.

A stage runs as a group of processes, a Bytewax cluster. Process 0 prepares the directory while it holds the
lock alone; then it and its peers share the lock as long as they live, so that no other group can start while one
of this group is still there, paused ones included.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.holding import claim
from connectors.jsonl.layout import translated
from contracts.errors import RecoveryRefused
from wiring.datadir import write_whole

PEERS_WAIT_S = 60.0
"""How long a process waits for process 0 of its group to prepare the directory."""

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a group: its number and everyone's address; a process alone has no addresses."""

    process: int = 0
    addresses: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What tells this group from another one: its addresses, else its process."""
        return ";".join(self.addresses) or f"process {os.getpid()}"


@dataclass(frozen=True, slots=True)
class StageHome:
    """The paths of one stage of one generation."""

    root: Path

    @property
    def recovery(self) -> Path:
        """Bytewax's recovery store."""
        return self.root / "recovery"

    @property
    def manifest(self) -> Path:
        """Which flow and which topics the state belongs to."""
        return self.root / "manifest.json"

    @property
    def lock(self) -> Path:
        """Held by every process of the group that runs here."""
        return self.root / "lock"

    @property
    def prepared(self) -> Path:
        """The group that process 0 prepared the directory for."""
        return self.root / "prepared"

    @property
    def health(self) -> Path:
        """Touched by the source loop."""
        return self.root / "health"

    @property
    def restoring(self) -> Path:
        """The digest of the savepoint that is being put into the stages of this generation; there is none else."""
        return self.root.parent / "restoring"


def refuse_half_restored(home: StageHome) -> None:
    """Raise ``RecoveryRefused`` where some stages may have the state of a savepoint, and others not."""
    if home.restoring.exists():
        raise RecoveryRefused(
            f"{home.restoring}: a savepoint was not put back to its end; give `undercurrent savepoint restore` with "
            "that file again, or drop every stage with `undercurrent rebuild-stage` and delete this note"
        )


@contextmanager
def joined(home: StageHome, member: Member, prepare: Callable[[], object]) -> Iterator[None]:
    """Be a process of the group; process 0 calls ``prepare`` first. Raises ``RecoveryRefused``."""
    with translated(home.root):
        home.root.mkdir(parents=True, exist_ok=True)
        fd = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if member.process == 0:
            claim(fd, home.root, "the group of process")
            home.prepared.unlink(missing_ok=True)
            prepare()
            write_whole(home.prepared, member.group.encode())
            _share(fd, home, member)
        else:
            _follow(fd, home, member)
        yield
    finally:
        os.close(fd)  # gives the lock back; the file stays, or two groups could lock two files


def _share(fd: int, home: StageHome, member: Member) -> None:
    """Let peers in. The system takes the lock away for a moment, in which another group may have claimed it."""
    fcntl.flock(fd, fcntl.LOCK_SH)
    if _prepared_for(home) != member.group:
        raise RecoveryRefused(
            f"{home.root}: another group began at the same moment; end one, start the other again"
        )


def _follow(fd: int, home: StageHome, member: Member) -> None:
    until = time.monotonic() + PEERS_WAIT_S
    while time.monotonic() < until:
        if _prepared_for(home) == member.group:
            fcntl.flock(fd, fcntl.LOCK_SH)
            if _prepared_for(home) == member.group:
                return
            fcntl.flock(fd, fcntl.LOCK_UN)
        time.sleep(_LOOK_EVERY_S)
    raise RecoveryRefused(f"{home.root}: process 0 of this group did not prepare it in {PEERS_WAIT_S:.0f} s")


def _prepared_for(home: StageHome) -> str | None:
    try:
        return home.prepared.read_text("ascii")
    except FileNotFoundError:
        return None

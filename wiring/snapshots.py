"""Bytewax's recovery store as the engine will read it at its next start, and the scrub of what it must not read.

The engine keeps snapshots of epochs that never committed, and can load one of them after a later
crash (``docs/adr/0004-own-sources-and-sinks.md``). So before every start the epoch it will resume at is
worked out as it does that itself, and every snapshot from that epoch on is deleted.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bytewax.recovery import init_db_dir

from contracts.errors import RecoveryRefused, StateCorrupt
from wiring.datadir import REBUILD
from wiring.failures import translated_engine_errors

Snapshots = Mapping[tuple[str, str], Any]
"""What the engine will load: (step name, state key) → snapshot."""


class _PlainData(pickle.Unpickler):
    """Snapshots are plain data; one that names a class or a function is not ours."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        raise pickle.UnpicklingError(f"a snapshot names {module_name}.{global_name}")


class RecoveryStore:
    """The one SQLite file of an embedded flow's recovery store.

    Only while no engine runs in this process: it brings a SQLite of its own, and two of them in one
    process undo each other's file locks, which loses commits. ``repair`` is what its errors tell people to do.
    """

    def __init__(self, directory: Path, repair: str = REBUILD) -> None:
        self.path = directory / "part-0.sqlite3"
        self._repair = repair

    def create(self, token: int) -> None:
        """Make an empty store that carries ``token``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with translated_engine_errors(f"{self.path}: cannot be made"):
            init_db_dir(self.path.parent, 1)  # type: ignore[no-untyped-call]
        with self._open() as store:
            store.execute(f"pragma application_id = {int(token)}")

    def check(self, token: int) -> None:
        """Refuse a store that is missing, damaged, or from another run."""
        if not self.path.is_file():
            raise RecoveryRefused(f"{self.path}: missing; {self._repair}")
        with self._open() as store:
            verdict = [row[0] for row in store.execute("pragma integrity_check")]
            if verdict != ["ok"]:
                raise StateCorrupt(f"{self.path}: {verdict[0]}; {self._repair}")
            if store.execute("pragma application_id").fetchone()[0] != token:
                raise RecoveryRefused(f"{self.path}: belongs to another run; {self._repair}")
            if store.execute("select part_index, part_count from parts").fetchall() != [(0, 1)]:
                raise RecoveryRefused(f"{self.path}: one of several parts; {self._repair}")

    def scrub(self) -> int:
        """Delete the snapshots of epochs that never committed; how many there were."""
        with self._open() as store:
            resume = _resume_epoch(store)
            return store.execute("delete from snaps where snap_epoch >= ?", (resume,)).rowcount

    def committed(self, flow: str) -> Snapshots:
        """What the engine will load at its next start."""
        with self._open() as store:
            rows = store.execute(
                "select step_id, state_key, ser_change from snaps where snap_epoch < ? order by snap_epoch",
                (_resume_epoch(store),),
            ).fetchall()
        try:
            return {
                (step.removeprefix(f"{flow}."), key): _PlainData(io.BytesIO(change)).load()
                for step, key, change in rows
                if change is not None
            }
        except (pickle.UnpicklingError, EOFError, ValueError, IndexError) as exc:
            raise StateCorrupt(f"{self.path}: a snapshot cannot be read ({exc}); {self._repair}") from exc

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            store = sqlite3.connect(self.path)
            try:
                with store:
                    yield store
            finally:
                store.close()
        except sqlite3.Error as exc:
            raise StateCorrupt(f"{self.path}: {exc}; {self._repair}") from exc


def _resume_epoch(store: sqlite3.Connection) -> int:
    """The engine's own rule: the least frontier that the workers of the last execution committed."""
    last = store.execute("select ex_num, worker_count, resume_epoch from exs order by ex_num desc").fetchone()
    if last is None:
        return 0
    execution, workers, resumed_at = last
    frontiers = dict.fromkeys(range(workers), resumed_at)
    rows = store.execute("select worker_index, worker_frontier from fronts where ex_num = ?", (execution,))
    for worker, frontier in rows:
        frontiers[worker] = max(frontiers[worker], frontier)
    return int(min(frontiers.values()))

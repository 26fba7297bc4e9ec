"""A table of models' answers in SQLite, filled beforehand for a generation that is to be made.

In:    ``Answer`` records, sealed words and all.   Out: the latest answer about a concern.
Law:   a generation has a copy of its own (``copy_to``), which nobody changes: what it answers is the same for ever.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from pathlib import Path

from connectors.sqlite import opened, sqlite_errors, transaction
from contracts.answers import Answer
from contracts.errors import WrongUsage
from contracts.registry import read_journal, write_record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (concern TEXT PRIMARY KEY, prompt TEXT NOT NULL, record BLOB NOT NULL)
WITHOUT ROWID;
"""
_REMEDY = "fill another table"


class AnswerTable:
    """One file."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Open ``path``, or ``make`` it. Raises ``WrongUsage`` or ``StateCorrupt`` if it is no table."""
        if not make and not path.is_file():
            raise WrongUsage(
                f"{path}: no table of answers; fill it with undercurrent labeller --answers {path}"
            )
        self._path = path
        with sqlite_errors(path, _REMEDY):
            self._db = opened(path, _SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def add(self, answers: Iterable[Answer]) -> None:
        """Keep answers; a later one about the same concern takes the place of an earlier one."""
        rows = [(one.concern_id, one.prompt, write_record(one)) for one in answers]
        with sqlite_errors(self._path, _REMEDY), transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    def about(self, concern: str) -> Answer | None:
        """The answer about a concern."""
        with sqlite_errors(self._path, _REMEDY):
            row = self._db.execute("SELECT record FROM answers WHERE concern = ?", (concern,)).fetchone()
        if row is None:
            return None
        answer = read_journal(0, 0, bytes(row[0]))
        assert isinstance(answer, Answer)
        return answer

    def count(self) -> int:
        """How many concerns are answered."""
        with sqlite_errors(self._path, _REMEDY):
            return int(self._db.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    @cached_property
    def prompts(self) -> frozenset[str]:
        """The prompts that were answered, as they were when this was asked first."""
        with sqlite_errors(self._path, _REMEDY):
            return frozenset(row[0] for row in self._db.execute("SELECT DISTINCT prompt FROM answers"))

    def copy_to(self, path: Path) -> None:
        """Write what is in here now to another file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        with sqlite_errors(part, _REMEDY), closing(sqlite3.connect(part)) as copy:
            self._db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        part.replace(path)

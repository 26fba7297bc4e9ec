"""Watch a folder: each complete file that appears is taken once and moved away.

A file is complete when neither size nor time of change differ between two looks, and its name is none of a file that is
still being written (hidden, or ending in ``.part`` or ``.tmp``). A crash between taking and moving takes it again,
which an upload of the same bytes makes a look at its note.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from contracts.errors import PipelineError, WrongUsage

DONE, REFUSED = "done", "refused"
ENDINGS = (".csv", ".jsonl", ".ndjson", ".csv.gz", ".jsonl.gz", ".ndjson.gz")

Seen = dict[Path, tuple[int, int]]


def watch_folder(
    folder: Path,
    take: Callable[[Path], None],
    refused: Callable[[Path, PipelineError], None],
    *,
    every_s: float,
    wait: Callable[[float], bool],
    settle_s: float | None = None,
) -> None:
    """Take files until ``wait`` says that it is over; what is wrong with a file goes to ``refused``.

    With ``settle_s`` 0 a file counts as complete at the first look. An error that is not the file's (the broker is
    away) is raised and leaves the file where it is.
    """
    if not folder.is_dir():
        raise WrongUsage(f"{folder}: there is no such folder")
    seen: Seen = {}
    over = False
    while not over:
        now = look(folder)
        for path, said in now.items():
            if settle_s == 0 or seen.get(path) == said:
                _one(path, take, refused)
        seen = now
        over = wait(every_s)


def look(folder: Path) -> Seen:
    """The files that an upload can read, oldest first, each with size and time of change."""
    found: list[tuple[int, Path, int]] = []
    for path in folder.iterdir():
        if path.name.startswith(".") or not path.name.lower().endswith(ENDINGS) or not path.is_file():
            continue
        with suppress(FileNotFoundError):  # somebody has taken it back since
            stat = path.stat()
            found.append((stat.st_mtime_ns, path, stat.st_size))
    return {path: (size, changed) for changed, path, size in sorted(found)}


def _one(path: Path, take: Callable[[Path], None], refused: Callable[[Path, PipelineError], None]) -> None:
    before = _said(path)
    if before is None:
        return  # somebody has taken it back since the look, or another watch has moved it
    try:
        take(path)
        to = DONE
    except WrongUsage as exc:
        refused(path, exc)
        to = REFUSED
    if _said(path) != before:
        return  # another file of its name has come meanwhile: the next look takes that
    target = path.parent / to
    target.mkdir(exist_ok=True)
    path.rename(_free(target / path.name))


def _said(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from a later one of its name; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _free(path: Path) -> Path:
    """The path, or one beside it that nothing has: files of one name come every night."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{number}-{path.name}")
    return found

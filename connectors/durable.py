"""What every connector that keeps files needs: durable names, whole writes, and errors that name the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import StopWorker


def replace_whole(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target``, durable and whole or not at all. Raises ``OSError``."""
    fresh = target.with_name(target.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)
    sync_directory(target.parent)


def sync_directory(directory: Path) -> None:
    """Make names that were created or removed in ``directory`` durable. Raises ``OSError``."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what the file system raises into ``StopWorker`` that names the file."""
    try:
        yield
    except OSError as exc:
        raise StopWorker(
            f"{path}: {exc.strerror or exc}; free space or fix the rights, then start again"
        ) from exc

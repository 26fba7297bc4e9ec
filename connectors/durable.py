"""What every connector that keeps files needs: durable names, whole writes, and errors that name the file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from contracts.errors import StopWorker


def replace_whole(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target``, durable and whole or not at all; of several at once the last one's stays.

    Raises ``OSError``.
    """
    # A name of its own: two that wrote to one file would mix, and the slower one would no longer find it.
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}.new")
    with ExitStack() as failed:
        failed.callback(fresh.unlink, missing_ok=True)
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
        failed.pop_all()
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

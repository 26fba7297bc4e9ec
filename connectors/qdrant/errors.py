"""What Qdrant Edge raises, as our errors.

The library has no exception classes: it raises plain ``Exception`` with the kind in the text, ``ValueError``
and ``TypeError`` for arguments it cannot read, and ``PanicException`` (a ``BaseException``) when its own
invariant breaks. So the map goes by the words of the message, and what it does not know stops the worker:
an index of unknown health must not take more writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import PipelineError, RecoveryRefused, RetryLater, StateCorrupt, StopWorker

RETRY_AFTER_S: dict[str, float] = {
    "Out of memory": 30.0,
    "Operation cancelled": 1.0,
    "Timeout error": 5.0,
    "No space left on device": 60.0,
}
"""Words of errors that pass by themselves or once someone has made room, and the wait in seconds."""

IN_USE = ("failed to open WAL", "WouldBlock")
"""Words, all of them, of an error that says another process holds the shard."""

OTHER_SHAPE = ("config is incompatible", "Incompatible config")
"""Words, any of them, of an error that says the shard was made for other vectors."""

DAMAGED = ("Inconsistent storage", "failed to open WAL", "Inconsistent Logstore")
"""Words, any of them, of an error that says the files are not what was written."""

PANIC = "PanicException"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn whatever the library raises inside into an error of ours that names ``path``."""
    try:
        yield
    except (PipelineError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # The library raises the root class itself, and its panics derive from BaseException only.
    except BaseException as exc:
        raise ours(exc, path) from exc


def ours(exc: BaseException, path: Path) -> PipelineError:
    """The error of ours that says what the caller must do about ``exc``."""
    text = str(exc)
    for words, wait_s in RETRY_AFTER_S.items():
        if words in text:
            return RetryLater(f"{path}: {text}", retry_after_s=wait_s)
    if all(words in text for words in IN_USE):
        return RecoveryRefused(
            f"{path}: another process has this vector index open; end it, or use another directory"
        )
    if any(words in text for words in OTHER_SHAPE):
        return RecoveryRefused(f"{path}: was made for other vectors ({text}); use another encoder version")
    if any(words in text for words in DAMAGED) or type(exc).__name__ == PANIC:
        return StateCorrupt(f"{path}: {text}; remove the directory, it is rebuilt from the journal")
    return StopWorker(f"{path}: {text or type(exc).__name__}")

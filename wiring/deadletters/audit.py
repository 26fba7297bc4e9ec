"""Who looked at what is sealed, when and why: a line each, on disk before the words are shown."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from connectors.jsonl.layout import translated

FILE = "audit.jsonl"
"""In the data folder, beside the keys."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: ``at`` as RFC 3339 UTC; ``what`` was done to ``record`` of ``tenant``."""

    at: str
    author: str
    why: str
    what: str
    tenant: str
    record: str


def note(folder: Path, look: Look) -> None:
    """Append a line and make it durable. Raises ``StopWorker`` when the disk refuses."""
    path = folder / FILE
    with translated(path):
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, orjson.dumps(asdict(look)) + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)

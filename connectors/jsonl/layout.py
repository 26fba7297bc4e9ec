"""Names and durable writing of log files: ``<logs>/<topic>/p0000.jsonl`` and, beside a topic's file that a
flow writes, ``p0000.committed`` with the offset up to which a reader may go."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.durable import file_errors as translated
from connectors.durable import sync_directory

__all__ = [
    "committed_file",
    "create_parts",
    "part_file",
    "part_name",
    "publish",
    "read_committed",
    "sync_directory",
    "translated",
    "write_at",
]


def part_name(index: int) -> str:
    """``p0000`` for partition 0; its order as text is its order as a number."""
    return f"p{index:04d}"


def part_file(directory: Path, index: int) -> Path:
    """The file of one partition of the log that lies in ``directory``."""
    return directory / f"{part_name(index)}.jsonl"


def create_parts(directory: Path, partitions: int) -> None:
    """Create the partitions that do not exist yet, the last one first: whoever looks meanwhile sees their number."""
    with translated(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for index in reversed(range(partitions)):
            part_file(directory, index).touch(mode=0o600)
        sync_directory(directory)


def committed_file(log_file: Path) -> Path:
    """The file that says how far ``log_file`` may be read by others."""
    return log_file.with_suffix(".committed")


def read_committed(log_file: Path) -> int | None:
    """The published offset of a log file, or None if none was ever published.

    It is not synced, as every start publishes it anew: what a power cut left of it counts as 0, so that readers see
    too little and never too much.
    """
    try:
        told = committed_file(log_file).read_bytes()
    except FileNotFoundError:
        return None
    return int(told) if told.isdigit() else 0


def publish(log_file: Path, offset: int) -> None:
    """Let readers go up to ``offset``; they see the old or the new offset, nothing between."""
    target = committed_file(log_file)
    fresh = target.with_suffix(".committed-new")
    with translated(target):
        fresh.write_text(str(offset), "ascii")
        fresh.replace(target)


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of ``data`` at ``offset``; a short write goes on where it stopped."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset += written
        rest = rest[written:]

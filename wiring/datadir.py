"""What lies where in an embedded data directory, and whose it is."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connectors.durable import file_errors, replace_whole
from connectors.holding import claimed
from contracts.errors import RecoveryRefused, StateCorrupt
from flows.stages import JOURNAL, Pipeline

FORMAT = 1
"""Version of the directory's layout; another one is refused."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """The paths of one data directory."""

    root: Path

    @property
    def logs(self) -> Path:
        """All topics, a folder each."""
        return self.root / "logs"

    @property
    def journal(self) -> Path:
        """The only input."""
        return self.logs / JOURNAL

    @property
    def state(self) -> Path:
        """The state logs, a folder per stage."""
        return self.root / "state"

    @property
    def recovery(self) -> Path:
        """Bytewax's recovery store."""
        return self.root / "recovery"

    @property
    def manifest(self) -> Path:
        """Which flow this directory belongs to."""
        return self.root / "manifest.json"

    @property
    def lock(self) -> Path:
        """Locked by the process that runs the flow; holds its process id."""
        return self.root / "lock"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What must stay as it is for state, offsets and outputs to fit each other.

    ``token`` is drawn once per directory and repeated in each of its parts, so that a part from
    another run is noticed.
    """

    flow: str
    partitions: int
    output: str
    stages: list[list[str]]
    producers: dict[str, list[str]]
    format: int
    token: int

    @classmethod
    def of(cls, pipeline: Pipeline, output: str) -> Manifest:
        """The manifest of a new directory."""
        return cls(
            flow=pipeline.name,
            partitions=pipeline.partitions,
            output=output,
            stages=[[stage.name, stage.input_topic] for stage in pipeline.stages],
            producers={topic: list(stages) for topic, stages in sorted(pipeline.producers.items())},
            format=FORMAT,
            token=1 + secrets.randbelow((1 << 31) - 1),
        )

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest at ``path``, or None if there is none."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as exc:
            raise StateCorrupt(f"{path}: not a manifest ({exc}); {REBUILD}") from exc

    def write(self, path: Path) -> None:
        """Put the manifest in place, whole or not at all."""
        write_whole(path, json.dumps(asdict(self), indent=1).encode())

    def refuse_other(self, wanted: Manifest, path: Path) -> None:
        """Raise ``RecoveryRefused`` with the first thing that differs from what is to be run."""
        advice = {
            "partitions": "the number of partitions is fixed for ever: start with a new directory",
            "format": "it was written by another version of this program: " + REBUILD,
        }
        for field in ("format", "flow", "partitions", "output", "stages", "producers"):
            here: Any = getattr(self, field)
            there: Any = getattr(wanted, field)
            if here != there:
                what = advice.get(field, "use another directory, or " + REBUILD)
                raise RecoveryRefused(f"{path}: belongs to {field} {here!r}, not {there!r}; {what}")


REBUILD = "rebuild the state from the journal with `undercurrent rebuild`"
"""What to do when state and journal no longer fit each other."""


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file durably: a reader sees the old one or the new one."""
    with file_errors(path):
        replace_whole(path, data)


@contextmanager
def locked(directory: DataDir) -> Iterator[None]:
    """Hold the directory for this process; ``RecoveryRefused`` names the process that holds it already."""
    with claimed(directory.lock, "process"):
        yield


def tokens_of(directory: DataDir) -> Mapping[Path, int | None]:
    """The token that each part of the directory carries, None where it carries none."""
    return {part: _token(part) for part in (directory.logs, directory.state)}


def put_tokens(directory: DataDir, token: int) -> None:
    """Mark the parts of a new directory as belonging together."""
    for part in (directory.logs, directory.state):
        part.mkdir(parents=True, exist_ok=True)
        write_whole(part / "token", str(token).encode())


def _token(part: Path) -> int | None:
    try:
        return int((part / "token").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None

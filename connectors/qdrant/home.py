"""Where an index lies: one directory per encoder version, a lock in it, and a pointer to the current one.

    <directory>/current                     name of the version that readers use; replaced whole
    <directory>/<version>/index.json        what the version is exactly
    <directory>/<version>/lock              held by the process that has it open
    <directory>/<version>/themes, items     the shards

Vectors of two encoder versions never meet: a version's name and sizes make the name of its directory.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from connectors.durable import file_errors, replace_whole
from contracts.errors import RecoveryRefused, StateCorrupt

FORMAT = 1
"""Version of what points look like; another one gets a directory of its own."""

NAME_CHARS = 48
"""Of an encoder's version in a directory's name; what is cut off is still in the hash behind it."""


@dataclass(frozen=True, slots=True)
class IndexVersion:
    """What decides whether two vectors may meet in one search."""

    encoder_version: str
    item_dims: int
    theme_dims: int
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The directory's name: readable, and different for versions that differ anywhere.

        >>> IndexVersion("minilm/2", 384, 256).name
        'minilm-2-6202cdb9'
        """
        return readable_name(self.encoder_version, self._json())

    def _json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    def claim(self, home: Path) -> None:
        """Write down in ``home`` what it holds, or raise ``RecoveryRefused`` if it holds another version."""
        card = home / "index.json"
        with file_errors(card):
            if not card.exists():
                replace_whole(card, self._json())
            found = card.read_bytes()
        if found != self._json():
            raise RecoveryRefused(
                f"{card}: holds {found.decode('utf-8', 'replace')}, not {self._json().decode()}"
            )


def readable_name(encoder_version: str, identity: bytes) -> str:
    """The encoder's version as far as a name can hold it, and a hash of ``identity`` behind it."""
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", encoder_version).strip("-.")[:NAME_CHARS] or "encoder"
    return f"{readable}-{sha256(identity).hexdigest()[:8]}"


DYING_S = 2.0
"""How long a process that was killed a moment ago may still hold its index, on a machine that is busy."""


class Lock:
    """Held from open to close; a second process is refused, and a killed process leaves none behind."""

    def __init__(self, home: Path) -> None:
        path = home / "lock"
        with file_errors(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        until = time.monotonic() + DYING_S
        while not self._is_taken():
            if time.monotonic() > until:
                os.close(self._fd)
                raise RecoveryRefused(f"{home}: another process has this vector index open; end it first")
            time.sleep(0.05)

    def _is_taken(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go; doing it twice is doing it once."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def current_version(directory: Path) -> str | None:
    """Name of the version that readers use, or None before the first one. Raises ``StateCorrupt``."""
    pointer = directory / "current"
    with file_errors(pointer):
        if not pointer.exists():
            return None
        name = pointer.read_text("utf-8")
    if not (directory / name).is_dir():
        raise StateCorrupt(
            f"{pointer}: names {name!r}, which is not there; rebuild the index from the journal"
        )
    return name


def point_to(directory: Path, name: str) -> None:
    """Make ``name`` the current version; readers see the old name or the new one, nothing between."""
    with file_errors(directory / "current"):
        replace_whole(directory / "current", name.encode())

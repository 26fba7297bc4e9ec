"""Which files were uploaded for a tenant, and how far the unfinished ones are: a small JSON file for each.

What is in it only saves reading: how far an upload is, the bulk topic's own headers say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from connectors.holding import in_turn
from contracts.errors import StateCorrupt
from wiring.datadir import write_whole


@dataclass(frozen=True, slots=True)
class Told:
    """What makes an upload the same as an earlier one: bytes, reading, and what comes with it."""

    origin: str
    fingerprint: str
    mapping: Mapping[str, str]
    source: str
    customers: str | None = None
    is_new_tenant: bool = False

    @property
    def id(self) -> str:
        """24 hexadecimal digits, the same for the same upload."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: ``known`` is an offset of the bulk topic and how many records are durable before it.

    ``unreadable`` holds line and reason of the first rows that could not be read; ``bad`` counts them all.
    """

    told: Told
    loaded_at: str
    known: tuple[int, int] | None = None
    rows: int = 0
    bad: int = 0
    unreadable: tuple[tuple[int, str], ...] = ()
    complete: bool = False

    @property
    def name(self) -> str:
        """What its messages carry."""
        return f"{self.told.id}.{self.loaded_at}"


@dataclass(frozen=True, slots=True)
class UploadBook:
    """The uploads of one tenant, in a folder."""

    folder: Path

    def alone(self, told: Told) -> AbstractContextManager[None]:
        """Nobody else of ours is at this upload meanwhile; waits until it is so."""
        return in_turn(self.folder / f"{told.id}.lock")

    def begin(self, told: Told, loaded_at: str) -> Upload:
        """The upload as it was first begun; it begins now if it was not."""
        found = self.find(told.id)
        if found is None:
            found = Upload(told, loaded_at)
            self.save(found)
        return found

    def find(self, upload_id: str) -> Upload | None:
        """The upload of this id, if there is one. Raises ``StateCorrupt``."""
        path = self._path(upload_id)
        if not path.exists():
            return None
        try:
            row = orjson.loads(path.read_bytes())
            known = tuple(row.pop("known")) if row["known"] else row.pop("known")
            unreadable = tuple((line, reason) for line, reason in row.pop("unreadable"))
            return Upload(Told(**row.pop("told")), known=known, unreadable=unreadable, **row)
        except (ValueError, TypeError, KeyError) as exc:
            raise StateCorrupt(f"{path}: no note of an upload ({exc}); delete it and upload again") from exc

    def save(self, upload: Upload) -> None:
        """Keep what is known of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._path(upload.told.id), orjson.dumps(asdict(upload)))

    def finish(self, upload: Upload) -> Upload:
        """All of it is in the bulk topic."""
        done = replace(upload, complete=True)
        self.save(done)
        return done

    def _path(self, upload_id: str) -> Path:
        return self.folder / f"{upload_id}.json"

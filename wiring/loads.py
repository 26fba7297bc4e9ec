"""Which files were loaded into a data directory, and which load is not finished.

A load that was begun is finished with the same file, mapping and customer list before anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from contracts.errors import WrongUsage
from wiring.datadir import write_whole


@dataclass(frozen=True, slots=True)
class Load:
    """A load that was begun: which files, when first, and where in the journal.

    ``customers``: fingerprint of the customer list that came with it, None without one.
    """

    origin: str
    fingerprint: str
    mapping: dict[str, str]
    loaded_at: str
    first_ordinal: int
    complete: bool = False
    customers: str | None = None

    @property
    def name(self) -> str:
        """What tells this load from every other one of the journal."""
        return f"{self.fingerprint[:24]}.{self.first_ordinal}.{self.loaded_at}"

    def is_same(self, other: Load) -> bool:
        """Whether both make the same journal records, given the same start."""
        return (self.fingerprint, self.mapping, self.customers) == (
            other.fingerprint,
            other.mapping,
            other.customers,
        )


class LoadBook:
    """The loads of one data directory, in ``loads.json``; replaced whole, so never half written."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "loads.json"
        rows = orjson.loads(self._path.read_bytes()) if self._path.exists() else []
        self.loads = [Load(**row) for row in rows]

    @property
    def unfinished(self) -> Load | None:
        """The load whose records are not all in the journal yet; nothing else may be appended before them."""
        return self.loads[-1] if self.loads and not self.loads[-1].complete else None

    def begin(self, load: Load) -> Load:
        """This load as it was first begun, if it is the unfinished one; else it begins now.

        Raises ``WrongUsage`` when another load, or this file with other bytes, was left unfinished.
        """
        last = self.unfinished
        if last is None:
            self._save([*self.loads, load])
            return load
        if last.first_ordinal == load.first_ordinal and not last.is_same(load):
            self._save([*self.loads[:-1], load])  # nothing of the unfinished one is in the journal
            return load
        if not last.is_same(load):
            raise WrongUsage(
                f"the load of {last.origin} is not finished and this is not the same file, --map and "
                "--customers; finish it with the same ones, or choose another --out"
            )
        return last

    def finish(self) -> None:
        """Note that the last load is in the journal whole."""
        self._save([*self.loads[:-1], Load(**asdict(self.loads[-1]) | {"complete": True})])

    def knows(self, digest: str, mapping: Mapping[str, str]) -> bool:
        """Whether a file with these bytes was loaded whole, read in this way."""
        return any(
            load.complete and (load.fingerprint, load.mapping) == (digest, mapping) for load in self.loads
        )

    def knows_customers(self, digest: str | None) -> bool:
        """Whether the customer list with these bytes is the last that was loaded; so is no list at all."""
        known = [load.customers for load in self.loads if load.complete and load.customers]
        return digest is None or known[-1:] == [digest]

    def _save(self, loads: list[Load]) -> None:
        write_whole(self._path, orjson.dumps([asdict(load) for load in loads]))
        self.loads = loads

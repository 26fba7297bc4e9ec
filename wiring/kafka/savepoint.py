"""The state of stages in one sealed file, so that a rebuild begins there and not at the journal's first record.

In:    the recovery stores, manifests and living state-log rows of stages that do not run.
Out:   a file: a line in the clear that says whose it is, then lines sealed with AES-256-GCM under a key of the vault.
State: none.
Elsewhere: the keys, without which no savepoint opens, and vector indexes, which are views: both have backups of their
own. Text is in neither of them nor in here.

A savepoint fits the topics it was taken from: what it has not seen must still be in its input.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from connectors.kafka.admin import topic_ids
from connectors.kafka.statelog import KafkaStateLogs
from connectors.keys.vault import LocalVault
from contracts.errors import RecoveryRefused, StateCorrupt, WrongUsage
from contracts.feedback import Sealed
from contracts.pointer import Change, Pointer
from wiring.datadir import write_whole
from wiring.kafka.home import Member, joined, refuse_half_restored
from wiring.kafka.recovery import StageManifest, read_manifest
from wiring.kafka.running import Site
from wiring.snapshots import RecoveryStore
from wiring.topics import STAGES

FORMAT = "undercurrent-savepoint/1"

# No tenant's name has a space, so no tenant's key is this one; the subject is the tenant's own.
_OWNER, _SUBJECT = "undercurrent savepoint", "tenant"

# Bytes of one sealed line before its base64: the most that is in memory three times.
_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class StageState:
    """One stopped stage: its manifest, its store's bytes, and the living rows of its state log by partition."""

    manifest: StageManifest
    store: bytes
    rows: dict[str, list[Change]]

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self.manifest.flow.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a savepoint holds: stages with the number of living rows, and the file's bytes."""

    path: Path
    rows: dict[str, int]
    bytes: int


def create_savepoint(site: Site, path: Path) -> Taken:
    """Write the state of every stage of the site's generation to ``path``.

    Raises ``RecoveryRefused`` while a stage runs, ``WrongUsage`` where none has ever run.
    """
    with ExitStack() as locks:
        there = [stage for stage in STAGES if site.home(stage).manifest.exists()]
        if not there:
            raise WrongUsage(
                f"{site.home(STAGES[0]).root.parent}: no stage has state here; name its --data and --generation"
            )
        for stage in there:
            locks.enter_context(joined(site.home(stage), Member(), lambda: None))
        refuse_half_restored(site.home(STAGES[0]))
        states = [read_state(site, stage) for stage in there]
    with closing(LocalVault(site.keys)) as vault:
        data = _sealed(site, states, vault)
    write_whole(path, data)
    return Taken(path, _counted(states), len(data))


def restore_savepoint(site: Site, path: Path) -> Taken:
    """Put every stage of a savepoint into its empty home; its next start goes on from there.

    Killed in its middle, the same call does all of it again; until then no stage starts.

    Raises ``RecoveryRefused`` where there is state already, or the topics are not those of the savepoint;
    ``StateCorrupt`` for a file that is damaged, altered, or sealed with another key.
    """
    data = path.read_bytes() if path.is_file() else b""
    if not data:
        raise WrongUsage(f"{path}: no savepoint there")
    with closing(LocalVault(site.keys, make=False)) as vault:
        states = _opened(site, data, vault, path)
    with ExitStack() as locks:
        for state in states:
            locks.enter_context(joined(site.home(state.stage), Member(), lambda: None))
        begun, ours = site.home(STAGES[0]).restoring, hashlib.sha256(data).hexdigest()
        is_ours = begun.exists() and begun.read_text("ascii") == ours
        for state in states:
            _refuse(site, state, begun_before=is_ours)
        write_whole(begun, ours.encode())
        for state in states:
            _restore(site, state)
        begun.unlink()
    return Taken(path, _counted(states), len(data))


def read_state(site: Site, stage: str) -> StageState:
    """The committed state of a stage that does not run; the caller holds its lock. Raises ``StopWorker``."""
    home = site.home(stage)
    manifest = read_manifest(home.manifest)
    if manifest is None:
        raise WrongUsage(f"{home.root}: stage {stage} has no state here")
    store = RecoveryStore(home.recovery)
    store.check(manifest.token)
    store.scrub()
    logs = KafkaStateLogs(site.cluster)
    rows: dict[str, list[Change]] = {}
    for (step, key), snapshot in store.committed(manifest.flow).items():
        if step == stage:
            log = logs.open(site.naming.state(stage), snapshot["partition"])
            rows[key] = _living(log.load(Pointer.from_data(snapshot["pointer"])))
    return StageState(manifest, _bytes_of(store.path), rows)


def _living(changes: Iterator[Change]) -> list[Change]:
    rows: dict[tuple[str, str], Any] = {}
    for table, key, value in changes:
        if value is None:
            rows.pop((table, key), None)
        else:
            rows[table, key] = value
    return [(table, key, rows[table, key]) for table, key in sorted(rows)]


def _bytes_of(path: Path) -> bytes:
    """The database with what its write-ahead log holds."""
    with closing(sqlite3.connect(path)) as store:
        return store.serialize()


def _refuse(site: Site, state: StageState, *, begun_before: bool) -> None:
    home = site.home(state.stage)
    if home.manifest.exists() and not begun_before:
        raise RecoveryRefused(
            f"{home.root}: there is state already; drop it first with `undercurrent rebuild-stage {state.stage} "
            f"--generation {site.naming.generation}`"
        )
    if state.manifest.partitions != site.partitions:
        raise WrongUsage(f"the savepoint is of {state.manifest.partitions} partitions, not {site.partitions}")
    there = topic_ids(site.cluster, state.manifest.topics)
    for name, identity in state.manifest.topics.items():
        found = there.get(name)
        if found is None:
            raise RecoveryRefused(
                f"topic {name} does not exist: restore it, or make it with `undercurrent topics apply`"
            )
        if name != site.naming.state(state.stage) and found.id != identity:
            raise RecoveryRefused(
                f"topic {name} is not the one that the savepoint was taken beside (deleted and made again, or another "
                "cluster): its positions would mean other records; replay from the journal instead"
            )


def _restore(site: Site, state: StageState) -> None:
    """Write the living rows as a new base of the state log, then the store that points to it, then the manifest."""
    home = site.home(state.stage)
    state_topic = site.naming.state(state.stage)
    if home.recovery.exists():  # of a restore that was killed: its journal is not that of this store
        shutil.rmtree(home.recovery)
    home.recovery.mkdir(parents=True)
    store = RecoveryStore(home.recovery)
    write_whole(store.path, state.store)
    snapshots = store.committed(state.manifest.flow)
    logs = KafkaStateLogs(site.cluster)
    with closing(sqlite3.connect(store.path)) as opened, opened:
        for key, rows in state.rows.items():
            snapshot = snapshots[state.stage, key]
            log = logs.open(state_topic, snapshot["partition"])
            list(log.load(None))
            pointer = log.append(rows)
            pointer = replace(pointer, base_bytes=pointer.bytes)
            _point(opened, state, key, {**snapshot, "pointer": pointer.as_data()})
    ids = topic_ids(site.cluster, [state_topic])
    topics = {**state.manifest.topics, state_topic: ids[state_topic].id}
    write_whole(home.manifest, orjson.dumps(asdict(replace(state.manifest, topics=topics))))


def _point(store: sqlite3.Connection, state: StageState, key: str, snapshot: dict[str, Any]) -> None:
    """Let the newest snapshot of a partition be this one; ``create_savepoint`` left none that was not committed."""
    step = f"{state.manifest.flow}.{state.stage}"
    changed = store.execute(
        "update snaps set ser_change = ? where step_id = ? and state_key = ? and snap_epoch = "
        "(select max(snap_epoch) from snaps where step_id = ? and state_key = ?)",
        (pickle.dumps(snapshot), step, key, step, key),
    ).rowcount
    if changed != 1:
        raise StateCorrupt(f"the savepoint's store holds no snapshot of {step}, {key}")


def _counted(states: Sequence[StageState]) -> dict[str, int]:
    return {state.stage: sum(map(len, state.rows.values())) for state in states}


# -- the file ----------------------------------------------------------------------------------------


def _sealed(site: Site, states: Sequence[StageState], vault: LocalVault) -> bytes:
    parts = [{"manifest": asdict(s.manifest), "store": s.store.hex(), "rows": s.rows} for s in states]
    packed = zlib.compress(orjson.dumps(parts), 1)
    chunks = [packed[at : at + _CHUNK_BYTES] for at in range(0, len(packed), _CHUNK_BYTES)]
    head = orjson.dumps(
        {
            "format": FORMAT,
            "prefix": site.naming.prefix,
            "generation": site.naming.generation,
            "stages": [state.stage for state in states],
            "chunks": len(chunks),
        }
    )
    sealed = (
        vault.seal(_OWNER, _SUBJECT, _bound(head, n) + chunk).model_dump_json().encode()
        for n, chunk in enumerate(chunks)
    )
    return b"\n".join([head, *sealed])


def _opened(site: Site, data: bytes, vault: LocalVault, path: Path) -> list[StageState]:
    head, *lines = data.split(b"\n")
    said = _head(head, path)
    ours = (site.naming.prefix, site.naming.generation)
    if (said["prefix"], said["generation"]) != ours:
        raise WrongUsage(f"{path}: is of generation {said['generation']} ({said['prefix']}), not {ours[1]}")
    if len(lines) != said["chunks"]:
        raise StateCorrupt(
            f"{path}: holds {len(lines)} of {said['chunks']} parts; take an older savepoint, or rebuild"
        )
    packed = b"".join(_chunk(head, n, line, vault, path) for n, line in enumerate(lines))
    return [
        StageState(
            StageManifest(**part["manifest"]),
            bytes.fromhex(part["store"]),
            {
                key: [(table, name, value) for table, name, value in rows]
                for key, rows in part["rows"].items()
            },
        )
        for part in orjson.loads(zlib.decompress(packed))
    ]


def _head(line: bytes, path: Path) -> dict[str, Any]:
    try:
        said = orjson.loads(line)
        known = isinstance(said, dict) and said["format"] == FORMAT
    except (orjson.JSONDecodeError, KeyError):
        known = False
    if not known:
        raise StateCorrupt(f"{path}: not a savepoint of this version")
    return dict(said)


def _chunk(head: bytes, number: int, line: bytes, vault: LocalVault, path: Path) -> bytes:
    """One part of a savepoint; it opens only in its own place of its own file."""
    damaged = StateCorrupt(
        f"{path}: part {number} is damaged or altered; take an older savepoint, or rebuild"
    )
    try:
        plain = vault.open(_OWNER, Sealed.model_validate_json(line))
    except ValueError as exc:  # pydantic's: the line is not even sealed
        raise damaged from exc
    except StateCorrupt as exc:
        raise StateCorrupt(
            f"{path}: part {number} does not open: it is damaged or altered, or was made with other keys than those in "
            "--data"
        ) from exc
    bound = _bound(head, number)
    if plain is None or not plain.startswith(bound):
        raise damaged
    return plain[len(bound) :]


def _bound(head: bytes, number: int) -> bytes:
    return hashlib.sha256(head).digest() + number.to_bytes(4, "big")

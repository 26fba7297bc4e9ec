"""What is checked before every start of an embedded flow, so that it resumes rightly or not at all.

A manifest of another flow, partition count or output, a store that is missing, damaged or from another
run, outputs or a journal shorter than what was committed, state that is ahead of its source or behind
it: each is refused with the command that helps. Snapshots of epochs that never committed are deleted.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.layout import create_parts, part_file, part_name, read_committed
from contracts.errors import RecoveryRefused, StateCorrupt, WrongUsage
from flows.pipeline import TOPICS
from flows.stages import JOURNAL, Pipeline
from wiring.datadir import REBUILD, DataDir, Manifest, locked, put_tokens, tokens_of
from wiring.snapshots import RecoveryStore, Snapshots

_OURS = re.compile(r"(part-\d+\.sqlite3|p\d{4,}\.|token|writer\.lock).*")
"""How files begin that a run writes into its topics, its state and its recovery store."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the check before a start found."""

    fresh: bool
    scrubbed: int


def prepare(directory: DataDir, pipeline: Pipeline, output: str) -> Prepared:
    """Make a new directory or check an old one; the caller holds its lock. Raises ``StopWorker``."""
    wanted = Manifest.of(pipeline, output)
    found = Manifest.read(directory.manifest)
    _check_journal_count(directory, pipeline)
    if found is None:
        _create(directory, wanted)
        return Prepared(fresh=True, scrubbed=0)
    found.refuse_other(wanted, directory.manifest)
    for part, token in tokens_of(directory).items():
        if token != found.token:
            raise RecoveryRefused(f"{part}: missing or from another run; {REBUILD}")
    store = RecoveryStore(directory.recovery)
    store.check(found.token)
    scrubbed = store.scrub()
    check_positions(directory, pipeline, store.committed(pipeline.name))
    return Prepared(fresh=False, scrubbed=scrubbed)


def check_positions(directory: DataDir, pipeline: Pipeline, snapshots: Snapshots) -> None:
    """Journal, states and outputs must stand at the same place; anything else is refused."""
    for partition in range(pipeline.partitions):
        _check_partition(directory, pipeline, snapshots, partition)
    lanes = Lanes(pipeline.producers, pipeline.partitions)
    for lane in lanes.names:
        _check_output(lanes.file(directory.logs, lane), int(snapshots.get((TOPICS, lane), 0)))


def rebuild(root: Path) -> None:
    """Drop recovery store, state and stage topics; the next start makes them again from the journal.

    The manifest goes last: an interrupted rebuild is refused at the next start, and can be repeated.
    Raises ``WrongUsage`` where nothing ever ran, ``RecoveryRefused`` where files lie that no run wrote.
    """
    directory = DataDir(root)
    if not directory.journal.is_dir():
        raise WrongUsage(f"{root}: no run here (it has no folder logs/{JOURNAL}); name the --out of a run")
    with locked(directory):
        _refuse_foreign(directory)
        topics = (path for path in sorted(directory.logs.glob("*")) if path.is_dir() and path.name != JOURNAL)
        for path in (*topics, directory.state, directory.recovery):
            shutil.rmtree(path, ignore_errors=False) if path.exists() else None
        directory.manifest.unlink(missing_ok=True)


def _refuse_foreign(directory: DataDir) -> None:
    """A folder of somebody's may hold folders of these names: what no run wrote is never deleted."""
    topics = (path for path in sorted(directory.logs.glob("*")) if path.is_dir())
    for part in (directory.state, directory.recovery, *topics):
        for path in sorted(part.rglob("*")):
            if path.is_symlink() or (path.is_file() and not _OURS.fullmatch(path.name)):
                raise RecoveryRefused(
                    f"{path}: no run wrote this, and the folder is to be made anew; move it away, or use another --out"
                )


def _create(directory: DataDir, manifest: Manifest) -> None:
    """Without a manifest no flow has run here, so what an interrupted creation left can go; nothing else can."""
    _refuse_foreign(directory)
    for log_file in sorted(directory.logs.glob("*/p*.jsonl")):
        if log_file.parent.name != JOURNAL and log_file.stat().st_size:
            raise RecoveryRefused(f"{log_file}: an output without {directory.manifest}; {REBUILD}")
    for part in (directory.recovery, directory.state):
        if part.exists():
            shutil.rmtree(part)
    RecoveryStore(directory.recovery).create(manifest.token)
    put_tokens(directory, manifest.token)
    create_parts(directory.journal, manifest.partitions)  # a loader may be writing to it now: only make files
    manifest.write(directory.manifest)


def _check_journal_count(directory: DataDir, pipeline: Pipeline) -> None:
    found = max((int(path.stem[1:]) + 1 for path in directory.journal.glob("p*.jsonl")), default=0)
    if found not in (0, pipeline.partitions):
        raise RecoveryRefused(
            f"{directory.journal}: {found} partitions, but {pipeline.partitions} are asked for; "
            "their number is fixed for ever: start with a new directory"
        )


def _check_partition(directory: DataDir, pipeline: Pipeline, snapshots: Snapshots, partition: int) -> None:
    key = part_name(partition)
    offset, handed_on = snapshots.get((JOURNAL, key), (0, 0))
    journal = part_file(directory.journal, partition)
    if not journal.exists() or journal.stat().st_size < offset:
        raise RecoveryRefused(
            f"{journal}: ends before offset {offset}, which was already read; restore the journal"
        )
    for number, stage in enumerate(pipeline.stages):
        snapshot = snapshots.get((stage.name, key))
        applied = snapshot["applied"] if snapshot else 0
        if applied != handed_on:
            raise StateCorrupt(
                f"stage {stage.name}, partition {partition}: its state stands at record {applied}, "
                f"its input at {handed_on}; {REBUILD}"
            )
        last = number + 1 == len(pipeline.stages)
        handed_on = 0 if last or not snapshot else snapshot["emitted"].get(_input_after(pipeline, number), 0)


def _input_after(pipeline: Pipeline, number: int) -> str:
    return pipeline.stages[number + 1].input_topic


def _check_output(log_file: Path, committed: int) -> None:
    length = log_file.stat().st_size if log_file.exists() else 0
    if length < committed:
        raise RecoveryRefused(f"{log_file}: {length} bytes, but {committed} were committed; {REBUILD}")
    if (read_committed(log_file) or 0) > committed:
        raise RecoveryRefused(
            f"{log_file}: readers were shown more than the recovery store knows of, "
            f"so the store is an older copy; {REBUILD}"
        )

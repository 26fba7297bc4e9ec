"""The product's flow on a slice of the demo's sample: load it, run it both ways, and read back what it left."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from connectors.jsonl.log import JsonlLog, read_log
from connectors.jsonl.state import JsonlStateLog
from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from contracts.outcomes import Ledger
from contracts.pointer import Pointer
from contracts.registry import read_journal, read_record
from contracts.stages import EnrichedItem
from contracts.vectors import GridVector, ThemePoint
from demo.sample import generate
from demo.write import write_customers
from flows.stages import Pipeline, Stage
from models.encoders.hashing import KeywordEncoder
from models.encoders.load import load_encoder
from models.themes.policy import ThemePolicy
from operators.hosting import StepHost
from operators.themes.step import ThemesStep
from settings import load_settings
from tests.support.crash import run_to_end
from wiring.datadir import DataDir, Manifest
from wiring.history import History
from wiring.loads import LoadBook
from wiring.pipeline import FLOW
from wiring.product import open_parts, product_pipeline
from wiring.recovery import check_positions
from wiring.reference import ReferenceRunner
from wiring.snapshots import RecoveryStore
from wiring.stages.themes import memory_index
from wiring.topics import INPUTS, STAGES, stage_producers

TENANT = "local"
SEED = 1
LOADED_AT = datetime(2026, 6, 1, tzinfo=UTC)
NO_CHECKOUT: Mapping[str, str] = {"GIT_DIR": os.devnull}
"""Provenance names the commit, and someone may commit between two runs that are compared."""

KEYWORDS: Mapping[str, str] = {
    "UNDERCURRENT_ENCODER": "keywords",
    "UNDERCURRENT_NAMES": "off",
    **NO_CHECKOUT,
}
"""Settings without any weights: they start fast and are there on every machine."""

WEIGHTS: Mapping[str, str] = {"UNDERCURRENT_ENCODER": "minilm", "UNDERCURRENT_NAMES": "auto", **NO_CHECKOUT}
"""Settings with all weights."""

OUTAGE = slice(850, 1350)
"""Deliveries around the planted outage, with repeats, edits, abuse and broken lines among them."""

OUTAGE_DAY = slice(780, 1060)
"""Fewer of them, for models that take their time; enough for themes."""


def _never(_partition: int) -> Any:
    raise AssertionError("this pipeline is only looked at")


def load_sample(directory: Path, part: slice = OUTAGE) -> int:
    """Load a slice of the sample into the journal of a new directory; how many journal records that made."""
    sample = generate(SEED)
    directory.mkdir(parents=True)
    source = directory / "feedback.jsonl"
    source.write_bytes(b"".join(delivery.raw + b"\n" for delivery in sample.deliveries[part]))
    write_customers(sample, directory / "customers.csv")
    return load_file(directory, source, directory / "customers.csv")


def load_file(directory: Path, source: Path, customers: Path | None = None) -> int:
    """Load a file into the journal of a directory, and run nothing; how many journal records that made."""
    with closing(LocalVault(directory / "keys")) as vault, JsonlLog(DataDir(directory).journal, 1) as journal:
        history = History(TENANT, 0, journal, vault, LoadBook(directory))
        return history.load(source, mapping=None, customers=customers, now=LOADED_AT)


def copy_of(loaded: Path, to: Path) -> Path:
    """A directory with the same journal and the same keys, in which no flow has run."""
    shutil.copytree(loaded / "keys", to / "keys")
    shutil.copytree(DataDir(loaded).journal, DataDir(to).journal)
    return to


def worker_argv(directory: Path) -> list[str]:
    """The command that runs the flow, as ``run`` and ``demo`` start it."""
    return [sys.executable, "-m", "cli", "worker", str(directory)]


def run_worker(directory: Path, env: Mapping[str, str] = KEYWORDS) -> str:
    """Run the flow with Bytewax in a process of its own, undisturbed; what it said."""
    return run_to_end(worker_argv(directory), env=env, timeout_s=240)


def run_reference(directory: Path, logs: Path, env: Mapping[str, str] = KEYWORDS) -> None:
    """Run the flow without an engine over the directory's journal and keys, its vectors in memory."""
    with patch.dict(os.environ, env):
        settings = load_settings()
        index = memory_index(load_encoder(settings.encoder)[0])
        parts = open_parts(directory, settings, index=index)
    ReferenceRunner(product_pipeline(parts, 1), DataDir(directory).journal, logs).run()
    assert isinstance(parts.vault, LocalVault)
    parts.vault.close()


def check_state_equals_offsets(directory: Path) -> None:
    """What is committed stands at one place: journal, every stage's state, every topic."""
    data = DataDir(directory)
    if Manifest.read(data.manifest) is None:
        return  # killed before the directory was made
    snapshots = RecoveryStore(data.recovery).committed(FLOW)
    stages = tuple(Stage(name, INPUTS[name], _never) for name in STAGES)
    check_positions(data, Pipeline(FLOW, stages, stage_producers(), 1, read_journal), snapshots)


def state_of(directory: Path) -> dict[str, tuple[Any, ...]]:
    """What every stage knows at the end: its small state, its place in the streams, its living bulk rows."""
    data = DataDir(directory)
    snapshots = RecoveryStore(data.recovery).committed(FLOW)
    state = {}
    for stage in STAGES:
        snapshot = snapshots[stage, "p0000"]
        rows: dict[tuple[str, str], Any] = {}
        with closing(JsonlStateLog(data.state / stage, 0)) as log:
            for table, key, value in log.load(Pointer.from_data(snapshot["pointer"])):
                rows[table, key] = value
        living = {place: value for place, value in rows.items() if value is not None}
        state[stage] = (snapshot["small"], snapshot["applied"], snapshot["emitted"], merged(living))
    return state


IN_SEGMENTS = ("engine.members", "settled")
"""Tables of ``models.themes.columns``."""


def merged(rows: Mapping[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """The rows with what lies in segments put together: where a segment ends is where a snapshot happened to be."""
    merged: dict[tuple[str, str], Any] = {}
    for (table, key), value in sorted(rows.items()):
        if not table.endswith(IN_SEGMENTS):
            merged[table, key] = value
            continue
        names, *columns, gone = map(base64.b64decode, value)
        count = len(names) // 8
        for n in range(count):
            cells = tuple(
                column[n * len(column) // count : (n + 1) * len(column) // count] for column in columns
            )
            merged[table, names[n * 8 : n * 8 + 8].hex()] = cells
        for n in range(len(gone) // 8):
            merged.pop((table, gone[n * 8 : n * 8 + 8].hex()), None)
    return merged


class _Mirror(MemoryIndex):
    """Keeps what the themes stage writes when it is restored: all centroids that it decides against."""

    def __init__(self) -> None:
        super().__init__(item_dims=KeywordEncoder().dims, theme_dims=ThemePolicy().components)
        self.points: list[ThemePoint] = []

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        self.points = list(points)


def theme_mirror(directory: Path) -> list[ThemePoint]:
    """The centroids of the themes stage, from its own committed state."""
    data = DataDir(directory)
    mirror = _Mirror()
    with (
        closing(LocalVault(directory / "keys")) as vault,
        closing(JsonlStateLog(data.state / "themes", 0)) as log,
    ):
        step = ThemesStep(vault, mirror, KeywordEncoder().version)
        StepHost("themes", 0, step, log).restore(
            RecoveryStore(data.recovery).committed(FLOW)["themes", "p0000"]
        )
    return mirror.points


def item_vectors(directory: Path) -> list[GridVector]:
    """The vectors of all concerns, in the order in which they were extracted."""
    records = (
        read_record("enriched", line.data) for line in read_log(DataDir(directory).logs / "enriched", 0)
    )
    return [
        np.frombuffer(base64.b64decode(concern.vector.data), dtype="<i2")
        for record in records
        if isinstance(record, EnrichedItem)
        for concern in record.concerns
        if concern.vector is not None
    ]


def ledger_of(directory: Path) -> Ledger:
    """What became of everything, from the journal and every topic."""
    ledger = Ledger()
    logs = DataDir(directory).logs
    for ordinal, line in enumerate(read_log(logs / "journal", 0)):
        ledger.apply("journal", read_journal(0, ordinal, line.data))
    for folder in sorted(logs.glob("*")):
        if folder.is_dir() and folder.name != "journal":
            for part in range(len(list(folder.glob("p*.jsonl")))):
                for line in read_log(folder, part):
                    ledger.apply(folder.name, read_record(folder.name, line.data))
    return ledger

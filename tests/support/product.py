"""The product's flow on a slice of the demo's sample: load it, run it both ways, and read back what it left."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from connectors.jsonl.log import JsonlLog, read_log
from connectors.keys.vault import LocalVault
from contracts.outcomes import Ledger
from contracts.registry import read_journal, read_record
from demo.sample import generate
from demo.write import write_customers
from models.encoders.load import load_encoder
from settings import Settings
from tests.support.crash import run_to_end
from wiring.datadir import DataDir
from wiring.history import History, LoadBook
from wiring.product import memory_index, open_parts, product_pipeline
from wiring.reference import ReferenceRunner

TENANT = "local"
SEED = 1
LOADED_AT = datetime(2026, 6, 1, tzinfo=UTC)
KEYWORDS: Mapping[str, str] = {"UNDERCURRENT_ENCODER": "keywords", "UNDERCURRENT_NAMES": "off"}
"""Settings without any weights: they start fast and are there on every machine."""

OUTAGE = slice(850, 1350)
"""Deliveries around the planted outage, with repeats, edits, abuse and broken lines among them."""


def settings_of(env: Mapping[str, str]) -> Settings:
    """The settings that a process with these variables has."""
    return Settings(
        encoder=env["UNDERCURRENT_ENCODER"], names="off" if "UNDERCURRENT_NAMES" in env else "auto"
    )


def load_sample(directory: Path, part: slice = OUTAGE) -> int:
    """Load a slice of the sample into the journal of a new directory; how many journal records that made."""
    sample = generate(SEED)
    directory.mkdir(parents=True)
    source = directory / "feedback.jsonl"
    source.write_bytes(b"".join(delivery.raw + b"\n" for delivery in sample.deliveries[part]))
    write_customers(sample, directory / "customers.csv")
    vault = LocalVault(directory / "keys")
    with JsonlLog(DataDir(directory).journal, 1) as journal:
        history = History(TENANT, 0, journal, vault, LoadBook(directory))
        count = history.load(source, mapping=None, customers=directory / "customers.csv", now=LOADED_AT)
    vault.close()
    return count


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
    settings = settings_of(env)
    index = memory_index(load_encoder(settings.encoder)[0])
    parts = open_parts(directory, settings, index=index)
    ReferenceRunner(product_pipeline(parts, 1), DataDir(directory).journal, logs).run()
    assert isinstance(parts.vault, LocalVault)
    parts.vault.close()


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

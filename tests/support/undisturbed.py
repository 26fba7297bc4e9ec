"""What a run that nobody disturbs makes of a journal: the reference that a disturbed flow is held against."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from connectors.jsonl.log import JsonlLog, read_log
from contracts.pointer import Pointer
from models.encoders.load import load_encoder
from settings import load_settings
from tests.support.product import KEYWORDS, merged
from wiring.product import open_parts, product_pipeline
from wiring.reference import ReferenceRunner
from wiring.stages.themes import memory_index
from wiring.topics import stage_producers

Lane = tuple[str, str, int]
"""Short topic, stage, partition: what one writer writes."""

State = tuple[Any, ...]
"""A stage's small state, its place, what it has emitted, and its living bulk rows."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run that nobody disturbs makes of a journal."""

    journal: Mapping[int, list[bytes]]
    topics: Mapping[Lane, list[bytes]]
    states: Mapping[tuple[str, int], State]


def undisturbed(
    keys: Path, journal: Mapping[int, list[bytes]], scratch: Path, env: Mapping[str, str] = KEYWORDS
) -> Undisturbed:
    """Run the flow without an engine over these records; ``keys`` are those they were sealed under."""
    partitions = len(journal)
    with JsonlLog(scratch / "journal", partitions) as log:
        for p, lines in journal.items():
            log.append(p, lines)
    with patch.dict(os.environ, env):
        settings = load_settings()
        parts = open_parts(keys.parent, settings, index=memory_index(load_encoder(settings.encoder)[0]))
    runner = ReferenceRunner(product_pipeline(parts, partitions), scratch / "journal", scratch / "logs")
    runner.run()
    states = {place: state_of(host.snapshot(), host._log) for place, host in runner.hosts.items()}
    parts.vault.close()  # type: ignore[attr-defined]  # the embedded one
    topics = {
        (topic, stage, p): [line.data for line in read_log(scratch / "logs" / topic, place * partitions + p)]
        for topic, stages in stage_producers().items()
        for place, stage in enumerate(stages)
        for p in range(partitions)
    }
    return Undisturbed(journal, topics, states)


def state_of(snapshot: Mapping[str, Any], log: Any) -> State:
    """What a stage knows, by its snapshot and its state log."""
    rows: dict[tuple[str, str], Any] = {}
    for table, key, value in log.load(Pointer.from_data(snapshot["pointer"])):
        rows[table, key] = value
    living = {place: value for place, value in rows.items() if value is not None}
    return snapshot["small"], snapshot["applied"], snapshot["emitted"], merged(living)

"""The generic flow: its step ids are a storage format, its records reach stages and topics in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.sink import JsonlSink, Published
from connectors.jsonl.source import JsonlSource
from connectors.polling import Reading
from contracts.registry import write_record
from flows.pipeline import build
from operators.statelog import MemoryStateLog
from tests.support.counting import counting_pipeline, decode

FROZEN_STEP_IDS = [
    "counting.journal",
    "counting.count",
    "counting.count_lines",
    "counting.count_hands_on",
    "counting.sum",
    "counting.sum_lines",
    "counting.all_lines",
    "counting.topics",
]


def _step_ids(directory: Path) -> list[str]:
    pipeline = counting_pipeline(1)
    lanes = Lanes(pipeline.producers, 1)
    flow: Any = build(
        pipeline,
        source=JsonlSource(directory, 1, Reading()),
        sink=JsonlSink(directory, lanes, Published()),
        lane=lanes.lane,
        write=lambda emitted: write_record(emitted.out.record),
        open_state_log=lambda _stage, _partition: MemoryStateLog(),
    )
    return [step.step_id for step in flow.substeps]


def test_renaming_a_step_would_orphan_its_snapshots(tmp_path: Path) -> None:
    assert _step_ids(tmp_path) == FROZEN_STEP_IDS


def test_a_record_is_one_line_under_its_contract_names() -> None:
    line = write_record(decode(2, 7, b"k 1"))
    assert line.startswith(b'{"id":"2-7"')
    assert b'"schema":"1.0"' in line
    assert b"\n" not in line

"""F20, F23: a poisoned or torn line, and a step that fails; neighbours never notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from connectors.jsonl.layout import part_file
from connectors.jsonl.log import JsonlLog, read_log
from contracts.envelope import Envelope, Out
from contracts.errors import StopWorker
from flows.stages import Stage
from tests.support.counting import Sum, counting_pipeline
from tests.support.flows_on_disk import PARTITIONS, left_behind, new_directory, reference, run_all


def test_poisoned_lines_and_only_they_go_to_the_dead_letters(tmp_path: Path) -> None:
    run_all(new_directory(tmp_path))
    poisoned = [
        n for n, line in enumerate(read_log(tmp_path / "logs" / "journal", 1)) if b"\xff" in line.data
    ]
    dead = [line.data.split(b'"')[3].decode() for line in read_log(tmp_path / "logs" / "dead-letters", 1)]
    assert dead == [f"1-{n}-count-0" for n in poisoned]
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_torn_last_line_of_the_journal_waits_until_it_is_whole(tmp_path: Path) -> None:
    new_directory(tmp_path)
    with part_file(tmp_path / "logs" / "journal", 0).open("ab") as journal:
        journal.write(b"k1 5")
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)
    with part_file(tmp_path / "logs" / "journal", 0).open("ab") as journal:
        journal.write(b"\n")
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_torn_line_that_its_writer_repairs_never_counted(tmp_path: Path) -> None:
    new_directory(tmp_path)
    with part_file(tmp_path / "logs" / "journal", 0).open("ab") as journal:
        journal.write(b"k1 5")
    run_all(tmp_path)
    with JsonlLog(tmp_path / "logs" / "journal", PARTITIONS) as log:
        log.append(0, [b"k2 6"])
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


class BrokenSum(Sum):
    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        if any(record.id.startswith("0-200-") for record in records):
            raise ZeroDivisionError
        return super().on_records(records)


def test_a_step_that_fails_stops_the_flow_and_a_mended_one_goes_on_without_loss(tmp_path: Path) -> None:
    new_directory(tmp_path)
    pipeline = counting_pipeline(PARTITIONS)
    broken = Stage("sum", "counted", lambda _partition: BrokenSum())
    with pytest.raises(
        StopWorker, match=r"stage sum, partition 0: ZeroDivisionError in records 0-\d+-count-2 …"
    ):
        run_all(tmp_path, dataclasses.replace(pipeline, stages=(pipeline.stages[0], broken)))
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)

"""The journal source: whole lines, batches, tailing, draining, resuming."""

from __future__ import annotations

from pathlib import Path

import pytest
from bytewax.inputs import StatefulSourcePartition

from connectors.jsonl.layout import part_file
from connectors.jsonl.source import JsonlSource
from connectors.polling import JournalLine, Position, Reading

Part = StatefulSourcePartition[tuple[str, JournalLine], Position]


def _part(directory: Path, reading: Reading, resumed: Position | None = None) -> Part:
    return JsonlSource(directory, 1, reading).build_part("journal", "p0000", resumed)


def _write(directory: Path, content: bytes) -> None:
    with part_file(directory, 0).open("ab") as file:
        file.write(content)


def _data(part: Part) -> list[bytes]:
    return [line.data for _key, line in part.next_batch()]


def test_records_come_in_batches_with_their_coordinates(tmp_path: Path) -> None:
    _write(tmp_path, b"a\nb\nc\n")
    part = _part(tmp_path, Reading(batch=2))
    assert part.next_batch() == [("p0000", JournalLine(0, 0, b"a")), ("p0000", JournalLine(0, 1, b"b"))]
    part.close()


def test_the_end_of_the_journal_ends_the_flow_and_a_torn_line_is_not_read(tmp_path: Path) -> None:
    _write(tmp_path, b"a\ntorn")
    part = _part(tmp_path, Reading())
    assert _data(part) == [b"a"]
    with pytest.raises(StopIteration):
        part.next_batch()
    part.close()


def test_a_tail_waits_for_the_rest_of_a_line(tmp_path: Path) -> None:
    _write(tmp_path, b"a\nhal")
    part = _part(tmp_path, Reading(follow=True))
    assert _data(part) == [b"a"]
    assert (_data(part), part.next_awake() is None) == ([], False)
    _write(tmp_path, b"f\n")
    assert _data(part) == [b"half"]
    part.close()


def test_a_resumed_partition_goes_on_behind_its_snapshot(tmp_path: Path) -> None:
    _write(tmp_path, b"a\nbb\nc\n")
    part = _part(tmp_path, Reading(batch=2))
    part.next_batch()
    resumed = _part(tmp_path, Reading(), part.snapshot())
    assert resumed.next_batch() == [("p0000", JournalLine(0, 2, b"c"))]
    part.close()
    resumed.close()


def test_draining_ends_a_tail_before_the_next_record(tmp_path: Path) -> None:
    _write(tmp_path, b"a\n")
    part = _part(tmp_path, Reading(follow=True, draining=lambda: True))
    with pytest.raises(StopIteration):
        part.next_batch()
    assert part.snapshot() == (0, 0)
    part.close()


def test_committed_epochs_are_released_before_anything_is_read(tmp_path: Path) -> None:
    _write(tmp_path, b"a\n")
    polls: list[str] = []
    part = _part(tmp_path, Reading(on_poll=lambda: polls.append("released")))
    part.next_batch()
    assert polls == ["released"]
    part.close()

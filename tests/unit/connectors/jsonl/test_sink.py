"""The topic sink: offsets, cutting back, publishing, one writer per file."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.jsonl.lanes import Lanes
from connectors.jsonl.layout import part_file, read_committed
from connectors.jsonl.sink import JsonlSink, Published
from contracts.errors import StopWorker

LANES = Lanes({"a": ["one"], "b": ["one", "two"]}, partitions=2)


def _sink(logs: Path) -> tuple[JsonlSink, Published]:
    published = Published()
    sink = JsonlSink(logs, LANES, published)
    sink.prepare()
    return sink, published


def test_every_stage_has_files_of_its_own_in_a_shared_topic() -> None:
    assert LANES.lane("b", "one", 1) == "b/p0001"
    assert LANES.lane("b", "two", 1) == "b/p0003"
    assert LANES.names == ["a/p0000", "a/p0001", "b/p0000", "b/p0001", "b/p0002", "b/p0003"]


def test_a_stage_that_is_no_declared_producer_stops_the_worker() -> None:
    with pytest.raises(StopWorker, match="stage two is not a declared producer of topic a"):
        LANES.lane("a", "two", 0)


def test_the_key_of_a_lane_is_its_place_among_the_sorted_lanes(tmp_path: Path) -> None:
    lanes = Lanes({"a": ["one"], "a-b": ["one"]}, partitions=2)
    sink = JsonlSink(tmp_path, lanes, Published())
    assert [sink.part_fn(name) for name in sorted(sink.list_parts())] == [0, 1, 2, 3]


def test_a_new_topic_can_be_read_at_once_and_is_empty(tmp_path: Path) -> None:
    _sink(tmp_path)
    file = part_file(tmp_path / "b", 3)
    assert (file.read_bytes(), read_committed(file)) == (b"", 0)


def test_what_was_written_after_the_snapshot_is_cut_off_on_resume(tmp_path: Path) -> None:
    sink, _published = _sink(tmp_path)
    part = sink.build_part("topics", "a/p0000", None)
    part.write_batch([b"one", b"two"])
    offset = part.snapshot()
    part.write_batch([b"lost", b"and", b"more"])
    part.close()
    resumed = sink.build_part("topics", "a/p0000", offset)
    resumed.write_batch([b"three"])
    resumed.close()
    assert part_file(tmp_path / "a", 0).read_bytes() == b"one\ntwo\nthree\n"


def test_without_a_snapshot_nothing_was_ever_committed(tmp_path: Path) -> None:
    sink, _published = _sink(tmp_path)
    part_file(tmp_path / "a", 0).write_bytes(b"of a dead run\n")
    sink.build_part("topics", "a/p0000", None).close()
    assert part_file(tmp_path / "a", 0).read_bytes() == b""


def test_readers_see_an_epoch_only_once_it_is_released(tmp_path: Path) -> None:
    sink, published = _sink(tmp_path)
    part = sink.build_part("topics", "a/p0000", None)
    part.write_batch([b"one"])
    part.snapshot()
    before = read_committed(part_file(tmp_path / "a", 0))
    published.release()
    part.close()
    assert (before, read_committed(part_file(tmp_path / "a", 0))) == (0, 4)

"""The state log: damage is found where it is, compaction keeps what a snapshot may still point to."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.jsonl.state import JsonlStateLog
from contracts.errors import StateCorrupt
from contracts.pointer import Change, Pointer
from contracts.state import StateEntry


def _written(directory: Path, *batches: list[Change], compact_from: int = 1 << 20) -> list[Pointer]:
    log = JsonlStateLog(directory, 0, compact_from_bytes=compact_from, compact_growth=2)
    assert list(log.load(None)) == []
    pointers = [log.append(batch) for batch in batches]
    log.close()
    return pointers


def _loaded(directory: Path, pointer: Pointer) -> list[Change]:
    log = JsonlStateLog(directory, 0)
    try:
        return list(log.load(pointer))
    finally:
        log.close()


def test_a_log_is_loaded_up_to_its_pointer_and_cut_there(tmp_path: Path) -> None:
    first, second = _written(tmp_path, [("t", "a", 1)], [("t", "a", 2)])
    assert _loaded(tmp_path, first) == [("t", "a", 1)]
    assert (tmp_path / "p0000.0.jsonl").stat().st_size == first.bytes < second.bytes


def test_every_line_is_a_state_entry(tmp_path: Path) -> None:
    _written(tmp_path, [("t", "a", {"x": [1, None]}), ("t", "b", None)])
    lines = (tmp_path / "p0000.0.jsonl").read_bytes().splitlines()
    assert [StateEntry.model_validate_json(line).value for line in lines] == [{"x": [1, None]}, None]


def test_nothing_changed_costs_nothing(tmp_path: Path) -> None:
    first, second = _written(tmp_path, [("t", "a", 1)], [])
    assert first == second


@pytest.mark.parametrize("position", range(0, 130, 7))
def test_a_flipped_byte_is_found_with_file_offset_and_what_to_do(tmp_path: Path, position: int) -> None:
    (pointer,) = _written(tmp_path, [("table", f"key-{n}", n) for n in range(3)])
    path = tmp_path / "p0000.0.jsonl"
    damaged = bytearray(path.read_bytes())
    damaged[position] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(StateCorrupt, match=r"p0000\.0\.jsonl.*offset \d+.*rebuild"):
        _loaded(tmp_path, pointer)


@pytest.mark.parametrize("keep", [0, 10, 60])
def test_a_log_that_lost_its_end_is_refused(tmp_path: Path, keep: int) -> None:
    (pointer,) = _written(tmp_path, [("t", "a", 1), ("t", "b", 2)])
    path = tmp_path / "p0000.0.jsonl"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StateCorrupt, match="rebuild"):
        _loaded(tmp_path, pointer)


def test_a_missing_log_is_refused(tmp_path: Path) -> None:
    (pointer,) = _written(tmp_path, [("t", "a", 1)])
    (tmp_path / "p0000.0.jsonl").unlink()
    with pytest.raises(StateCorrupt, match="missing"):
        _loaded(tmp_path, pointer)


def test_compaction_keeps_only_living_entries(tmp_path: Path) -> None:
    changes: list[Change] = [("t", "a", n) for n in range(20)]
    pointer = _written(
        tmp_path, [("t", "gone", 1), ("t", "b", 5)], [*changes, ("t", "gone", None)], compact_from=200
    )[-1]
    assert pointer.generation == 1
    assert _loaded(tmp_path, pointer) == [("t", "b", 5), ("t", "a", 19)]


def test_the_generation_before_a_compaction_can_still_be_resumed_from(tmp_path: Path) -> None:
    before, after = _written(tmp_path, [("t", "a", 1)], [("t", "a", n) for n in range(9)], compact_from=200)
    assert (before.generation, after.generation) == (0, 1)
    assert _loaded(tmp_path, before) == [("t", "a", 1)]
    assert [path.name for path in tmp_path.iterdir()] == ["p0000.0.jsonl"]


def test_old_generations_go_with_the_next_compaction(tmp_path: Path) -> None:
    batches: list[list[Change]] = [[("t", "a", n)] * 10 for n in range(4)]
    last = _written(tmp_path, *batches, compact_from=200)[-1]
    assert last.generation == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p0000.3.jsonl", "p0000.4.jsonl"]


def test_compaction_tells_names_from_values_whatever_they_hold(tmp_path: Path) -> None:
    names = ['a,"value":null}', 'b\\",\\"value\\":', "null}", ',"key":"c'] + [f"k{n}" for n in range(5_000)]
    log = JsonlStateLog(tmp_path, 0, compact_from_bytes=1, compact_growth=1.5)
    list(log.load(None))
    log.append(("t", name, name) for name in names)
    again: list[Change] = [("t", name, name) for name in names[1:]]
    at = log.append([("t", names[0], None), ("u", names[1], "null}"), *again])
    log.close()
    assert at.generation == 2
    left = {("t", name): name for name in names[1:]} | {("u", names[1]): "null}"}
    assert {(table, key): value for table, key, value in JsonlStateLog(tmp_path, 0).load(at)} == left

"""F13, F14, F17: a data directory that does not fit is refused with what to do, and a rebuild makes it fit."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.jsonl.layout import part_file, publish
from connectors.jsonl.log import JsonlLog, read_log
from contracts.errors import RecoveryRefused, StateCorrupt, StopWorker, WrongUsage
from flows.stages import Pipeline, Stage
from tests.support.counting import Count, counting_pipeline
from tests.support.flows_on_disk import PARTITIONS, left_behind, new_directory, reference, run_all, run_some
from wiring.datadir import DataDir, locked
from wiring.engine import Running, run_pipeline
from wiring.recovery import rebuild

STORE = "recovery/part-0.sqlite3"


def _flip(path: Path, at: int, count: int = 64) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + count] = bytes(255 - byte for byte in data[at : at + count])
    path.write_bytes(data)


def _truncate(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "store truncated": lambda root: _truncate(root / STORE, 0.5),
    "store header flipped": lambda root: _flip(root / STORE, 0),
    "store pages flipped": lambda root: _flip(root / STORE, 4096, 8192),
    "store missing": lambda root: _remove(root / STORE),
    "recovery directory missing": lambda root: _remove(root / "recovery"),
    "state directory missing": lambda root: _remove(root / "state"),
    "state log missing": lambda root: _remove(root / "state" / "sum"),
    "state log flipped": lambda root: _flip(root / "state/count/p0001.0.jsonl", 40, 1),
    "state log truncated": lambda root: _truncate(root / "state/count/p0000.0.jsonl", 0.4),
    "output truncated": lambda root: _truncate(root / "logs/sums/p0001.jsonl", 0.3),
    "output missing": lambda root: _remove(root / "logs/counted"),
    "manifest damaged": lambda root: (root / "manifest.json").write_text("{"),
    "manifest missing": lambda root: _remove(root / "manifest.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_and_a_rebuild_repairs_it(tmp_path: Path, damage: str) -> None:
    run_some(new_directory(tmp_path))
    DAMAGES[damage](tmp_path)
    with pytest.raises(StopWorker, match="rebuild"):
        run_all(tmp_path)
    rebuild(tmp_path)
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


@pytest.mark.parametrize("folder", ["state", "recovery/old", "logs/app"])
def test_what_no_run_wrote_is_never_deleted(tmp_path: Path, folder: str) -> None:
    run_some(new_directory(tmp_path))
    (tmp_path / "manifest.json").unlink()
    mine = tmp_path / folder / "terraform.tfstate"
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine")
    for attempt in (rebuild, run_all):
        with pytest.raises(RecoveryRefused, match="no run wrote this"):
            attempt(tmp_path)
    assert mine.read_text() == "mine"


def test_a_folder_in_which_nothing_ran_is_not_rebuilt(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with pytest.raises(WrongUsage, match="no run here"):
        rebuild(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def _other_flow(pipeline: Pipeline) -> Pipeline:
    return dataclasses.replace(pipeline, name="another")


def _other_stages(pipeline: Pipeline) -> Pipeline:
    renamed = Stage("tally", "journal", lambda _partition: Count())
    return dataclasses.replace(pipeline, stages=(renamed, *pipeline.stages[1:]))


def _other_lanes(pipeline: Pipeline) -> Pipeline:
    return dataclasses.replace(pipeline, producers={**pipeline.producers, "shared": ["sum", "count"]})


@pytest.mark.parametrize(
    ("change", "named"),
    [(_other_flow, "flow"), (_other_stages, "stages"), (_other_lanes, "producers")],
)
def test_another_flow_is_refused(tmp_path: Path, change: Callable[[Pipeline], Pipeline], named: str) -> None:
    run_some(new_directory(tmp_path))
    with pytest.raises(RecoveryRefused, match=f"belongs to {named} .*rebuild"):
        run_all(tmp_path, change(counting_pipeline(PARTITIONS)))


def test_another_number_of_partitions_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    with pytest.raises(RecoveryRefused, match=r"2 partitions, but 3 are asked for.*new directory"):
        run_all(tmp_path, counting_pipeline(3))


def test_another_output_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    with pytest.raises(RecoveryRefused, match="belongs to output 'files', not 'elsewhere'"):
        run_pipeline(counting_pipeline(PARTITIONS), tmp_path, Running(output="elsewhere"))


def test_a_store_of_another_run_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path / "a"))
    run_some(new_directory(tmp_path / "b"))
    shutil.copy(tmp_path / "a" / STORE, tmp_path / "b" / STORE)
    with pytest.raises(RecoveryRefused, match="belongs to another run"):
        run_all(tmp_path / "b")


def test_outputs_of_another_run_are_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path / "a"))
    run_some(new_directory(tmp_path / "b"))
    shutil.rmtree(tmp_path / "b" / "logs")
    shutil.copytree(tmp_path / "a" / "logs", tmp_path / "b" / "logs")
    with pytest.raises(RecoveryRefused, match="logs: missing or from another run"):
        run_all(tmp_path / "b")


def test_an_older_copy_of_the_store_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path), after=100)
    shutil.copytree(tmp_path / "recovery", tmp_path / "old")
    run_some(tmp_path, after=300)
    shutil.rmtree(tmp_path / "recovery")
    shutil.copytree(tmp_path / "old", tmp_path / "recovery")
    with pytest.raises(RecoveryRefused, match="older copy"):
        run_all(tmp_path)


def test_a_journal_that_lost_records_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    _truncate(part_file(tmp_path / "logs" / "journal", 0), 0.1)
    with pytest.raises(RecoveryRefused, match="restore the journal"):
        run_all(tmp_path)


def test_state_that_is_ahead_of_its_source_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    with sqlite3.connect(tmp_path / STORE) as store:
        store.execute("delete from snaps where step_id = 'counting.journal' and state_key = 'p0001'")
    store.close()
    with pytest.raises(StateCorrupt, match="stage count, partition 1: its state stands at record"):
        run_all(tmp_path)


def test_a_directory_in_use_is_refused_and_the_process_named(tmp_path: Path) -> None:
    new_directory(tmp_path)
    with (
        locked(DataDir(tmp_path)),
        pytest.raises(RecoveryRefused, match=f"in use by process {os.getpid()}"),
    ):
        run_all(tmp_path)


def test_a_rebuild_of_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    run_all(new_directory(tmp_path))
    with locked(DataDir(tmp_path)), pytest.raises(RecoveryRefused, match="in use"):
        rebuild(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_flow_starts_beside_a_loader_that_holds_the_journal(tmp_path: Path) -> None:
    with JsonlLog(tmp_path / "logs" / "journal", PARTITIONS) as log:
        log.append(0, [b"k1 1"])
        run_all(tmp_path)
    assert len(list(read_log(tmp_path / "logs" / "counted", 0))) == 1


def test_a_creation_that_was_interrupted_starts_again(tmp_path: Path) -> None:
    new_directory(tmp_path)
    (tmp_path / "recovery").mkdir()
    (tmp_path / STORE).write_bytes(b"half")
    run_all(tmp_path)
    assert left_behind(tmp_path) == reference(tmp_path)


def test_a_snapshot_that_names_code_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    with sqlite3.connect(tmp_path / STORE) as store:
        store.execute("update snaps set ser_change = ? where step_id = 'counting.sum'", (b"cos\nsystem\n.",))
    store.close()
    with pytest.raises(StateCorrupt, match=r"names os\.system"):
        run_all(tmp_path)


def test_a_log_shown_beyond_what_is_committed_is_refused(tmp_path: Path) -> None:
    run_some(new_directory(tmp_path))
    file = part_file(tmp_path / "logs" / "sums", 0)
    publish(file, file.stat().st_size + 1)
    with pytest.raises(RecoveryRefused, match="older copy"):
        run_all(tmp_path)

"""The journal as files: ordinals, torn tails, one writer, what a reader may see."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.jsonl.layout import committed_file, part_file, publish
from connectors.jsonl.log import JsonlLog, read_log
from contracts.errors import RecoveryRefused, StopWorker, WrongUsage


def test_appending_returns_the_ordinals_of_the_new_records(tmp_path: Path) -> None:
    with JsonlLog(tmp_path, 2) as log:
        assert list(log.append(1, [b"a", b"b"])) == [0, 1]
        assert list(log.append(1, [b"c"])) == [2]
        assert (log.count(0), log.count(1)) == (0, 3)


def test_a_reopened_log_goes_on_counting(tmp_path: Path) -> None:
    with JsonlLog(tmp_path, 1) as log:
        log.append(0, [b"a", b"b"])
    with JsonlLog(tmp_path, 1) as log:
        assert list(log.append(0, [b"c"])) == [2]
    assert [line.data for line in read_log(tmp_path, 0)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("left", [b"", b"\0\0"])
def test_what_a_power_cut_left_of_the_published_offset_shows_nothing(tmp_path: Path, left: bytes) -> None:
    part_file(tmp_path, 0).write_bytes(b"not committed\n")
    committed_file(part_file(tmp_path, 0)).write_bytes(left)
    assert list(read_log(tmp_path, 0)) == []


def test_a_torn_last_line_is_cut_off_and_its_ordinal_given_again(tmp_path: Path) -> None:
    part_file(tmp_path, 0).write_bytes(b"whole\ntorn")
    with JsonlLog(tmp_path, 1) as log:
        assert list(log.append(0, [b"next"])) == [1]
    assert part_file(tmp_path, 0).read_bytes() == b"whole\nnext\n"


def test_a_tail_longer_than_one_read_is_cut_off_at_the_last_newline(tmp_path: Path) -> None:
    part_file(tmp_path, 0).write_bytes(b"whole\n" + b"x" * (3 << 20))
    JsonlLog(tmp_path, 1).close()
    assert part_file(tmp_path, 0).read_bytes() == b"whole\n"


def test_what_is_known_is_not_read_again_and_another_file_is_not_taken_for_it(tmp_path: Path) -> None:
    with JsonlLog(tmp_path, 1) as log:
        log.append(0, [b"one", b"two"])
        known = log.tails
    with JsonlLog(tmp_path, 1) as other:
        other.append(0, [b"three"])
    path = part_file(tmp_path, 0)
    with path.open("ab") as file:
        file.write(b"torn")
    with JsonlLog(tmp_path, 1, known=known) as log:
        assert (log.count(0), log.append(0, [b"four"])) == (3, range(3, 4))
    assert path.read_bytes() == b"one\ntwo\nthree\nfour\n"
    path.rename(tmp_path / "kept")
    path.write_bytes(b"a longer line than both of them\n")
    with JsonlLog(tmp_path, 1, known=known) as log:
        assert log.count(0) == 1


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with JsonlLog(tmp_path, 1), pytest.raises(RecoveryRefused, match="another process is writing"):
        JsonlLog(tmp_path, 1)


def test_a_record_with_a_newline_is_refused_whole(tmp_path: Path) -> None:
    with JsonlLog(tmp_path, 1) as log:
        with pytest.raises(WrongUsage):
            log.append(0, [b"fine", b"two\nlines"])
        assert log.count(0) == 0


def test_whoever_looks_while_a_log_is_made_sees_the_number_of_its_partitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    touch = Path.touch

    def noting(path: Path, mode: int = 0o666, exist_ok: bool = True) -> None:
        made.append(path.name)
        touch(path, mode, exist_ok)

    monkeypatch.setattr(Path, "touch", noting)
    JsonlLog(tmp_path, 3).close()
    assert made == ["p0002.jsonl", "p0001.jsonl", "p0000.jsonl"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StopWorker, match="file"):
        JsonlLog(tmp_path / "file" / "log", 1)


def test_a_reader_gets_whole_lines_from_its_offset_on(tmp_path: Path) -> None:
    part_file(tmp_path, 0).write_bytes(b"one\ntwo\nhal")
    assert list(read_log(tmp_path, 0, from_offset=4)) == [(8, b"two")]


def test_a_reader_stops_at_the_published_offset(tmp_path: Path) -> None:
    part_file(tmp_path, 0).write_bytes(b"one\ntwo\n")
    publish(part_file(tmp_path, 0), 4)
    assert list(read_log(tmp_path, 0)) == [(4, b"one")]


def test_a_partition_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list(read_log(tmp_path, 3)) == []

"""A watched folder: complete files once, in the order of their age; what cannot be read aside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contracts.errors import PipelineError, StopWorker, WrongUsage
from wiring.bulk.folder import watch_folder


class Watched:
    """A folder that is looked at a few times."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.taken, self.refused = folder, list[str](), list[str]()
        self.between = list[object]()

    def look(self, times: int) -> None:
        left = iter(range(times - 1, -1, -1))

        def wait(_s: float) -> bool:
            for act in self.between:
                act()  # type: ignore[operator]
            return next(left) == 0

        watch_folder(self.folder, self.take, self.refuse, every_s=1.0, wait=wait)

    def take(self, path: Path) -> None:
        if path.name.startswith("bad"):
            raise WrongUsage("not readable")
        if path.name.startswith("away"):
            raise StopWorker("the broker is away")
        self.taken.append(path.name)

    def refuse(self, path: Path, why: PipelineError) -> None:
        self.refused.append(f"{path.name}: {why}")

    def write(self, name: str, age: int = 0) -> Path:
        path = self.folder / name
        path.write_text("id,text\n")
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
        return path


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_that_another_one_replaced_while_it_was_taken_is_not_lost(watched: Watched) -> None:
    path = watched.write("nightly.csv")
    take = watched.take

    def slowly(taken: Path) -> None:
        take(taken)
        if len(watched.taken) == 1:
            watched.write("next.csv", age=-60).replace(path)

    watched.take = slowly  # type: ignore[method-assign]
    watched.look(6)
    assert watched.taken == ["nightly.csv", "nightly.csv"]
    assert [one.name for one in (watched.folder / "done").iterdir()] == ["nightly.csv"]


def test_complete_files_are_taken_once_the_oldest_first(watched: Watched) -> None:
    watched.write("new.csv")
    watched.write("old.jsonl.gz", age=60)
    watched.look(4)
    assert watched.taken == ["old.jsonl.gz", "new.csv"]
    assert {path.name for path in (watched.folder / "done").iterdir()} == {"old.jsonl.gz", "new.csv"}


def test_a_file_that_still_grows_is_left_alone(watched: Watched) -> None:
    path = watched.write("growing.csv")

    def grow() -> None:
        path.write_text(path.read_text() + "1,x\n")

    watched.between.append(grow)
    watched.look(5)
    assert (watched.taken, path.exists()) == ([], True)


def test_what_is_no_upload_or_not_ready_is_left_alone(watched: Watched) -> None:
    for name in (".hidden.csv", "notes.txt", "big.csv.part"):
        watched.write(name)
    watched.look(3)
    assert watched.taken == []


def test_an_unreadable_file_is_put_aside_and_the_next_one_taken(watched: Watched) -> None:
    watched.write("bad.csv", age=60)
    watched.write("good.csv")
    watched.look(3)
    assert (watched.taken, watched.refused) == (["good.csv"], ["bad.csv: not readable"])
    assert (watched.folder / "refused/bad.csv").exists()


def test_files_of_one_name_are_all_kept(watched: Watched) -> None:
    for _ in range(2):
        watched.write("nightly.csv")
        watched.look(2)
    assert sorted(path.name for path in (watched.folder / "done").iterdir()) == [
        "2-nightly.csv",
        "nightly.csv",
    ]


def test_while_the_broker_is_away_a_file_stays_where_it_is(watched: Watched) -> None:
    path = watched.write("away.csv")
    with pytest.raises(StopWorker):
        watched.look(3)
    assert path.exists()


def test_a_file_that_is_taken_back_while_another_is_uploaded_ends_no_watch(watched: Watched) -> None:
    watched.write("first.csv", age=10)
    second = watched.write("second.csv", age=5)
    watched.write("third.csv")
    take = watched.take

    def taking_back(path: Path) -> None:
        take(path)
        second.unlink(missing_ok=True)

    watched.take = taking_back  # type: ignore[method-assign]
    watched.look(2)
    assert watched.taken == ["first.csv", "third.csv"]
    assert watched.refused == []

"""What waits for the server: kept whole, in order, across processes, within its bound."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from connectors.qdrant.delivery import joined
from connectors.qdrant.outbox import Operation, Outbox, Verb
from connectors.qdrant.points import StoredPoint
from contracts.errors import RetryLater, StateCorrupt, StopWorker

POINT = StoredPoint(
    "p1", np.array([1, -2048, 300], np.int16), {"at_s": 5, "_group": "en", "bug": True, "x": None}
)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path)
    yield opened
    opened.close()


def drop(tenant: str, *ids: str, kind: str = "items", verb: Verb = "drop") -> Operation:
    return Operation(kind, verb, tenant, ids=ids)


def waiting(outbox: Outbox) -> list[Operation]:
    return [operation for _, operation in outbox.head(1000)]


def test_an_operation_comes_back_as_it_was_put(outbox: Outbox) -> None:
    outbox.append([Operation("items", "put", "acme", points=(POINT,))])
    (found,) = waiting(outbox)
    (point,) = found.points
    assert (found.kind, found.verb, found.tenant, point.id, point.payload) == (
        "items",
        "put",
        "acme",
        "p1",
        POINT.payload,
    )
    assert point.vector.tolist() == [1, -2048, 300]
    assert point.vector.dtype == np.int16


def test_order_and_number_outlive_the_process(tmp_path: Path) -> None:
    for name in "abc":
        outbox = Outbox(tmp_path)
        outbox.append([drop(name, "1"), drop(name, "2")])
        outbox.close()
    again = Outbox(tmp_path)
    assert [(o.tenant, o.ids) for o in waiting(again)] == [(n, (i,)) for n in "abc" for i in "12"]
    assert again.lag == 6
    again.close()


def test_what_is_done_is_gone_and_the_rest_stays(outbox: Outbox) -> None:
    outbox.append([drop("acme", str(n)) for n in range(5)])
    outbox.done(outbox.head(2)[-1][0])
    assert [o.ids for o in waiting(outbox)] == [("2",), ("3",), ("4",)]
    assert outbox.lag == 3


def test_the_lag_is_right_after_it_was_empty(outbox: Outbox) -> None:
    outbox.append([drop("acme", "1")])
    outbox.done(outbox.head(1)[0][0])
    assert outbox.lag == 0
    outbox.append([drop("acme", "2"), drop("acme", "3")])
    assert outbox.lag == 2


def test_it_knows_for_whom_something_waits(outbox: Outbox) -> None:
    outbox.append([drop("acme", "1")])
    asked = [("acme", "items"), ("acme", "themes"), ("other", "items")]
    assert [outbox.waits_for(*each) for each in asked] == [True, False, False]


def test_several_at_once_number_without_gaps(tmp_path: Path) -> None:
    boxes = [Outbox(tmp_path) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda box=box: [box.append([drop("acme", "1")] * 2) for _ in range(20)])  # type: ignore[misc]
        for box in boxes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (boxes[0].lag, len(waiting(boxes[1]))) == (120, 120)
    for box in boxes:
        box.close()


def test_one_at_a_time_drains(tmp_path: Path) -> None:
    one, other = Outbox(tmp_path), Outbox(tmp_path)
    with one.draining() as first, other.draining() as second:
        assert (first, second) == (True, False)
    with other.draining() as later:
        assert later
    one.close()
    other.close()


def test_a_full_one_takes_no_more_and_makes_room_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_bytes=100_000)
    outbox.append([drop("acme", "x" * 90_000)])
    assert outbox.is_full
    with pytest.raises(RetryLater, match="full"):
        outbox.append([drop("acme", "1")])
    outbox.done(1)
    assert not outbox.is_full
    outbox.close()


def test_what_was_done_is_not_left_in_the_file(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.append([drop("acme", "canary-4711")])
    outbox.done(1)
    outbox.close()
    assert b"canary-4711" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StateCorrupt, match="remove it"):
        Outbox(tmp_path)


def test_a_disk_that_refuses_stops_the_worker(outbox: Outbox, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON waiting BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    other.close()
    with pytest.raises(StopWorker, match="disk is full"):
        outbox.append([drop("acme", "1")])


def test_only_its_owner_may_read_it(outbox: Outbox, tmp_path: Path) -> None:
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_neighbours_are_joined_and_nothing_changes_its_place() -> None:
    queue = [
        drop("acme", "1"),
        drop("acme", "2"),
        drop("other", "3"),
        drop("acme", "4"),
        drop("acme", "5", kind="themes"),
        drop("acme", "6", kind="themes", verb="keep_only"),
        drop("acme", "7", kind="themes", verb="keep_only"),
    ]
    found = [(operation.tenant, operation.ids, last) for operation, last in joined(list(enumerate(queue)))]
    assert found == [
        ("acme", ("1", "2"), 1),
        ("other", ("3",), 2),
        ("acme", ("4",), 3),
        ("acme", ("5",), 4),
        ("acme", ("6",), 5),
        ("acme", ("7",), 6),
    ]

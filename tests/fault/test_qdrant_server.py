"""F27: the Qdrant server is down, fails, is slow, does half of a batch, holds other vectors.

Writes are tried again, then kept in order; the stream goes on; nothing is there twice or missing when it is back.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from connectors.memory.index import MemoryIndex
from connectors.qdrant.client import Patience
from connectors.qdrant.server import QdrantServerIndex, open_server_index
from contracts.errors import RecoveryRefused, RetryLater, StopWorker, WrongUsage
from contracts.vectors import GridVector, ItemPoint, ThemePoint
from operators.ports import VectorIndex
from operators.themes.audit import audit_themes
from tests.support.qdrant_shim import UPSERT, Mode, Shim, running_shim

DIMS = 16
ROOT = Path(__file__).resolve().parents[2]
UPSERTS = r"PUT /collections/([^/]+)/points"
"""What the shim counts upserts under."""

# Longer than a busy machine stands still: where a server fails, it says so at once.
ATTEMPT_S = 20
# Tries again at once, for that long; looks again at once.
QUICK = Patience(
    attempt_s=ATTEMPT_S, retry_for_s=20.0, first_wait_s=0.05, look_again_s=0.01, longest_wait_s=0.1
)
# Gives up at the first failure and looks again at once.
HASTY = Patience(
    attempt_s=ATTEMPT_S, retry_for_s=0.0, first_wait_s=0.01, look_again_s=0.0, longest_wait_s=0.0
)


@pytest.fixture
def shim() -> Iterator[Shim]:
    with running_shim() as running:
        yield running


def opened(
    shim: Shim, directory: Path, patience: Patience = HASTY, *, dims: int = DIMS, **more: Any
) -> QdrantServerIndex:
    return open_server_index(shim.url, None, "g1", "enc/1", dims, dims, directory, patience=patience, **more)


def uid(number: int) -> str:
    return str(UUID(int=number))


def vector(number: int) -> GridVector:
    row = np.random.default_rng(number).normal(size=DIMS)
    return np.asarray(np.rint(row / np.linalg.norm(row) * 2048), np.int16)


def theme(number: int, version: int = 0) -> ThemePoint:
    return ThemePoint(uid(number), "en", vector(number + 1000 * version))


def item(number: int, **payload: str) -> ItemPoint:
    return ItemPoint(uid(number), f"item-{number}", vector(number), {"at_s": number, **payload})


def items(*numbers: int) -> list[ItemPoint]:
    return [item(number) for number in numbers]


def eventually(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fill(index: VectorIndex, batches: int) -> int:
    """Put batches of 20; how many were taken before the first that was not."""
    for taken in range(batches):
        try:
            index.put_items("acme", items(*range(taken * 20, taken * 20 + 20)))
        except RetryLater:
            return taken
    return batches


def found(index: VectorIndex, tenant: str = "acme") -> list[str]:
    return sorted(hit.item_id for hit in index.similar_items(tenant, vector(0), limit=1000))


# What passes by itself is tried again.


@pytest.mark.parametrize("mode", ["drop", "error", "half", "taken"])
def test_a_write_that_fails_twice_is_there_once_after_the_third_try(
    shim: Shim, tmp_path: Path, mode: Mode
) -> None:
    index = opened(shim, tmp_path, QUICK)
    shim.fail(mode, on=UPSERT, times=2)
    index.put_items("acme", items(*range(10)))
    assert index.state == "current"
    assert (index.count_items("acme"), len(found(index))) == (10, 10)
    index.close()


def test_a_write_whose_answer_came_too_late_is_done_again_and_there_once(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path, Patience(attempt_s=1, retry_for_s=20.0))
    shim.fail("slow", on=UPSERT, times=1, slow_s=1.2)
    index.put_items("acme", items(1, 2, 3))
    eventually(lambda: shim.requests[UPSERTS] >= 2)  # more, where a busy machine made the second late too
    assert (index.state, index.count_items("acme")) == ("current", 3)
    index.close()


def test_a_question_is_asked_again_too(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path, QUICK)
    index.put_items("acme", items(1))
    shim.fail("error", on=r"POST .*/points/query", times=2)
    assert found(index) == ["item-1"]
    index.close()


def test_a_server_that_asks_for_a_pause_gets_it_from_the_caller(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    shim.fail("busy", on=r"POST .*/points/query")
    with pytest.raises(RetryLater) as caught:
        found(index)
    assert caught.value.retry_after_s == 1.0
    index.close()


# What does not pass waits in order, and the stream goes on.


@pytest.mark.parametrize("mode", ["drop", "error", "busy", "half", "taken"])
def test_writes_wait_while_the_server_fails_and_are_all_there_after(
    shim: Shim, tmp_path: Path, mode: Mode
) -> None:
    index = opened(shim, tmp_path)
    shim.fail(mode, on=UPSERT)
    for number in range(0, 30, 3):
        index.put_items("acme", items(number, number + 1, number + 2))
    assert (index.state, index.lag) == ("behind", 10)
    shim.heal()
    index.flush()
    assert index.verify("acme", items=30).waiting == 0
    index.close()


def test_what_waited_is_applied_in_its_order(shim: Shim, tmp_path: Path) -> None:
    """Every verb, so that any two in the wrong order show."""
    index, reference = opened(shim, tmp_path), MemoryIndex(item_dims=DIMS, theme_dims=DIMS)
    shim.stop()
    for each in (index, reference):
        each.put_items("acme", items(1, 2, 3, 4))
        each.drop_items("acme", [uid(2), uid(3)])
        each.put_items("acme", [item(3, source="again")])
        each.put_themes("acme", [theme(1), theme(2)])
        each.replace_themes("acme", [theme(2, version=1), theme(5)])
        each.put_items("gone", items(50))
        each.drop_tenant("gone")
        each.put_themes("acme", [theme(6)])
    shim.start()
    index.flush()
    assert index.similar_items("acme", vector(0), limit=9) == reference.similar_items(
        "acme", vector(0), limit=9
    )
    assert index.count_items("gone") == 0
    mirror = [theme(2, version=1), theme(5), theme(6)]
    assert audit_themes(index, mirror, [("en", vector(n)) for n in range(20)], "acme").disagreements == 0
    index.close()


@pytest.mark.parametrize("failures", [1, 2], ids=["back at the next write", "back between two attempts"])
def test_a_later_write_never_overtakes_one_that_waits(shim: Shim, tmp_path: Path, failures: int) -> None:
    index = opened(shim, tmp_path)
    shim.fail("error", on=UPSERT, times=failures)
    index.put_themes("acme", [theme(1, version=0)])
    index.put_themes("acme", [theme(1, version=1)])
    own = vector(1001).astype(int)
    assert index.nearest_theme("acme", "en", vector(1001)) == (uid(1), float(own @ own))
    assert index.lag == 0
    index.close()


def test_a_server_that_is_away_at_the_start_stops_nothing(shim: Shim, tmp_path: Path) -> None:
    shim.stop()
    index = opened(shim, tmp_path)
    index.put_items("acme", items(1, 2))
    assert index.state == "behind"
    shim.start()
    assert index.verify("acme", items=2).items == 2
    index.close()


def test_while_the_server_is_away_it_is_not_asked_for_every_write(shim: Shim, tmp_path: Path) -> None:
    patient = Patience(attempt_s=ATTEMPT_S, retry_for_s=0.0, look_again_s=60.0, longest_wait_s=60.0)
    index = opened(shim, tmp_path, patient)
    shim.fail("error")
    for number in range(50):
        index.put_items("acme", items(number))
    with pytest.raises(RetryLater):
        found(index)
    assert index.lag == 50
    assert shim.requests[UPSERTS] == 0
    index.close()


def test_neighbours_that_waited_go_in_few_requests(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    shim.fail("error")
    for number in range(50):
        index.put_items("acme", items(number))
    shim.heal()
    index.flush()
    assert index.count_items("acme") == 50
    assert shim.requests[UPSERTS] == 1
    index.close()


def test_the_next_process_sends_what_the_last_one_left(shim: Shim, tmp_path: Path) -> None:
    first = opened(shim, tmp_path)
    shim.stop()
    first.put_items("acme", items(1, 2))
    first.close()
    shim.start()
    second = opened(shim, tmp_path)
    assert second.lag == 1
    assert second.verify("acme", items=2).items == 2
    second.close()


WRITER = """
import sys
from pathlib import Path
from tests.fault.test_qdrant_server import Shim, items, opened
index = opened(Shim(port=int(sys.argv[1])), Path(sys.argv[2]))
for number in range(1000):
    index.put_items("acme", items(number))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9_while_the_server_is_away(shim: Shim, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WRITER, str(shim.port), str(tmp_path)]
    shim.stop()
    with subprocess.Popen(
        argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    acknowledged = 1 + max(int(line) for line in said if line.endswith(b"\n"))
    shim.start()
    index = opened(shim, tmp_path)
    index.flush()
    assert acknowledged <= index.count_items("acme") <= acknowledged + 1
    index.close()


# What is read meanwhile.


def test_an_audit_is_refused_while_centroids_of_the_tenant_wait_and_goes_on_for_others(
    shim: Shim, tmp_path: Path
) -> None:
    index = opened(shim, tmp_path)
    index.put_themes("other", [theme(9)])
    shim.fail("error", on=UPSERT)
    index.put_themes("acme", [theme(1)])
    with pytest.raises(RetryLater, match="1 writes wait"):
        index.nearest_theme("acme", "en", vector(1))
    assert index.nearest_theme("other", "en", vector(9)) is not None
    index.close()


def test_search_answers_from_what_is_there_while_writes_wait(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    index.put_items("acme", items(1))
    shim.fail("error", on=UPSERT)
    index.put_items("acme", items(2))
    assert found(index) == ["item-1"]
    with pytest.raises(RetryLater, match="1 writes wait"):
        index.verify("acme")
    index.close()


def test_a_question_that_found_nobody_spares_the_next_one(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path, Patience(retry_for_s=0.0, look_again_s=60.0, longest_wait_s=60.0))
    shim.fail("error", on=r"POST .*/points/query", times=1)
    for _time in ("asked", "not asked"):
        with pytest.raises(RetryLater):
            found(index)
    assert shim.requests[r"POST /collections/([^/]+)/points/query"] == 0
    index.close()


# Its bounds.


def test_a_full_outbox_stops_the_stream_and_loses_nothing(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path, outbox_bytes=200_000)
    shim.stop()
    taken = fill(index, 1000)
    assert (index.state, taken > 10) == ("full", True)
    with pytest.raises(RetryLater, match="full"):
        index.put_items("acme", items(999_999))
    shim.start()
    assert index.verify("acme", items=taken * 20).items == taken * 20
    index.put_items("acme", items(999_999))
    assert (index.state, index.count_items("acme")) == ("current", taken * 20 + 1)
    index.close()


# What no retry changes is refused, with what to do.


def test_collections_of_another_size_are_refused_at_open(shim: Shim, tmp_path: Path) -> None:
    opened(shim, tmp_path / "a").close()
    with pytest.raises(RecoveryRefused, match="not for 8 dimensions"):
        opened(shim, tmp_path / "b", dims=8)


def test_collections_of_another_size_are_refused_when_the_server_is_back(shim: Shim, tmp_path: Path) -> None:
    opened(shim, tmp_path / "a").close()
    shim.stop()
    index = opened(shim, tmp_path / "b", dims=8)
    shim.start()
    with pytest.raises(RecoveryRefused, match="not for 8 dimensions"):
        index.drop_tenant("acme")
    index.close()


def test_a_collection_that_is_gone_stops_the_worker(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    for alias in shim.store.get_aliases().aliases:
        shim.store.delete_collection(alias.collection_name)
    with pytest.raises(StopWorker, match="404"):
        index.put_items("acme", items(1))
    index.close()


def test_a_write_that_the_server_refuses_stops_the_worker_and_is_not_lost(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    shim.fail("error")
    index.put_items("acme", items(1))
    shim.heal()
    shim.fail("refuse", on=UPSERT)
    with pytest.raises(StopWorker, match="400"):
        index.flush()
    assert index.lag == 1
    shim.heal()
    index.close()


def test_a_server_too_old_to_keep_tenants_apart_is_refused(tmp_path: Path) -> None:
    with running_shim(version="1.15.4") as shim, pytest.raises(RecoveryRefused, match=r"run 1\.16 or later"):
        opened(shim, tmp_path)


def test_a_wrong_key_says_which_setting_to_change(tmp_path: Path) -> None:
    with (
        running_shim(api_key="right") as shim,
        pytest.raises(StopWorker, match="UNDERCURRENT_QDRANT_API_KEY"),
    ):
        opened(shim, tmp_path)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="UNDERCURRENT_QDRANT_URL"):
        open_server_index("ftp://x", None, "g1", "enc/1", DIMS, DIMS, tmp_path)


# Several workers.


def worker(port: int, directory: Path, number: int) -> None:
    index = opened(Shim(port=port), directory, QUICK)
    for first in range(0, 40, 10):
        index.put_items(f"tenant-{number}", items(*range(number * 1000 + first, number * 1000 + first + 10)))
        index.replace_themes(f"tenant-{number}", [theme(number * 1000 + first)])
    index.close()


def test_workers_that_begin_at_once_make_one_set_of_collections_and_lose_nothing(
    shim: Shim, tmp_path: Path
) -> None:
    shim.fail("error", on=UPSERT, times=6)
    shim.fail("drop", on=r"PUT /collections/[^/]+", times=1)
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=worker, args=(shim.port, tmp_path, number)) for number in range(2)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(60)
    assert [process.exitcode for process in workers] == [0, 0]
    assert len(shim.store.get_collections().collections) == 2
    index = opened(shim, tmp_path)
    assert [index.verify(f"tenant-{n}", items=40, themes=1).items for n in range(2)] == [40, 40]
    index.close()

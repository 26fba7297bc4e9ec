"""Uploads on a real broker: every row once and in order, whatever stops them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from connectors.kafka.names import Naming
from connectors.keys.vault import LocalVault
from contracts.commands import LoadBegin, LoadEnd
from contracts.errors import StopWorker, WrongUsage
from contracts.feedback import CustomerUpdated, FeedbackReceived, Tick
from tests.support.broker import make_topics
from tests.support.steps import is_order
from tests.unit.wiring.bulk.lanes import NOW, lane_of, messages, records, reviews, write_csv
from wiring.bulk import upload as uploading
from wiring.bulk.checking import check
from wiring.bulk.sealing import Sealed
from wiring.bulk.upload import Lane, Options, describe, upload
from wiring.history import read_arrivals
from wiring.journal import RecordMaker
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

OPTIONS = Options()


@pytest.fixture
def lane(broker: Broker, naming: Naming, tmp_path: Path) -> Lane:
    make_topics(broker.cluster, [naming.topic("bulk")], 1)
    return lane_of(broker.cluster, naming, tmp_path)


def lines_of(lane: Lane) -> list[int | None]:
    return [r.found_at.line for r in records(lane.cluster, lane.topic) if isinstance(r, FeedbackReceived)]


def test_every_row_is_a_delivery_in_the_order_of_the_file(lane: Lane, tmp_path: Path) -> None:
    told = upload(write_csv(tmp_path / "r.csv", reviews(1200)), OPTIONS, lane, now=NOW)
    assert lines_of(lane) == list(range(2, 1202))
    assert (told.rows, told.bad, told.complete) == (1200, 0, True)


def test_two_that_upload_one_file_at_once_upload_it_once(lane: Lane, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(1200))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(upload, path, OPTIONS, lane, now=at) for at in (NOW, NOW + timedelta(seconds=1))]
    first, second = (one.result() for one in both)
    assert first == second
    assert lines_of(lane) == list(range(2, 1202))


def test_a_row_is_sealed_as_the_journal_seals_it(lane: Lane, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(3))
    told = upload(path, OPTIONS, lane, now=NOW)
    with closing(LocalVault(lane.keys)) as vault:
        arrivals = read_arrivals(path, told.told.mapping, vault, "acme", NOW)
        wanted = RecordMaker("acme", vault, NOW, waits=True).feedback(arrivals)
    assert [m.value() for m in messages(lane.cluster, lane.topic)] == wanted


def test_sealing_in_other_processes_gives_the_same_messages(lane: Lane, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(1100))
    upload(path, OPTIONS, lane, now=NOW)
    beside = lane_of(lane.cluster, Naming(prefix=lane.topic.split(".")[0]), tmp_path / "beside", processes=2)
    (tmp_path / "beside/keys").mkdir(parents=True)
    (tmp_path / "beside/keys/master.key").write_bytes((lane.keys / "master.key").read_bytes())
    (tmp_path / "beside/keys/master.key").chmod(0o600)
    first = [r.item_id for r in records(lane.cluster, lane.topic) if isinstance(r, FeedbackReceived)]
    upload(path, OPTIONS, beside, now=NOW)
    both = [r.item_id for r in records(lane.cluster, lane.topic) if isinstance(r, FeedbackReceived)]
    assert both == first * 2


def test_a_file_that_changes_while_it_is_read_is_never_counted_as_whole(lane: Lane, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", reviews(30))
    told = describe(path, Options())
    write_csv(path, reviews(40))
    with pytest.raises(WrongUsage, match="changed while it was read"):
        upload(path, Options(), lane, now=NOW, told=told)
    again = upload(path, Options(), lane, now=NOW)
    assert (again.complete, again.rows) == (True, 40)


def test_a_file_that_was_uploaded_whole_is_not_uploaded_again(lane: Lane, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(10))
    upload(path, OPTIONS, lane, now=NOW)
    upload(path, OPTIONS, lane, now=NOW)
    assert len(lines_of(lane)) == 10


@pytest.mark.parametrize("noted_every", [1, 10**6])
@pytest.mark.parametrize("broken_at", [0, 1, 2])
def test_an_upload_that_was_stopped_goes_on_at_the_same_row(
    lane: Lane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_at: int, noted_every: int
) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(2700))
    sealing = uploading.seal_all

    def stopped(*given: object) -> Iterator[list[Sealed]]:
        for number, sealed in enumerate(sealing(*given)):  # type: ignore[arg-type]
            if number == broken_at:
                raise StopWorker("stopped")
            yield sealed

    monkeypatch.setattr(uploading, "seal_all", stopped)
    monkeypatch.setattr(uploading, "NOTED_EVERY", noted_every)
    with pytest.raises(StopWorker):
        upload(path, OPTIONS, lane, now=NOW)
    monkeypatch.setattr(uploading, "seal_all", sealing)
    upload(path, OPTIONS, lane, now=NOW)
    assert lines_of(lane) == list(range(2, 2702))


def test_a_bad_row_goes_on_with_its_line_and_the_rest_too(lane: Lane, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"id": 1, "text": "one"}\n{broken\n{"id": 3, "text": "three"}\n')
    told = upload(path, OPTIONS, lane, now=NOW)
    said = [r for r in records(lane.cluster, lane.topic) if isinstance(r, FeedbackReceived)]
    assert [r.unreadable is None for r in said] == [True, False, True]
    assert (told.bad, told.unreadable[0][0], said[1].found_at.line) == (1, 2, 2)


def test_rows_without_an_id_are_told_apart_though_they_say_the_same(lane: Lane, tmp_path: Path) -> None:
    upload(write_csv(tmp_path / "r.csv", [{"text": "great"}] * 3), OPTIONS, lane, now=NOW)
    ids = {r.item_id for r in records(lane.cluster, lane.topic) if isinstance(r, FeedbackReceived)}
    assert len(ids) == 3


def test_a_live_tenant_gets_no_ticks_from_a_backfill(lane: Lane, tmp_path: Path) -> None:
    customers = write_csv(tmp_path / "c.csv", [{"account": "a", "tier": "pro", "mrr": 10}])
    upload(write_csv(tmp_path / "r.csv", reviews(200)), Options(customers=customers), lane, now=NOW)
    kinds = [type(r) for r in records(lane.cluster, lane.topic)]
    assert kinds == [CustomerUpdated] + [FeedbackReceived] * 200


def test_a_new_tenants_history_is_bracketed_and_brings_its_ticks(lane: Lane, tmp_path: Path) -> None:
    upload(write_csv(tmp_path / "r.csv", reviews(200)), Options(is_new_tenant=True), lane, now=NOW)
    said = records(lane.cluster, lane.topic)
    assert is_order(said[0], LoadBegin)
    assert is_order(said[-1], LoadEnd)
    assert [r.event_time.hour for r in said if isinstance(r, Tick)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("source", ["jo@b.example", "calls +44 (20) 7946 0958"])
def test_a_source_that_is_called_by_an_address_is_refused(tmp_path: Path, source: str) -> None:
    path = write_csv(tmp_path / "r.csv", reviews(1))
    with pytest.raises(WrongUsage, match="in the clear") as refused:
        describe(path, Options(source=source))
    assert source not in str(refused.value)
    assert describe(path, Options(source="reviews-2026-11-22-0900")).source == "reviews-2026-11-22-0900"


def test_a_dry_run_names_the_lines_that_intake_would_refuse(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "one", "rating": 3},
        {"id": 2, "text": " "},
        {"id": 3, "text": "x", "rating": 99},
    ]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    found = check(path, OPTIONS)
    assert (found.rows, found.bad, [line for line, _ in found.reasons]) == (3, 2, [2, 3])

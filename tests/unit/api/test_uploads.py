"""Uploads over HTTP: in pieces, resumable, each tenant's own, into a real bulk topic."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Header
from fastapi.testclient import TestClient

from api.uploads import uploads_router
from connectors.kafka.names import Naming
from contracts.errors import StopWorker
from tests.support.broker import make_topics
from tests.unit.wiring.bulk.lanes import lane_of, messages
from wiring.bulk.desk import UploadDesk, WrongOffset
from wiring.bulk.upload import Lane
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

CONTENT = b"id,text\n1,The export is broken\n2,too,many\n3,The map is slow\n"


def whose(x_tenant: str = Header(default="acme")) -> str:
    """Whose request it is, as an API key would tell."""
    return x_tenant


class Site:
    """The routes on a desk over a real broker."""

    def __init__(self, broker: Broker, naming: Naming, folder: Path) -> None:
        make_topics(broker.cluster, [naming.topic("bulk")], 1)
        self.cluster, self.topic, self.folder = broker.cluster, naming.topic("bulk"), folder / "received"
        self.naming, self.lies_in = naming, folder
        self.desk = UploadDesk(self.folder, self.lane, 1000)
        app = FastAPI()
        app.include_router(uploads_router(self.desk, whose))
        self.client = TestClient(app)

    def lane(self, tenant: str) -> Lane:
        return lane_of(self.cluster, self.naming, self.lies_in, tenant)

    def new(self, file: str = "reviews.csv") -> str:
        return str(self.client.post("/v1/uploads", json={"file": file}).json()["id"])

    def put(self, upload: str, content: bytes, **headers: str) -> Any:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.put(f"/v1/uploads/{upload}/content", content=content, headers=told)

    def settled(self, upload: str) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while (said := self.client.get(f"/v1/uploads/{upload}").json())["state"] not in ("done", "refused"):
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
        return dict(said)


@pytest.fixture
def site(broker: Broker, naming: Naming, tmp_path: Path) -> Iterator[Site]:
    opened = Site(broker, naming, tmp_path)
    opened.desk.start()
    yield opened
    opened.desk.stop()


def test_rows_of_an_upload_reach_the_bulk_lane_and_bad_ones_are_told_with_their_line(site: Site) -> None:
    upload = site.new()
    assert site.put(upload, CONTENT).status_code == 202
    said = site.settled(upload)
    assert (said["state"], said["rows"], said["bad"], said["errors"][0]["line"]) == ("done", 3, 1, 3)
    assert len(messages(site.cluster, site.topic)) == 3


def test_a_file_that_was_loaded_is_kept_no_longer(site: Site) -> None:
    upload = site.new()
    site.put(upload, CONTENT)
    site.settled(upload)
    site.desk.stop()  # the file goes behind the note that tells of it
    assert list(site.folder.rglob("*.csv")) == []


def test_a_sender_that_was_cut_off_goes_on_where_it_was(site: Site) -> None:
    upload = site.new()
    site.put(upload, CONTENT[:20], Upload_Complete="?0")
    assert site.put(upload, CONTENT, Upload_Offset="3").headers["upload-offset"] == "20"
    site.put(upload, CONTENT[20:], Upload_Offset="20")
    assert site.settled(upload)["rows"] == 3


def test_more_bytes_than_allowed_are_refused_and_not_kept(site: Site) -> None:
    upload = site.new()
    assert site.put(upload, b"x" * 2000).status_code == 413
    assert site.client.get(f"/v1/uploads/{upload}").json()["received"] == 0


def test_a_file_without_a_text_is_refused_with_what_to_do(site: Site) -> None:
    upload = site.new()
    site.put(upload, b"id,colour\n1,red\n")
    said = site.settled(upload)
    assert (said["state"], "text=COLUMN" in said["why"]) == ("refused", True)


@pytest.mark.parametrize("file", ["../x.csv", "x.exe", ".csv", "a/b.csv", ""])
def test_a_name_that_is_no_files_is_refused(site: Site, file: str) -> None:
    assert site.client.post("/v1/uploads", json={"file": file}).status_code == 422


def test_an_upload_is_its_tenants_alone(site: Site) -> None:
    upload = site.new()
    other = {"x-tenant": "beta"}
    assert site.client.get(f"/v1/uploads/{upload}", headers=other).status_code == 404
    assert site.put(upload, CONTENT, x_tenant="beta").status_code == 404


def test_what_was_received_before_a_restart_is_loaded_after_it(
    broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    site = Site(broker, naming, tmp_path)
    upload = site.new()
    site.put(upload, CONTENT)
    site.desk.start()
    assert site.settled(upload)["rows"] == 3
    site.desk.stop()


def test_what_one_process_loads_another_on_the_same_folder_leaves_to_it(
    broker: Broker, naming: Naming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiring.bulk.desk.RETRY_S", 0.05)
    site = Site(broker, naming, tmp_path)
    begun, goes_on = threading.Event(), threading.Event()

    def held_up(tenant: str) -> Lane:
        begun.set()
        assert goes_on.wait(20)
        return site.lane(tenant)

    first = UploadDesk(site.folder, held_up, 1000)
    second, third = (UploadDesk(site.folder, site.lane, 1000) for _ in range(2))
    upload = site.new()
    site.put(upload, CONTENT)
    first.start()
    assert begun.wait(20)
    second.start()
    try:
        time.sleep(0.3)
        assert second.find("acme", upload).state == "loading"  # type: ignore[union-attr]
        other = site.new("others.csv")
        site.put(other, CONTENT)
        third.start()
    finally:
        goes_on.set()
    assert (site.settled(upload)["state"], site.settled(other)["state"]) == ("done", "done")
    for desk in (first, second, third):
        desk.stop()
    assert site.settled(upload)["rows"] == 3
    assert list(site.folder.rglob("*.csv")) == []


def test_a_file_that_is_gone_costs_its_own_upload_alone(site: Site) -> None:
    upload, other = site.new(), site.new()
    (site.folder / "acme" / upload / "reviews.csv").unlink()
    site.desk.stop()
    site.put(other, CONTENT)
    note = site.folder / "acme" / upload / "job.json"
    note.write_bytes(note.read_bytes().replace(b'"receiving"', b'"waiting"'))
    site.desk = UploadDesk(site.folder, site.lane, 1000)
    site.desk.start()
    assert site.settled(other)["state"] == "done"
    said = site.settled(upload)
    assert (said["state"], "no longer here" in said["why"]) == ("refused", True)


def test_a_defect_that_a_file_meets_is_told_and_costs_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("wiring.bulk.desk.upload", lambda *_given, **_more: 1 // 0)
        failed = site.new("odd.csv")
        site.put(failed, CONTENT)
        said = site.settled(failed)
    assert (said["state"], "upload_failed" in said["why"]) == ("refused", True)
    upload = site.new()
    site.put(upload, CONTENT)
    assert site.settled(upload)["state"] == "done"
    assert not any(site.folder.glob(f"*/{failed}/*.csv"))


def test_a_disk_that_is_full_for_a_while_ends_no_loading(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiring.bulk.desk.RETRY_S", 0.05)
    write, full = UploadDesk._write, threading.Event()

    def refused(desk: UploadDesk, tenant: str, job: Any) -> None:
        if full.is_set() and job.state != "receiving":
            raise StopWorker("no space left")
        write(desk, tenant, job)

    monkeypatch.setattr(UploadDesk, "_write", refused)
    upload, later = site.new(), site.new()
    site.put(upload, CONTENT)
    full.set()
    assert site.put(later, CONTENT).status_code == 503
    time.sleep(0.2)
    full.clear()
    assert site.settled(upload)["state"] == "done"
    assert site.put(later, b"", Upload_Offset=str(len(CONTENT))).status_code == 202
    assert site.settled(later)["rows"] == 3


def test_a_file_that_a_kill_left_behind_its_rows_is_deleted_at_the_next_start(site: Site) -> None:
    upload = site.new()
    site.put(upload, CONTENT)
    site.settled(upload)
    left = site.folder / "acme" / upload / "reviews.csv"
    left.write_bytes(CONTENT)
    desk = UploadDesk(site.folder, site.lane, 1000)
    desk.start()
    desk.stop()
    assert not left.exists()


def test_what_nobody_finishes_is_deleted_after_a_while_and_nothing_else(
    broker: Broker, naming: Naming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiring.bulk.desk.LOOKED_AT_EVERY_S", 0.02)
    # Its own desk does not look: either of two might be the one that deletes.
    site = Site(broker, naming, tmp_path)
    left, fresh, other = site.new(), site.new(), site.new()
    for upload in (left, fresh):
        site.put(upload, CONTENT[:20], Upload_Complete="?0")
    long_ago = time.time() - 8 * 86_400
    os.utime(site.folder / "acme" / left / "reviews.csv", (long_ago, long_ago))
    desk = UploadDesk(site.folder, site.lane, 1000)
    desk.start()
    try:
        said = until_expired(site, left)
    finally:
        desk.stop()
    assert (said["received"], said["why"]) == (0, "nothing was sent for 7 days; send it anew")
    assert (desk.expired, site.put(left, CONTENT[20:], Upload_Offset="20").status_code) == (1, 404)
    assert {path.parent.name for path in site.folder.rglob("*.csv")} == {fresh, other}
    site.put(fresh, CONTENT[20:], Upload_Offset="20")
    site.desk.start()
    assert site.settled(fresh)["rows"] == 3
    site.desk.stop()


def until_expired(site: Site, upload: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (said := site.client.get(f"/v1/uploads/{upload}").json())["state"] != "expired":
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    return dict(said)


def test_who_sends_on_while_an_upload_expires_is_told_that_it_is_gone(site: Site) -> None:
    upload, now = site.new(), threading.Event()
    site.put(upload, CONTENT[:20], Upload_Complete="?0")

    async def pieces() -> AsyncIterator[bytes]:
        impatient = UploadDesk(site.folder, site.lane, 1000, timedelta(0))
        await asyncio.to_thread(impatient._expire, "acme", upload)
        now.set()
        yield CONTENT[20:]

    with pytest.raises(KeyError):
        asyncio.run(site.desk.receive("acme", upload, 20, pieces(), is_last=True))
    assert now.is_set()
    assert list(site.folder.rglob("*.csv")) == []


def test_a_sender_that_comes_back_while_its_first_request_hangs_mixes_nothing(site: Site) -> None:
    upload = site.new()

    async def both() -> None:
        hangs, there = asyncio.Event(), asyncio.Event()

        async def first() -> AsyncIterator[bytes]:
            yield CONTENT[:20]
            there.set()
            await hangs.wait()
            yield CONTENT[20:]

        async def second() -> AsyncIterator[bytes]:
            yield CONTENT[20:]

        slow = asyncio.create_task(site.desk.receive("acme", upload, 0, first(), is_last=True))
        await there.wait()
        received = site.desk.find("acme", upload).received  # type: ignore[union-attr]
        assert received == 20
        await site.desk.receive("acme", upload, received, second(), is_last=False)
        hangs.set()
        with pytest.raises(WrongOffset):
            await slow

    asyncio.run(both())
    assert (site.folder / "acme" / upload / "reviews.csv").read_bytes() == CONTENT

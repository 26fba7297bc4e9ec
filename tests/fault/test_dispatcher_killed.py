"""A dispatcher is killed again and again, alone and beside others: every issue and every comment is there once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.store.engine import open_store
from connectors.store.outbox import UNFINISHED, OutboxStore
from connectors.trackers.adf import adf, plain_text
from tests.support.dispatching import Desk, Site, issue_record
from tests.support.postgres import fresh_database
from tests.support.trackers.jira import JiraSite, jira
from tests.support.trackers.linear import LinearSite, linear
from tests.support.trackers.server import Scripted
from tests.support.withdrawing import ANN, quoting, taken_back

ROOT = Path(__file__).parents[2]
LEASE_S = 0.4
WITHIN_S = 240.0
KILLS = [3, pytest.param(50, marks=pytest.mark.slow)]
KILLS_OF_STORES = [
    (3, "sqlite"),
    *(pytest.param(50, store, marks=pytest.mark.slow) for store in ("sqlite", "postgresql")),
]
TOGETHER = {"sqlite": 1, "postgresql": 2}
"""Dispatchers at once; each kill ends all of them."""

JIRA_USER = "Basic " + b64encode(b"bot@acme.test:secret").decode()


class Herd:
    """Forks dispatchers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def start(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def herd(site: Site) -> Iterator[Herd]:
    command = [
        sys.executable,
        "-m",
        "tests.support.dispatch_worker",
        str(site.folder),
        site.url,
        str(LEASE_S),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Herd(process)
        finally:
            process.kill()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def enough(kills: int) -> int:
    """Issues for so many kills: each is to fall in the middle of the work."""
    return max(16, 4 * kills)


def fill(site: Site, issues: int) -> None:
    """Issues, and a comment on each."""
    site.now = datetime.now(UTC)

    bare: dict[str, Any] = {"quotes": (), "accounts": (), "customers": (), "labels": ("undercurrent",)}
    again = {**bare, "change": "recur", "description": "Again."}

    async def work(desk: Desk) -> None:
        await desk.take(*(issue_record(n, **bare) for n in range(issues)))
        await desk.take(*(issue_record(n, at=100 + n, **again) for n in range(issues)))

    site.run(work)


def kill_and_finish(site: Site, server: Scripted, kills: int, issues: int, together: int) -> None:
    """Each kill falls in the middle of the work: some requests after the first."""
    chance = random.Random(kills)
    engine = open_store(site.url)
    counts = OutboxStore(engine).counts
    name = site.tenants[0]["tracker"]["name"]
    try:
        with herd(site) as dispatchers:
            for _ in range(kills):
                before = len(server.asked)
                alive = [dispatchers.start() for _ in range(together)]
                wait_until(lambda: len(server.asked) > before)  # noqa: B023 called at once
                time.sleep(chance.uniform(0, 0.06))
                assert counts().get((name, "done"), 0) < 2 * issues, "nothing is left to be interrupted"
                for pid in alive:
                    kill(pid)
            last = dispatchers.start()
            wait_until(lambda: counts().get((name, "done"), 0) >= 2 * issues)
            kill(last)
        assert {row.verb for row in OutboxStore(engine).listed(UNFINISHED)} <= {"sweep"}
    finally:
        engine.dispose()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN_S
    while not true() and time.monotonic() < until:
        time.sleep(0.005)


def slow(server: Scripted) -> Scripted:
    """Answers take long enough for a kill to fall between a request and its answer."""
    answer = server.site.answer

    def slowly(asked: object) -> object:
        said = answer(asked)  # type: ignore[arg-type]
        time.sleep(0.005)
        return said

    server.site.answer = slowly  # type: ignore[method-assign, assignment]
    return server


def url_of(store: str) -> str:
    return fresh_database() if store == "postgresql" else ""


def jira_site(folder: Path, server: str, url: str = "") -> Site:
    site = Site(folder, url=url)
    tracker = {
        "kind": "jira", "name": "acme-jira", "url": server, "project": "ENG", "email": "bot@acme.test",
        "token_file": site.secret("token", "secret"), "settle_s": 0.1,
    }  # fmt: skip
    site.tenant(tracker=tracker)
    return site


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "store"), KILLS_OF_STORES)
def test_linear_has_every_issue_and_comment_once(tmp_path: Path, kills: int, store: str) -> None:
    there, issues = LinearSite(), enough(kills)
    with slow(linear(there)).running() as server:
        site = Site(tmp_path, url=url_of(store)).linear(server.url)
        fill(site, issues)
        kill_and_finish(site, server, kills, issues, together=TOGETHER[store])
    assert len(there.issues) == issues
    assert Counter(one["issueId"] for one in there.comments.values()) == dict.fromkeys(there.issues, 1)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", KILLS)
def test_jira_has_every_issue_and_comment_once(tmp_path: Path, kills: int) -> None:
    there, issues = JiraSite(JIRA_USER), enough(kills)
    with slow(jira(there)).running() as server:
        site = jira_site(tmp_path, server.url)
        fill(site, issues)
        kill_and_finish(site, server, kills, issues, together=1)
    assert len(there.issues) == issues
    assert [len(there.comments[name]) for name in there.issues] == [1] * issues


def withdraw_from(site: Site, issues: int) -> None:
    """Issues that quote two people stand at the tracker, and one of the two is to be forgotten."""
    site.now = datetime.now(UTC)

    async def work(desk: Desk) -> None:
        times = {"event_time": site.now, "ingested_at": site.now}
        await desk.take(*(quoting(n=n, customers=(), at=n, **times) for n in range(issues)))
        await desk.settle(4, timedelta())
        await desk.take(taken_back(at=1000, subject=ANN))

    site.run(work)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "store"), KILLS_OF_STORES)
def test_a_withdrawal_is_carried_out_at_every_issue_of_linear(tmp_path: Path, kills: int, store: str) -> None:
    there, issues = LinearSite(), enough(kills)
    with slow(linear(there)).running() as server:
        site = Site(tmp_path, url=url_of(store)).linear(server.url)
        withdraw_from(site, issues)
        for one in there.issues.values():
            one["description"] = f"Edited.\n\n{one['description']}"
        kill_and_finish(site, server, kills, issues, together=TOGETHER[store])
    told = [one["description"] for one in there.issues.values()]
    assert not any("Ann" in one for one in told)
    assert all(one.startswith("Edited.\n\n**Why now.**") and "Ben cannot export" in one for one in told)
    assert {url for _, url in there.attachments} == {"https://desk.test/ben"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "store"), KILLS_OF_STORES)
def test_a_withdrawal_is_carried_out_at_every_issue_of_jira(tmp_path: Path, kills: int, store: str) -> None:
    there, issues = JiraSite(JIRA_USER), enough(kills)
    with slow(jira(there)).running() as server:
        site = jira_site(tmp_path, server.url, url_of(store))
        withdraw_from(site, issues)
        edited = adf("Edited.")["content"]
        for one in there.issues.values():
            one["fields"]["description"]["content"][:0] = edited
        kill_and_finish(site, server, kills, issues, together=TOGETHER[store])
    told = [plain_text(one["fields"]["description"]) for one in there.issues.values()]
    assert not any("Ann" in one for one in told)
    assert all(one.startswith("Edited.") and "Ben cannot export" in one for one in told)
    assert {one["object"]["url"] for one in there.links.values()} == {"https://desk.test/ben"}


def test_a_dispatcher_that_lost_its_lease_settles_nothing(tmp_path: Path) -> None:
    there = LinearSite()
    with linear(there).running() as server:
        site = Site(tmp_path).linear(server.url)

        async def work(desk: Desk) -> None:
            await desk.take(issue_record())
            store = desk.dispatcher.stores.outbox
            (mine,) = store.claim(site.now, lease_s=-1, most=1)
            assert (await desk.deliver())["created"] == 1
            assert not store.settle(mine, site.now, state="manual")
            assert desk.states() == {"done": 1}

        site.run(work)

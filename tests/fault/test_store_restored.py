"""The store is put back to an older backup: what came since is read again, nothing is made twice, nothing is lost."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.store.cursors import CursorStore
from connectors.store.engine import open_store
from contracts.envelope import Envelope
from contracts.registry import write_record
from tests.support.dispatching import Desk, Site, issue_record
from tests.support.trackers.jira import JiraSite, jira
from tests.support.trackers.linear import LinearSite, linear
from tests.support.trackers.server import Scripted
from wiring.dispatch.feeding import LogFeed, dispatch

BEFORE, AFTER = 3, 4


@dataclass
class Place:
    """A data directory with a tracker, and what people see there: issues, and comments on each."""

    site: Site
    seen: Callable[[], tuple[int, Counter[str]]]

    @property
    def store(self) -> Path:
        return self.site.folder / "edge.sqlite3"

    def decide(self, *records: Envelope) -> None:
        """The priority stage says so."""
        log = self.site.folder / "logs" / "linear" / "p0000.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.writelines(write_record(record) + b"\n" for record in records)

    def dispatch(self) -> Counter[str]:
        """Read on from where the store says, and carry out what is due."""
        outcomes: Counter[str] = Counter()

        async def work(desk: Desk) -> None:
            engine = open_store(self.site.url)
            feed = LogFeed(self.site.folder / "logs", CursorStore(engine))
            try:
                outcomes.update(
                    await dispatch(feed, desk.dispatcher, lambda: self.site.now, lambda: False, follow=False)
                )
            finally:
                engine.dispose()

        self.site.run(work)
        self.site.now += timedelta(minutes=2)
        return outcomes

    def states(self) -> dict[str, int]:
        found: dict[str, int] = {}

        async def work(desk: Desk) -> None:
            found.update(desk.states())

        self.site.run(work)
        return found


def backup(store: Path, to: Path) -> None:
    """As the documentation says: while others write."""
    with closing(sqlite3.connect(store)) as running, closing(sqlite3.connect(to)) as copy:
        running.backup(copy)


def restore(store: Path, kept: Path) -> None:
    """As the documentation says: nobody writes, and nothing of the newer store stays beside it."""
    for suffix in ("", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    backup(kept, store)


@pytest.fixture(params=["linear", "jira"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    site = Site(tmp_path)
    if request.param == "linear":
        ours = LinearSite()
        with linear(ours).running() as server:
            site.linear(server.url)
            yield Place(
                site, lambda: (len(ours.issues), Counter(one["issueId"] for one in ours.comments.values()))
            )
        return
    theirs = JiraSite("Basic " + b64encode(b"bot@acme.test:jira-secret").decode())
    with jira(theirs).running() as server:
        site.tenant(tracker=_jira(site, server))
        yield Place(
            site, lambda: (len(theirs.issues), Counter({k: len(v) for k, v in theirs.comments.items() if v}))
        )


def _jira(site: Site, server: Scripted) -> dict[str, Any]:
    file = site.secret("token", "jira-secret")
    told = {"kind": "jira", "name": "acme-jira", "url": server.url, "project": "ENG"}
    return {**told, "email": "bot@acme.test", "token_file": file}


def again(n: int) -> Envelope:
    """Customers came back to an issue: a comment."""
    return issue_record(n, at=100 + n, change="recur", description="Again.", quotes=())


def worked(place: Place) -> Path:
    """Issues, a backup, then more issues and a comment on each one."""
    kept = place.site.folder / "backup.sqlite3"
    place.decide(*(issue_record(n) for n in range(BEFORE)))
    place.dispatch()
    backup(place.store, kept)
    place.decide(*(issue_record(n) for n in range(BEFORE, BEFORE + AFTER)))
    place.decide(*(again(n) for n in range(BEFORE + AFTER)))
    place.dispatch()
    return kept


def test_what_was_done_since_the_backup_is_not_done_twice(place: Place) -> None:
    kept = worked(place)
    there = place.seen()
    assert (there[0], set(there[1].values())) == (BEFORE + AFTER, {1})
    restore(place.store, kept)
    assert place.states() == {"done": BEFORE}
    outcomes = place.dispatch()
    assert (outcomes["taken"], outcomes["created"]) == (2 * AFTER + BEFORE, 0)
    assert (place.seen(), place.states()) == (there, {"done": 2 * (BEFORE + AFTER)})


def test_what_comes_after_it_is_done_as_ever(place: Place) -> None:
    kept = worked(place)
    restore(place.store, kept)
    place.decide(issue_record(50))
    place.dispatch()
    assert place.seen()[0] == BEFORE + AFTER + 1


def test_an_empty_store_is_an_old_backup_too(place: Place) -> None:
    worked(place)
    there = place.seen()
    for suffix in ("", "-wal", "-shm"):
        place.store.with_name(place.store.name + suffix).unlink(missing_ok=True)
    place.dispatch()
    assert (place.seen(), place.states()) == (there, {"done": 2 * (BEFORE + AFTER)})

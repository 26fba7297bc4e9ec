"""What is to be dispatched is read from its topic: a store that is away, or a topic made anew, loses none of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage
from connectors.kafka.names import Naming
from connectors.store.cursors import CursorStore
from connectors.store.engine import open_store, sqlite_url
from connectors.vendors.port import Cursor
from contracts.envelope import Envelope
from contracts.errors import RetryLater
from contracts.registry import write_record
from tests.support.broker import make_topics
from tests.support.dispatching import Desk, Site, alert_record
from tests.support.kafka_parts import put
from wiring.dispatch.feeding import READER, KafkaFeed, LogFeed, dispatch
from wiring.kafka.broker import Broker
from wiring.kafka.running import Site as Place

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def place(broker: Broker, naming: Naming, tmp_path: Path) -> Place:
    make_topics(broker.cluster, [naming.public("linear"), naming.public("alerts")], 1)
    return Place(broker.cluster, naming, tmp_path, 1)


def decide(cluster: Cluster, naming: Naming, numbers: Sequence[int]) -> None:
    """The publisher says so."""
    records = [alert_record(n) for n in numbers]
    put(
        cluster,
        naming.public("alerts"),
        0,
        [KafkaMessage(b"acme:a", write_record(one), (), 0) for one in records],
    )


@pytest.mark.parametrize("follow", [False, True])
def test_what_was_read_while_the_store_was_away_is_taken_when_it_is_back(
    place: Place, tmp_path: Path, follow: bool
) -> None:
    decide(place.cluster, place.naming, range(3))
    site = Site(tmp_path).tenant(
        alerts=[{"name": "w", "kind": "webhook", "url": "http://127.0.0.1:9/", "secret_file": "s"}]
    )

    async def work(desk: Desk) -> None:
        take, away = desk.dispatcher.take, [RetryLater("store: away", retry_after_s=0.01)]

        async def hindered(record: Envelope) -> int:
            if record.id.startswith("0-1-") and away:
                raise away.pop()
            return await take(record)

        desk.dispatcher.take = hindered  # type: ignore[method-assign]
        engine = open_store(site.url)
        feed = KafkaFeed(place, CursorStore(engine), print)
        await dispatch(
            feed, desk.dispatcher, lambda: NOW, lambda: follow and len(desk.rows()) == 3, follow=follow
        )
        feed.close()
        engine.dispose()
        assert sorted(row.record_id for row in desk.rows()) == [f"0-{n}-priority-1" for n in range(3)]

    site.run(lambda desk: asyncio.wait_for(work(desk), 20))


def test_a_topic_that_was_made_anew_is_read_from_its_beginning_and_then_on(
    place: Place, tmp_path: Path
) -> None:
    cursors = CursorStore(open_store(sqlite_url(tmp_path / "edge.sqlite3")))
    stream = f"{place.naming.public('alerts')}/0"
    cursors.save(READER, stream, Cursor({"offset": 5}, (5,)), NOW)

    def read() -> list[str]:
        feed, found = KafkaFeed(place, cursors, print), []
        while not feed.is_over:
            found += [record.id for record in feed.read()]
        feed.taken(NOW)
        feed.close()
        return found

    decide(place.cluster, place.naming, range(3))
    assert len(read()) == 3
    decide(place.cluster, place.naming, range(3, 9))
    assert len(read()) == 6
    cursors.engine.dispose()


def test_who_only_looks_sees_all_up_to_the_end_also_behind_a_transaction(
    place: Place, tmp_path: Path
) -> None:
    decide(place.cluster, place.naming, range(700))
    producer = place.cluster.producer(transactional_id=f"tx-{place.naming.prefix}")
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(place.naming.public("alerts"), write_record(alert_record(700)), b"acme:a", 0)
    producer.commit_transaction(30)
    cursors = CursorStore(open_store(sqlite_url(tmp_path / "edge.sqlite3")))
    feed = KafkaFeed(place, cursors, print)
    assert len(list(feed.rest())) == 701
    assert feed.is_over
    assert cursors.read(READER, f"{place.naming.public('alerts')}/0") is None
    feed.close()
    cursors.engine.dispose()


def rebuilt(folder: Path, records: Sequence[Envelope]) -> None:
    """The topic as a flow makes it."""
    log = folder / "logs" / "alerts" / "p0000.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"".join(write_record(one) + b"\n" for one in records))


@pytest.mark.parametrize(("longer", "again"), [("", 0), ("by a word", 3)])
def test_a_topic_that_was_rebuilt_with_other_bytes_is_read_from_its_beginning(
    tmp_path: Path, longer: str, again: int
) -> None:
    cursors = CursorStore(open_store(sqlite_url(tmp_path / "edge.sqlite3")))
    feed = LogFeed(tmp_path / "logs", cursors)
    rebuilt(tmp_path, [alert_record(n) for n in range(3)])
    assert len(feed.read()) == 3
    feed.taken(NOW)
    rebuilt(tmp_path, [alert_record(n, body=f"3 reports.{longer}") for n in range(3)])
    assert len(feed.read()) == again
    feed.taken(NOW)
    assert feed.read() == []
    cursors.engine.dispose()

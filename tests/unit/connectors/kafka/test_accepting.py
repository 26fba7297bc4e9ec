"""Many requests at once into the journal on Kafka: durable when it says so, refused when it cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connectors.kafka.accepting import KafkaAccepting
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import LARGEST_LINE
from connectors.kafka.names import Naming
from contracts.commands import Command, LoadBegin
from contracts.errors import RetryLater, WrongUsage
from contracts.registry import write_record
from tests.support.broker import make_topics
from tests.support.kafka_parts import stored
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY = Cluster("127.0.0.1:1")


def line(number: int, size: int = 0) -> bytes:
    order = LoadBegin(origin=f"file {number}" + "x" * size)
    return write_record(
        Command(id="", tenant="acme", event_time=NOON, ingested_at=NOON, author="ann", order=order)
    )


def test_requests_at_once_are_all_there_each_in_its_order(broker: Broker, naming: Naming) -> None:
    make_topics(broker.cluster, [naming.journal], 1)
    calls = [[line(10 * n + k) for k in range(3)] for n in range(100)]

    async def called() -> None:
        with KafkaAccepting(broker.cluster, {"journal": naming.journal}) as accepting:
            await asyncio.gather(*(accepting.append("journal", 0, lines) for lines in calls))
            there = [value for _id, value in stored(broker.cluster, naming.journal)]
            assert sorted(there) == sorted(one for lines in calls for one in lines)
            assert all([one for one in there if one in lines] == lines for lines in calls)
            assert accepting.trouble is None

    asyncio.run(called())


def test_a_broker_that_is_away_is_told_within_its_time() -> None:
    async def called() -> str | None:
        with KafkaAccepting(NOBODY, {"journal": "j"}, within_s=0.3) as accepting:
            with pytest.raises(RetryLater, match="j, partition 0"):
                await accepting.append("journal", 0, [line(0)])
            return accepting.trouble

    assert asyncio.run(called())


def test_memory_is_bounded_while_the_broker_is_away() -> None:
    async def called() -> list[object]:
        with KafkaAccepting(NOBODY, {"journal": "j"}, within_s=0.5, most_bytes=10_000) as accepting:
            calls = (accepting.append("journal", 0, [line(n, 3_000)]) for n in range(20))
            told = await asyncio.gather(*calls, return_exceptions=True)
            # What failed makes room again.
            again = await asyncio.gather(accepting.append("journal", 0, [line(0)]), return_exceptions=True)
            return [*told, *again]

    *told, again = asyncio.run(called())
    assert sum("fills its memory" in str(one) for one in told) == 17
    assert all(isinstance(one, RetryLater) for one in told)
    assert "fills" not in str(again)


def test_what_is_no_record_or_too_large_is_refused_whole() -> None:
    async def called() -> None:
        with KafkaAccepting(NOBODY, {"journal": "j"}, within_s=0.1) as accepting:
            for wrong in (b"{}", line(0, LARGEST_LINE)):
                with pytest.raises(WrongUsage):
                    await accepting.append("journal", 0, [line(1), wrong])

    asyncio.run(called())

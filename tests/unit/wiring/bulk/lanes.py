"""A bulk lane on a real broker, and what lies in its topics."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Message

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, held
from contracts.envelope import Envelope
from contracts.registry import read_journal
from wiring.bulk.book import UploadBook
from wiring.bulk.upload import Lane

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lane_of(cluster: Cluster, naming: Naming, folder: Path, tenant: str = "acme", processes: int = 0) -> Lane:
    """A tenant's lane into partition 0."""
    book = UploadBook(folder / "uploads" / tenant)
    return Lane(tenant, cluster, naming.topic("bulk"), 0, folder / "keys", book, processes)


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Rows as a CSV file with the columns of the first."""
    told = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(told[0]))
        writer.writeheader()
        writer.writerows(told)
    return path


def reviews(count: int, of: str = "") -> list[dict[str, object]]:
    """Reviews of as many people, a minute after one another."""
    return [
        {
            "id": f"{of}{n}",
            "date": f"2026-02-01T{n // 60 % 24:02}:{n % 60:02}:00Z",
            "text": f"The export is broken {n}",
            "author": f"p{n}@example.com",
        }
        for n in range(count)
    ]


def messages(cluster: Cluster, topic: str, partition: int = 0) -> list[Message]:
    """All messages of a partition."""
    there = held(cluster.admin(), [(topic, partition)])[topic, partition]
    return list(between(cluster, topic, partition, there.first, there.end))


def records(cluster: Cluster, topic: str) -> list[Envelope]:
    """All records of partition 0."""
    return [read_journal(0, n, m.value() or b"") for n, m in enumerate(messages(cluster, topic))]

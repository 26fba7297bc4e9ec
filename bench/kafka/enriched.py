"""Enriched records of many tenants without a model: topics on the unit sphere, an item a minute, hourly ticks.

What the themes and priority stages make of them is their own work alone. Vectors are as in ``bench.themes``.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.kafka.common import PARTITIONS, Ground
from bench.kafka.workload import tenants
from bench.themes import PROVENANCE, SPREAD
from connectors.keys.vault import LocalVault
from contracts.envelope import EVERYONE, Envelope
from contracts.feedback import Tick
from contracts.identity import concern_id, item_id, partition
from contracts.stages import Concern, Decision, EnrichedItem, ItemFacts, Vector

START = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = 20
"""Subjects that each tenant's feedback is about."""

SUBJECTS = 200
"""Authors of each tenant."""

_DECISION = Decision(
    category="bug", severity="medium", sentiment="negative", sentiment_milli=-400, confidence_milli=900
)


def put_enriched(ground: Ground, items: int, version: str, dims: int) -> None:
    """Fill the enriched topic as extract would, with keys in the ground's key store."""
    positions = Counter[int]()

    def messages() -> Iterator[tuple[int, Any]]:
        for place, record in records(ground.keys, items, version, dims, ground.partitions):
            yield place, ground.message("enriched", "extract", place, positions[place], record)
            positions[place] += 1

    ground.put("enriched", messages())


def records(
    keys: Path, items: int, version: str, dims: int, partitions: int = PARTITIONS
) -> Iterator[tuple[int, Envelope]]:
    """Partition and record, in an order that keeps each partition's; every tenant has its item each minute."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(TOPICS, dims))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    names = tenants(partitions)
    ordinals = Counter[int]()
    with closing(LocalVault(keys)) as vault:
        for name in names:
            vault.ensure(name, [f"subject-{n}" for n in range(SUBJECTS)])
        for n in range(items):
            minute, which = divmod(n, len(names))
            at = START + timedelta(minutes=minute)
            if which == 0 and minute % 60 == 0:
                for place in range(partitions):
                    yield place, _tick(place, ordinals, at)
            place = partition(names[which], partitions)
            topic = int(rng.integers(TOPICS))
            vector = centres[topic] + rng.normal(size=dims) / np.sqrt(dims) * SPREAD
            ordinals[place] += 1
            cause = f"{place}-{ordinals[place] - 1}"
            yield place, _item(cause, names[which], at, minute, topic, _vector(vector, version), vault)
        for place in range(partitions):
            yield place, _tick(place, ordinals, at + timedelta(hours=1))


def _tick(place: int, ordinals: Counter[int], at: datetime) -> Tick:
    ordinals[place] += 1
    return Tick(id=f"{place}-{ordinals[place] - 1}", tenant=EVERYONE, event_time=at, ingested_at=at)


def _vector(vector: Any, version: str) -> Vector:
    unit = np.rint(vector / np.linalg.norm(vector) * 2048).astype("<i2")
    return Vector(model=version, data=base64.b64encode(unit.tobytes()).decode())


def _item(
    cause: str, tenant: str, at: datetime, n: int, topic: int, vector: Vector, vault: LocalVault
) -> EnrichedItem:
    text = " ".join(f"word{(topic * 7 + k * k) % 900}" for k in range(n % 5, n % 5 + 12))
    sealed = vault.seal(tenant, f"subject-{n % SUBJECTS}", text.encode())
    item = item_id(tenant, "bench", str(n))
    concern = Concern(
        concern_id=concern_id(item, 1, 0),
        start=0,
        end=len(text),
        summary=sealed,
        decision=_DECISION,
        vector=vector,
    )
    return EnrichedItem(
        id=f"{cause}-extract-0",
        tenant=tenant,
        event_time=at,
        ingested_at=at,
        item_id=item,
        revision=1,
        text=sealed,
        language="en",
        coverage="full",
        facts=ItemFacts(source="bench", account=f"account-{n % 40}", tier="pro"),
        concerns=(concern,),
        provenance=PROVENANCE,
    )

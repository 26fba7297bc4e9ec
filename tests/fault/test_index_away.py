"""The embedded index fails in the middle of a batch: the stage stops loudly, and catches up when it starts again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.qdrant.edge import EdgeIndex
from contracts.errors import RetryLater
from contracts.registry import write_record
from contracts.vectors import ItemPoint
from models.encoders.hashing import KeywordEncoder
from operators.hosting import Emitted, Handed, StepHost
from operators.ports import VectorIndex
from operators.statelog import MemoryStateLog
from tests.support.steps import POLICY, Journey, memory_index, text_about, themes


class Flaky(EdgeIndex):
    """The embedded index; its disk is full for one write."""

    def __init__(self, directory: Path, full_at: int) -> None:
        super().__init__(directory, encoder_version="keywords-1", item_dims=384, theme_dims=POLICY.components)
        self._left = full_at

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        self._left -= 1
        if self._left == 0:
            raise RetryLater("no space left on device", retry_after_s=1.0)
        super().put_items(tenant, points)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    made, draw = Journey(tmp_path_factory.mktemp("away")), random.Random(1)
    for n in range(60):
        made.deliver(text_about(("invoice", "export", "login", "map")[n % 4], draw), record=f"c{n}")
    made.tick()
    yield made
    made.vault.close()


def play(journey: Journey, index: VectorIndex) -> tuple[list[Emitted], int]:
    """All records, ten and a snapshot at a time; again from the last snapshot after a failure. And how many failed."""
    records = journey.topics["enriched"]
    log, snapshot = MemoryStateLog(), None
    emitted: list[Emitted] = []
    at = failures = 0
    host = _host(journey, index, log, snapshot)
    while at < len(records):
        batch = [Handed(0, at + n, record) for n, record in enumerate(records[at : at + 10])]
        try:
            outs = host.on_batch(batch)
        except RetryLater:
            failures += 1
            host = _host(journey, index, log, snapshot)
            continue
        emitted, at, snapshot = [*emitted, *outs], at + len(batch), host.snapshot()
    return emitted, failures


def _host(journey: Journey, index: VectorIndex, log: MemoryStateLog, snapshot: Any) -> StepHost:
    host = StepHost("themes", 0, themes(journey.vault, index), log)
    host.restore(snapshot)
    return host


@pytest.mark.parametrize("full_at", [3])
def test_after_a_full_disk_the_stage_says_and_writes_what_it_would_have(
    journey: Journey, tmp_path: Path, full_at: int
) -> None:
    whole, flaky = memory_index(), Flaky(tmp_path / "qdrant", full_at)
    expected, none = play(journey, whole)
    emitted, failures = play(journey, flaky)
    assert (none, failures) == (0, 1)
    assert [write_record(one.out.record) for one in emitted] == [write_record(o.out.record) for o in expected]
    assert contents(flaky, journey) == contents(whole, journey)
    flaky.close()


def contents(index: VectorIndex, journey: Journey) -> tuple[list[Any], list[Any]]:
    """Every concern that the index holds with its payload, and which centroid it finds for each."""
    step = themes(journey.vault, memory_index())
    step.on_records(journey.topics["enriched"])
    asked = step._tenant("acme").centroids()
    vector = KeywordEncoder().encode(["the invoice is wrong"])[0]
    items = index.similar_items("acme", vector, limit=100)
    return items, [index.nearest_theme("acme", point.group, point.vector) for point in asked]

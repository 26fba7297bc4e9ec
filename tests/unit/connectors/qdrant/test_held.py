"""What is held comes to the shard once it is asked for, the last word of each id."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import qdrant_edge as qe

from connectors.qdrant.held import Held
from connectors.qdrant.points import StoredPoint
from connectors.qdrant.shard import BATCH_POINTS, ShardPlan, TenantShard

DIMS = 4


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[TenantShard]:
    shard = TenantShard(tmp_path / "shard", ShardPlan(DIMS, qe.Distance.Dot))
    yield shard
    shard.close()


def points(count: int) -> dict[str, StoredPoint | None]:
    ids = [str(UUID(int=n)) for n in range(count)]
    return {one: StoredPoint(one, np.ones(DIMS, np.int16), {}) for one in ids}


def test_nothing_is_written_before_it_is_asked_for(shard: TenantShard) -> None:
    held = Held(shard)
    held.add("acme", points(3))
    assert shard.count("acme") == 0
    held.write()
    assert shard.count("acme") == 3


def test_of_one_id_the_last_word_counts(shard: TenantShard) -> None:
    held = Held(shard)
    held.add("acme", points(3))
    held.add("acme", dict.fromkeys([str(UUID(int=0))]))
    held.write()
    assert shard.count("acme") == 2


def test_what_fills_an_update_is_written_at_once(shard: TenantShard) -> None:
    held = Held(shard)
    held.add("acme", points(BATCH_POINTS))
    assert shard.count("acme") == BATCH_POINTS


def test_what_is_forgotten_is_never_written(shard: TenantShard) -> None:
    held = Held(shard)
    held.add("acme", points(3))
    held.add("other", {str(UUID(int=9)): StoredPoint(str(UUID(int=9)), np.ones(DIMS, np.int16), {})})
    held.forget("acme")
    held.write()
    assert (shard.count("acme"), shard.count("other")) == (0, 1)

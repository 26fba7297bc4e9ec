"""The others: each finds clear topics, and says on how many items and what it was told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.themes.scoring import peers
from models.themes.scoring.peers import Peer, lead


@pytest.fixture
def clear() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=160)
    rows = np.eye(4, 64)[labels] + 0.03 * rng.normal(size=(160, 64))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("peer", [peers.average_linkage, peers.hdbscan, peers.leader, peers.dbstream])
def test_a_peer_finds_clear_topics(
    peer: Callable[[np.ndarray, np.ndarray], Peer], clear: tuple[np.ndarray, np.ndarray]
) -> None:
    found = peer(*clear)
    assert found.items == 160
    assert found.scores["ari"] > 0.9


def test_k_means_is_the_oracle_as_a_row(clear: tuple[np.ndarray, np.ndarray]) -> None:
    row, told = peers.k_means(*clear, seed=3), peers.oracle(*clear, seed=3)
    assert {name: row.scores[name] for name in told} == told


def test_noise_counts_as_clusters_of_one() -> None:
    found = peers.noise_alone(np.array([0, -1, 1, -1, 0]))
    assert np.unique(found, return_inverse=True)[1].tolist() == [0, 2, 1, 3, 0]


def test_a_leader_follows_the_order_and_founds_what_is_far() -> None:
    rows = np.eye(3, dtype=np.float32)[[0, 0, 1, 0, 2]]
    assert lead(rows, 0.5).tolist() == [0, 0, 1, 0, 2]


def test_a_leader_has_room_for_more_clusters_than_it_began_with() -> None:
    rows = np.eye(1100, dtype=np.float32)
    assert lead(rows, 0.5).max() == 1099

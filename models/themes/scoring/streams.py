"""Orders in which a labelled set is played as a stream, each one a way in which real streams are hard.

In: labels as integers ``(n,)``, vectors ``(n, d)``, a seed. Out: a ``Stream``: which item comes when.
The same seed gives the same stream. Every item gets a place in [0, 1); sorting the places is the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from contracts.errors import WrongUsage

Order = Literal["shuffled", "waves", "bursts", "drift", "returns", "stories", "file"]
Labels = NDArray[np.int64]
Places = NDArray[np.float64]
Vectors = NDArray[np.float32]

ORDERS: tuple[Order, ...] = get_args(Order)
MINUTE_S = 60
DAY_S = 86_400
RETURNS_DAYS = 180
"""Length of the ``returns`` stream, so that a topic is away for longer than a theme takes to retire."""
STORY_ITEMS = 30
"""Items that a topic needs to be told as a story."""
_WAVES = 10
_BURST_SHARE = 0.6
_BURST_WIDTH = 0.02
_AWAY = 0.4


@dataclass(frozen=True, slots=True)
class Stream:
    """``places`` ``(n,)``: which item comes as the i-th; ``step_s``: seconds between two; planted stories by label."""

    places: NDArray[np.int64]
    step_s: int = MINUTE_S
    stories: tuple[tuple[str, int], ...] = ()


def make_stream(labels: Labels, vectors: Vectors, order: Order, seed: int) -> Stream:
    """The stream of an order.

    ``shuffled``: at random. ``waves``: topics come in over ten waves, each then stays. ``bursts``: 60 % of
    a topic comes within 2 % of the stream. ``drift``: each topic has two wordings, apart along its main
    direction; at a turn of its own (30 to 70 % of the stream) the second replaces the first. ``returns``: 180
    days in which a third of the topics stays, a third ends after 40 % of the time, and a third is away for
    72 days and returns. ``stories``: shuffled, but for an outage, a rising, a fading topic and a pair of
    look-alikes that come together. ``file``: as it is. Raises ``WrongUsage`` on any other.
    """
    if order == "file":
        return Stream(np.arange(len(labels)))
    rng = np.random.RandomState(seed)
    if order == "shuffled":
        return Stream(rng.permutation(len(labels)))
    if order == "stories":
        return _stories(labels, vectors, rng)
    if order not in _PLACES:
        raise WrongUsage(f"the order {order!r} is none of {', '.join(ORDERS)}")
    places = _PLACES[order](labels, vectors, rng)
    step_s = max(RETURNS_DAYS * DAY_S // max(len(labels), 1), 1) if order == "returns" else MINUTE_S
    return Stream(np.argsort(places, kind="stable"), step_s)


def stream_order(
    labels: Labels, order: Order, seed: int, vectors: Vectors | None = None
) -> NDArray[np.int64]:
    """Positions ``(n,)`` in the order of the stream; without ``vectors``, ``drift`` and ``stories`` see equal ones."""
    return make_stream(
        labels, np.zeros((len(labels), 1), np.float32) if vectors is None else vectors, order, seed
    ).places


def _waves(labels: Labels, _vectors: Vectors, rng: np.random.RandomState) -> Places:
    shuffled = rng.permutation(np.unique(labels))
    start = np.empty(int(labels.max()) + 1)
    for place, label in enumerate(shuffled):
        start[label] = 0.8 * ((place * _WAVES) // len(shuffled)) / _WAVES
    found: Places = start[labels] + rng.rand(len(labels)) * (1 - start[labels])
    return found


def _bursts(labels: Labels, _vectors: Vectors, rng: np.random.RandomState) -> Places:
    start = rng.rand(int(labels.max()) + 1) * (1 - _BURST_WIDTH)
    within = rng.rand(len(labels)) < _BURST_SHARE
    at = rng.rand(len(labels))
    return np.where(within, start[labels] + at * _BURST_WIDTH, at)


def _drift(labels: Labels, vectors: Vectors, rng: np.random.RandomState) -> Places:
    turn = 0.3 + 0.4 * rng.rand(int(labels.max()) + 1)
    at, later = rng.rand(len(labels)), second_wording(labels, vectors)
    here = turn[labels]
    return np.where(later, here + at * (1 - here), at * here)


def second_wording(labels: Labels, vectors: Vectors) -> NDArray[np.bool_]:
    """For each item whether it is in the second half of its topic along the topic's leading direction."""
    later = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        rows = vectors[mine] - vectors[mine].mean(axis=0)
        along = rows @ np.linalg.svd(rows, full_matrices=False)[2][0]
        # Which end is called the second is arbitrary; the sign that a solver gives must not decide it.
        along = along if along[np.abs(along).argmax()] >= 0 else -along
        later[mine[np.argsort(along, kind="stable")[(len(mine) + 1) // 2 :]]] = True
    return later


def _returns(labels: Labels, _vectors: Vectors, rng: np.random.RandomState) -> Places:
    topics = int(labels.max()) + 1
    fate, start = rng.permutation(topics) % 3, rng.rand(topics)
    at, half = rng.rand(len(labels)), rng.rand(len(labels)) < 0.5
    ends = start[labels] * (1 - _AWAY) + at * _AWAY
    back = start[labels] * 0.2 + at * 0.2 + np.where(half, 0.2 + _AWAY, 0.0)
    return np.select([fate[labels] == 1, fate[labels] == 2], [ends, back], at)


_PLACES: Mapping[str, Callable[[Labels, Vectors, np.random.RandomState], Places]] = {
    "waves": _waves,
    "bursts": _bursts,
    "drift": _drift,
    "returns": _returns,
}


def _stories(labels: Labels, vectors: Vectors, rng: np.random.RandomState) -> Stream:
    names, counts = np.unique(labels, return_counts=True)
    big = rng.permutation(names[counts >= STORY_ITEMS])
    at = rng.rand(len(labels))
    told: list[tuple[str, int]] = []
    if len(big) >= 5:
        twins = _nearest_pair(labels, vectors, np.sort(big))
        outage, rising, fading = [int(label) for label in big if int(label) not in twins][:3]
        told = [("outage", outage), ("rising", rising), ("fading", fading), *(("twin", t) for t in twins)]
        at = np.where(labels == outage, 0.6 + 0.01 * at, at)
        at = np.where(labels == rising, 0.5 + 0.5 * np.sqrt(at), at)
        at = np.where(labels == fading, 0.5 * (1 - np.sqrt(at)), at)
        at = np.where(np.isin(labels, twins), 0.4 + 0.2 * at, at)
    return Stream(np.argsort(at, kind="stable"), stories=tuple(told))


def _nearest_pair(labels: Labels, vectors: Vectors, topics: Labels) -> tuple[int, int]:
    """The two topics whose means point most the same way."""
    means = np.stack([vectors[labels == label].mean(axis=0) for label in topics])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    alike = means @ means.T - 2 * np.eye(len(means))
    first, second = divmod(int(alike.argmax()), len(means))
    return int(topics[first]), int(topics[second])

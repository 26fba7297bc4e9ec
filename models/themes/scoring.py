"""How good are the themes of a labelled stream, beside an offline clustering that is told how many there are.

``evaluate`` plays labelled vectors through the engine, one by one, and scores what the engine said against
the labels: at the end (through merges and moves, a waiting concern with its nearest theme), at the end with
waiting concerns alone (``strict``), and on arrival. The oracle is k-means with the true number of labels,
on the same vectors, whole set at once. The caller passes the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from contracts.errors import WrongUsage
from models.themes.changes import Assigned, Change, Moved, Point
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy

Order = Literal["shuffled", "waves", "file"]
Labels = NDArray[np.int64]

MINUTE_S = 60
COUNTED_THEME = 5
"""Members from which on a theme counts as one."""
_WAVES = 10


def stream_order(labels: Labels, kind: Order, seed: int) -> NDArray[np.int64]:
    """Positions ``(n,)`` in the order of the stream.

    ``shuffled`` at random; ``waves``: the labels come in over ten waves, each then stays to the end;
    ``file`` as it is.
    """
    if kind == "file":
        return np.arange(len(labels))
    rng = np.random.RandomState(seed)
    if kind == "shuffled":
        return rng.permutation(len(labels))
    if kind != "waves":
        raise WrongUsage(f"the order {kind!r} is none of shuffled, waves, file")
    shuffled = rng.permutation(np.unique(labels))
    start = np.empty(int(labels.max()) + 1)
    for place, label in enumerate(shuffled):
        start[label] = 0.8 * ((place * _WAVES) // len(shuffled)) / _WAVES
    return np.argsort(start[labels] + rng.rand(len(labels)) * (1 - start[labels]), kind="stable")


def agreement(labels: Labels, found: Labels) -> dict[str, float]:
    """V-measure and the chance-corrected AMI and ARI of a clustering; zeros when there is nothing to score."""
    if not len(labels):
        return {"v": 0.0, "ami": 0.0, "ari": 0.0}
    return {
        "v": round(float(v_measure_score(labels, found)), 4),
        "ami": round(float(adjusted_mutual_info_score(labels, found)), 4),
        "ari": round(float(adjusted_rand_score(labels, found)), 4),
    }


def b_cubed(labels: Labels, found: Labels) -> float:
    """B³ F1: precision and recall of each item's cluster, averaged over items."""
    table = contingency_matrix(labels, found, sparse=True).tocoo()
    squares = table.data.astype(float) ** 2
    precision = (squares / np.bincount(table.col, table.data)[table.col]).sum() / len(labels)
    recall = (squares / np.bincount(table.row, table.data)[table.row]).sum() / len(labels)
    return round(float(2 * precision * recall / (precision + recall)), 4)


def oracle(vectors: NDArray[np.float32], labels: Labels, seed: int) -> dict[str, float]:
    """k-means with the true number of labels, best of ten starts."""
    count = len(np.unique(labels))
    return agreement(labels, KMeans(count, n_init=10, random_state=seed).fit_predict(vectors))


@dataclass(slots=True)
class Heard:
    """What the engine said about each concern: on arrival, and last."""

    arrival: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    def listen(self, changes: Sequence[Change]) -> None:
        """Take note of assignments and moves."""
        for change in changes:
            if isinstance(change, Assigned):
                self.last[change.concern_id] = change.theme_id
                if change.arrival:
                    self.arrival[change.concern_id] = change.theme_id
            elif isinstance(change, Moved):
                self.last[change.concern_id] = change.to_theme


def _play(engine: ThemeEngine, points: Sequence[Point]) -> Heard:
    heard, clock_s = Heard(), 0
    for point in points:
        clock_s = max(clock_s, point.at_s)
        heard.listen(engine.tick(clock_s))
        heard.listen(engine.add(point))
    return heard


def evaluate(
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    labels: Sequence[str],
    order: Order,
    seed: int,
    policy: ThemePolicy,
    ts: Sequence[int] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    groups: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Scores of a labelled stream; the keys are those of ``undercurrent eval themes --json``.

    ``vectors`` ``(n, 384)`` of unit length. ``ts``: seconds, used in file order; else one concern a minute.
    ``clock`` returns seconds; without it ``items_per_s`` is 0.
    """
    gold = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    places = stream_order(gold, order, seed)
    grid = to_grid(vectors)
    times = ts if ts is not None and order == "file" else None
    points = [
        Point(ids[p], grid[p], groups[p] if groups else "", times[p] if times else i * MINUTE_S)
        for i, p in enumerate(places.tolist())
    ]
    engine = ThemeEngine("eval", policy)
    began = clock()
    heard = _play(engine, points)
    took = clock() - began
    scores = _scores(engine, heard, points, gold[places])
    speed = round(len(points) / took, 1) if took > 0 else 0.0
    rest = {"oracle": oracle(vectors, gold, seed), "items_per_s": speed, "order": order, "seed": seed}
    return scores | rest


def _scores(engine: ThemeEngine, heard: Heard, points: Sequence[Point], gold: Labels) -> dict[str, Any]:
    said = [engine.resolve(heard.last[p.concern_id]) if p.concern_id in heard.last else None for p in points]
    final, strict = _filled(engine, said, points), _alone(said)
    sizes = np.bincount(strict)
    first = {concern: engine.resolve(theme) for concern, theme in heard.arrival.items()}
    here = np.array([i for i, p in enumerate(points) if p.concern_id in first], np.int64)
    on_arrival = _numbered([first[points[i].concern_id] for i in here])
    kept = sum(first.get(p.concern_id, "") == theme for p, theme in zip(points, said, strict=True))
    return {
        **agreement(gold, final),
        "b3": b_cubed(gold, final),
        "themes": int((np.bincount(_numbered([s for s in said if s])) >= COUNTED_THEME).sum()),
        "singletons": int((sizes == 1).sum()),
        "gold": len(np.unique(gold)),
        "arrival": agreement(gold[here], on_arrival),
        "arrival_share": round(len(here) / len(points), 4),
        "kept_share": round(kept / len(points), 4),
        "waiting_share": round(said.count(None) / len(points), 4),
        "strict": agreement(gold, strict),
    }


def _numbered(names: Sequence[str]) -> Labels:
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].astype(np.int64)


def _filled(engine: ThemeEngine, said: Sequence[str | None], points: Sequence[Point]) -> Labels:
    """Every concern's theme, a waiting one with its nearest; all in one when there is no theme at all."""
    names = []
    for theme, point in zip(said, points, strict=True):
        near = engine.nearest(point.vector, point.group, 1) if theme is None else []
        names.append(theme or (near[0][0] if near else ""))
    return _numbered(names)


def _alone(said: Sequence[str | None]) -> Labels:
    """Every concern's theme, a waiting one alone."""
    return _numbered([theme or f"alone {i}" for i, theme in enumerate(said)])

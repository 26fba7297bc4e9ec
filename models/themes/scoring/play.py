"""One labelled stream through the engine, and what that was worth.

``evaluate`` plays labelled vectors one by one and scores what the engine said against the labels: at the
end (through merges and moves, a waiting concern with its nearest theme), at the end with waiting concerns
alone (``strict``), and on arrival. A concern that was given up counts as an error: it stands alone in both.
The oracle is k-means with the true number of labels, on the same vectors, whole set at once. The caller
passes the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.themes.changes import Assigned, CentroidsChanged, Change, Moved, Point
from models.themes.engine import ThemeEngine
from models.themes.grid import to_grid
from models.themes.policy import ThemePolicy
from models.themes.scoring.confidence import confidence, majorities
from models.themes.scoring.measures import Labels, agreement, all_measures, numbered
from models.themes.scoring.noticing import Watch
from models.themes.scoring.peers import oracle
from models.themes.scoring.streams import Order, Stream, make_stream
from models.themes.scoring.words import HeardWords

COUNTED_THEME = 5
"""Members from which on a theme counts as one."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """What is measured on: ``vectors`` ``(n, 384)`` float32 of unit length; ``gold`` ``(n,)``, labels as integers.

    ``ts``: seconds, used in file order; else the stream's own step. ``groups``: languages. ``texts``: what the
    engine may ask for words; without them it has none, and its probabilities rest on vectors alone.
    """

    ids: Sequence[str]
    vectors: NDArray[np.float32]
    gold: Labels
    ts: Sequence[int] | None = None
    groups: Sequence[str] | None = None
    texts: Sequence[str] | None = None

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        labels: Sequence[str],
        ts: Sequence[int] | None = None,
        groups: Sequence[str] | None = None,
        texts: Sequence[str] | None = None,
    ) -> LabelledSet:
        """With labels by name."""
        return cls(ids, vectors, numbered(list(labels)), ts, groups, texts)


@dataclass(frozen=True, slots=True)
class Played:
    """A stream that was played: its points, their labels, and all that each brought about."""

    engine: ThemeEngine
    points: Sequence[Point]
    gold: Labels
    heard: Sequence[Sequence[Change]]
    took_s: float


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
    texts: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Scores of a labelled stream; the keys are those of ``undercurrent eval themes --json``.

    ``vectors`` ``(n, 384)`` of unit length. ``ts``: seconds, used in file order; else one concern a minute.
    ``clock`` returns seconds; without it ``items_per_s`` is 0.
    """
    data = LabelledSet.of(ids, vectors, labels, ts, groups, texts)
    return score_stream(data, order, seed, policy, clock) | {"oracle": oracle(vectors, data.gold, seed)}


def score_stream(
    data: LabelledSet,
    order: Order,
    seed: int,
    policy: ThemePolicy,
    clock: Callable[[], float] = lambda: 0.0,
) -> dict[str, Any]:
    """``evaluate`` without the oracle."""
    stream = make_stream(data.gold, data.vectors, order, seed)
    played = play(data, stream, data.ts if order == "file" else None, policy, clock)
    speed = round(len(played.points) / played.took_s, 1) if played.took_s > 0 else 0.0
    return _scores(played, stream) | {"items_per_s": speed, "order": order, "seed": seed}


def play(
    data: LabelledSet,
    stream: Stream,
    ts: Sequence[int] | None,
    policy: ThemePolicy,
    clock: Callable[[], float],
) -> Played:
    """A fresh engine hears the stream, with a tick before every concern."""
    grid, groups = to_grid(data.vectors), data.groups
    points = [
        Point(data.ids[p], grid[p], groups[p] if groups else "", ts[p] if ts else i * stream.step_s)
        for i, p in enumerate(stream.places.tolist())
    ]
    engine, heard, now_s = ThemeEngine("eval", policy), list[list[Change]](), 0
    words = HeardWords(dict(zip(data.ids, data.texts, strict=True))) if data.texts else None
    engine.listen_to(words)
    began = clock()
    for point in points:
        now_s = max(now_s, point.at_s)
        heard.append([*engine.tick(now_s), *engine.add(point)])
        if words is not None:
            words.listen(heard[-1])
    return Played(engine, points, data.gold[stream.places], heard, clock() - began)


def _scores(played: Played, stream: Stream) -> dict[str, Any]:
    engine, points, gold = played.engine, played.points, played.gold
    said = [engine.theme_of(point.concern_id) for point in points]
    waits = [theme is None and engine.waits(p.concern_id) for theme, p in zip(said, points, strict=True)]
    final, strict = _filled(played, said, waits), _alone(said)
    singletons = int((np.bincount(strict) == 1).sum())
    return {
        **all_measures(gold, final),
        "themes": int((np.bincount(numbered([s for s in said if s])) >= COUNTED_THEME).sum()),
        "singletons": singletons,
        "singletons_share": round(singletons / len(points), 4),
        "gold": len(np.unique(gold)),
        **_on_arrival(played, said),
        "waiting_share": round(sum(waits) / len(points), 4),
        "dropped_share": round((said.count(None) - sum(waits)) / len(points), 4),
        "strict": all_measures(gold, strict),
        **_noticed(played),
        **_confidence(played, said),
        **_told(stream, said, gold),
    }


def _filled(played: Played, said: Sequence[str | None], waits: Sequence[bool]) -> Labels:
    """Every concern's theme; a waiting one with its nearest, if there is any; a dropped one alone."""
    names = []
    for place, (theme, point) in enumerate(zip(said, played.points, strict=True)):
        near = played.engine.nearest(point.vector, point.group, 1) if waits[place] else []
        names.append(theme or (near[0][0] if near else "waiting" if waits[place] else f"alone {place}"))
    return numbered(names)


def _alone(said: Sequence[str | None]) -> Labels:
    """Every concern's theme; without one, alone."""
    return numbered([theme or f"alone {place}" for place, theme in enumerate(said)])


def _on_arrival(played: Played, said: Sequence[str | None]) -> dict[str, Any]:
    """How many were assigned at once, how well, and how many of all ended where they arrived."""
    first: dict[str, str] = {}
    for changes in played.heard:
        first |= {c.concern_id: c.theme_id for c in changes if isinstance(c, Assigned) and c.arrival}
    first = {concern: played.engine.resolve(theme) for concern, theme in first.items()}
    here = np.array([i for i, p in enumerate(played.points) if p.concern_id in first], np.int64)
    kept = sum(first.get(p.concern_id, "") == s for p, s in zip(played.points, said, strict=True))
    found = numbered([first[played.points[i].concern_id] for i in here])
    return {
        "arrival": agreement(played.gold[here], found),
        "arrival_share": round(len(here) / len(played.points), 4),
        "kept_share": round(kept / len(played.points), 4),
    }


def _noticed(played: Played) -> dict[str, Any]:
    label_of = {p.concern_id: int(label) for p, label in zip(played.points, played.gold, strict=True)}
    watch = Watch(label_of)
    for point, changes in zip(played.points, played.heard, strict=True):
        watch.learn_one(point.concern_id, changes)
    passes = (i for i, told in enumerate(played.heard) if any(isinstance(c, CentroidsChanged) for c in told))
    return watch.scores(next(passes, len(played.heard)))


def _confidence(played: Played, said: Sequence[str | None]) -> dict[str, Any]:
    """Figures of the probabilities stated with assignments and moves, and (``at_once``) of those on arrival."""
    gold = played.gold.tolist()
    label_of = {p.concern_id: label for p, label in zip(played.points, gold, strict=True)}
    made = [c for changes in played.heard for c in changes if isinstance(c, Assigned | Moved)]
    most = majorities(said, gold)
    themes = [c.theme_id if isinstance(c, Assigned) else c.to_theme for c in made]
    right = [
        most.get(played.engine.resolve(theme)) == label_of[c.concern_id]
        for theme, c in zip(themes, made, strict=True)
    ]
    p_milli, true = np.array([c.p_milli for c in made], np.int64), np.array(right, bool)
    first = np.array([isinstance(c, Assigned) and c.arrival for c in made], bool)
    return {**confidence(p_milli, true), "at_once": confidence(p_milli[first], true[first])}


def _told(stream: Stream, said: Sequence[str | None], gold: Labels) -> dict[str, Any]:
    """Of each planted story: the share of it in its largest theme, and how much of that theme is the story."""
    if not stream.stories:
        return {}
    found: dict[str, dict[str, float]] = {}
    for kind, label in stream.stories:
        mine = [theme for theme, other in zip(said, gold, strict=True) if other == label and theme]
        largest = max(sorted(set(mine)), key=mine.count, default="")
        held = mine.count(largest)
        name = kind if kind not in found else f"{kind} 2"
        found[name] = {
            "share": round(held / int((gold == label).sum()), 4),
            "purity": round(held / max(list(said).count(largest), 1), 4),
        }
    return {"stories": found}

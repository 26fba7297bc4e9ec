"""Streams for drift detectors: still ones, in which every event is a false alarm, and ones in which a topic changes.

In:    a labelled set with unit vectors, labels' decisions, an encoder for new wordings.
Out:   the events of each stream, and of each changed topic how many of its concerns came before one told of it.

A stream is the set in random order at the hours at which people write: most in working hours, few at weekends, some two
hundred a day. A topic changes its wording half-way: from then on ``share`` of its concerns say in which new
circumstances they are, in about as many words as they have; the rest of the set stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from contracts.feedback import Tick
from contracts.stages import Decision
from contracts.themes import DriftEvent
from models.themes.changes import Assigned, Point
from models.themes.engine import ThemeEngine
from models.themes.grid import Grid
from models.themes.policy import ThemePolicy
from operators.numbering import Numbering
from operators.themes.concerns import who_is
from operators.themes.drift import DriftWatch
from operators.themes.records import Teller

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
A_DAY = 200
CHANGED = 8
"""Topics that change in one stream."""
LEAST = 100
"""Concerns that a topic needs to be changed: enough before and after."""
AFTER = 60
"""Concerns of a topic after its change."""
_ONSET = 0.6
_RELATED = 0.5

CIRCUMSTANCES = (
    "since the Aurora desktop companion was rolled out to us",
    "now that everything runs through the Meridian partner portal",
    "after we moved our whole team to the Lumen starter plan",
    "ever since your people migrated us to the Cobalt data centre",
    "when using the holiday voucher from the spring campaign",
    "on the tablet with the Nimbus keyboard cover attached",
    "because of the Harbor single sign-on that our admin enabled",
    "with the Falcon beta that you invited our office to join",
)
"""What the changed concerns of each topic add to what they said; about as many words again."""

Encode = Callable[[Sequence[str]], Grid]


@dataclass(frozen=True, slots=True)
class Concerns:
    """A labelled set: ``grid`` ``(n, 384)``, ``topics`` ``(n,)`` numbered from 0."""

    ids: Sequence[str]
    texts: Sequence[str]
    topics: NDArray[np.int64]
    grid: Grid
    decisions: Sequence[Decision]


@dataclass(slots=True)
class Trial:
    """One stream: how many concerns, what was told (with its place), how soon changed topics were noticed.

    ``delays``: by topic, its concerns since the change up to the first event about it; None if there was none.
    """

    concerns: int
    events: list[tuple[int, DriftEvent]] = field(default_factory=list)
    delays: dict[int, int | None] = field(default_factory=dict)
    by: dict[int, str] = field(default_factory=dict)


def still(concerns: Concerns, seed: int) -> Trial:
    """The whole set in random order: nothing drifts."""
    places = np.random.RandomState(seed).permutation(len(concerns.ids))
    return _play(concerns, places, concerns.grid, seed)[0]


def changing(concerns: Concerns, seed: int, share: float, encode: Encode) -> Trial:
    """Eight topics change at six tenths of the stream; ``share`` of their concerns speak in new words from then on."""
    rng = np.random.RandomState(seed)
    sizes = np.bincount(concerns.topics)
    changed = sorted(rng.permutation(np.flatnonzero(sizes >= LEAST))[:CHANGED].tolist())
    at = rng.rand(len(concerns.ids))
    grid = concerns.grid.copy()
    for place, topic in enumerate(changed):
        mine = rng.permutation(np.flatnonzero(concerns.topics == topic))
        before, after = mine[:-AFTER], mine[-AFTER:]
        at[before], at[after] = _ONSET * rng.rand(len(before)), _ONSET + (1 - _ONSET) * rng.rand(len(after))
        reworded = after[rng.rand(len(after)) < share]
        said = [f"{concerns.texts[i].rstrip('.?! ')} {CIRCUMSTANCES[place]}" for i in reworded]
        grid[reworded] = encode(said)
    trial, home = _play(concerns, np.argsort(at, kind="stable"), grid, seed, int((at < _ONSET).sum()))
    _notice(trial, concerns, np.argsort(at, kind="stable"), int((at < _ONSET).sum()), changed, home)
    return trial


def _play(
    concerns: Concerns, places: NDArray[np.int64], grid: Grid, seed: int, until: int = 0
) -> tuple[Trial, Mapping[int, str]]:
    """The stream through engine and detectors; and the theme in which most of each topic was before ``until``."""
    engine, watch, ids = ThemeEngine("trial", ThemePolicy()), DriftWatch(), Numbering("themes")
    trial = Trial(len(places))
    homes: dict[int, Counter[str]] = {}
    arrival: dict[str, int] = {}
    hour_before = -1
    for n, (place, at) in enumerate(zip(places.tolist(), hours(len(places), seed), strict=True)):
        tell = Teller(_tick(n, at), ids.after)
        if int(at.timestamp()) // 3600 != hour_before:
            hour_before = int(at.timestamp()) // 3600
            trial.events += [(n, event) for event in watch.tick(int(at.timestamp()), tell)]
        concern = concerns.ids[place]
        arrival[concern] = n
        point = Point(concern, grid[place], "en", int(at.timestamp()))
        changes = engine.add(point)
        told = [*watch.heard(point, concerns.decisions[place], who_is(concern), changes, tell, engine.alike)]
        told += watch.changed(changes, arrival.get, n + 1, tell)
        told += watch.labelled(concern, who_is(concern), concerns.decisions[place].confidence_milli, tell)
        trial.events += [(n, event) for event in told]
        for change in changes:
            if n < until and isinstance(change, Assigned):
                topic = int(concerns.topics[place])
                homes.setdefault(topic, Counter())[change.theme_id] += change.concern_id == concern
    home = {topic: engine.resolve(themes.most_common(1)[0][0]) for topic, themes in homes.items()}
    # Themes are told of by the id they had then.
    trial.events = [(n, _resolved(engine, event)) for n, event in trial.events]
    return trial, home


def _resolved(engine: ThemeEngine, event: DriftEvent) -> DriftEvent:
    if event.theme_id is None:
        return event
    return event.model_copy(update={"theme_id": engine.resolve(event.theme_id)})


def _notice(
    trial: Trial,
    concerns: Concerns,
    places: NDArray[np.int64],
    onset: int,
    changed: Sequence[int],
    home: Mapping[int, str],
) -> None:
    """Fill in ``delays``: an event is about a topic if it is of its theme, or half of its examples are the topic's."""
    topic_of = dict(zip(concerns.ids, concerns.topics.tolist(), strict=True))
    stream = concerns.topics[places]
    for topic in changed:
        trial.delays[topic] = None
        for n, event in trial.events:
            mine = sum(topic_of[example] == topic for example in event.examples)
            related = mine >= max(_RELATED * len(event.examples), 1)
            if n >= onset and (related or (event.theme_id and event.theme_id == home.get(topic))):
                trial.delays[topic] = int((stream[onset : n + 1] == topic).sum())
                trial.by[topic] = event.detector
                break


def hours(count: int, seed: int) -> list[datetime]:
    """Times at which so many concerns come, in order: more by day than by night, few at weekends."""
    rng = np.random.RandomState(1000 + seed)
    weight = np.array([_weight(hour) for hour in range(168)])
    weeks = max(round(count / A_DAY / 7), 1)
    drawn = rng.choice(168, count, p=weight / weight.sum()) + 168 * rng.randint(0, weeks, count)
    seconds = np.sort(drawn * 3600 + rng.randint(0, 3600, count))
    return [MONDAY + timedelta(seconds=int(second)) for second in seconds]


def _weight(hour: int) -> float:
    by_day = 1.0 if 8 <= hour % 24 < 19 else 0.15
    return by_day * (0.3 if hour >= 120 else 1.0)


def _tick(n: int, at: datetime) -> Tick:
    return Tick.model_construct(
        id=f"0-{n}",
        kind="tick",
        tenant="trial",
        event_time=at,
        ingested_at=at,
        trace="",
        schema_version="1.0",
    )

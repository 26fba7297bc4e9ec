"""Where each public partition is resumed, from what Kafka holds and nothing else.

In:    the last message of every public partition; the positions that a publisher told (``book``).
Out:   a ``Start`` for each; the later of the two counts, as either may be behind.
A partition of which nothing is known begins with the first generation, or with the active one of its neighbours: they
all meet the same cutovers, and a quiet topic may have forgotten its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from confluent_kafka import Message

from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import sequence_of, stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, gone, headers_of, held
from contracts.errors import RecoveryRefused, StateCorrupt
from wiring.kafka.publishing.book import Place, told_positions
from wiring.kafka.publishing.marks import NEVER, Position, stamp_of
from wiring.kafka.publishing.tails import last_messages
from wiring.topics import load_topics


@dataclass(frozen=True, slots=True)
class Start:
    """Where a lane begins; ``sequences`` as in ``Lane``; ``is_new``: nothing was ever published there."""

    position: Position
    sequences: Mapping[str, int] = field(default_factory=dict)
    is_new: bool = False


def known_starts(cluster: Cluster, naming: Naming, places: Iterable[Place]) -> dict[Place, Start]:
    """Where each public partition stands, if that is known. Raises ``StopWorker``."""
    wanted = {(naming.public(short), partition): (short, partition) for short, partition in places}
    last = last_messages(cluster, wanted, lambda message: stamp_of(headers_of(message)) is not None)
    told = told_positions(cluster, naming.prefix, {short for short, _ in wanted.values()})
    found = {wanted[place]: _behind(message) for place, message in last.items()}
    for place in wanted.values():
        if place in told:
            start = Start(told[place][-1])
            published = found.get(place, start)
            found[place] = max(published, start, key=lambda one: one.position.rank)
    return found


def all_starts(
    cluster: Cluster, naming: Naming, places: Iterable[Place], *, skip_lost: bool = False
) -> tuple[dict[Place, Start], list[str]]:
    """Where to begin with every partition, and what was lost of it, in words.

    ``naming`` has the generation that is active first. Raises ``StateCorrupt`` where offsets that were never published
    are gone, unless ``skip_lost``, and ``RecoveryRefused`` where a topic is missing.
    """
    wanted = list(places)
    known = known_starts(cluster, naming, wanted)
    starts = {place: known.get(place) or _unknown(naming, place, known) for place in wanted}
    sources = {
        place: (_source(naming, place, start), place[1])
        for place, start in starts.items()
        if not start.position.is_standing
    }
    _refuse_missing(cluster, {topic for topic, _ in sources.values()})
    there = held(cluster.admin(), sources.values())
    lost: list[str] = []
    for place, source in sources.items():
        starts[place], said = _inside(starts[place], source, there[source], _is_table(place), skip_lost)
        lost += said
    return starts, lost


def _behind(message: Message) -> Start:
    """Behind a message that was published: what comes next of the stage that wrote it has the next number."""
    headers = headers_of(message)
    stamp, stage = stamp_of(headers), stage_of(headers)
    if stamp is None:
        raise AssertionError("only messages with a stamp are asked for")
    known = {} if stamp.is_standing or stage is None else {stage: sequence_of(headers) + 1}
    return Start(stamp.position, known)


def _unknown(naming: Naming, place: Place, known: Mapping[Place, Start]) -> Start:
    neighbours = [start.position for (_, partition), start in known.items() if partition == place[1]]
    active = max(neighbours, key=lambda at: at.rank, default=Position(naming.generation, 0))
    is_switched = active.since != NEVER
    position = replace(active, offset=0, is_standing=True) if is_switched else Position(naming.generation, 0)
    return Start(position, is_new=True)


def _source(naming: Naming, place: Place, start: Start) -> str:
    return replace(naming, generation=start.position.generation).topic(place[0])


def _is_table(place: Place) -> bool:
    return load_topics()[place[0]].cleanup == "compact"


def _refuse_missing(cluster: Cluster, names: set[str]) -> None:
    there = topic_ids(cluster, names)
    for name in sorted(names):
        if name not in there:
            raise RecoveryRefused(
                f"topic {name} does not exist: create it with `undercurrent topics apply --generation "
                f"{name.split('.')[1]}`"
            )


def _inside(
    start: Start, source: tuple[str, int], there: Held, is_table: bool, skip_lost: bool
) -> tuple[Start, list[str]]:
    """The start, moved to what there is."""
    at = start.position
    if at.offset > there.end:
        raise gone(*source, at.offset, there)
    if at.offset >= there.first:
        return start, []
    moved = Start(replace(at, offset=there.first), is_new=start.is_new)
    if is_table or start.is_new:
        return moved, []
    lost = (
        f"topic {source[0]}, partition {source[1]}: retention deleted offsets {at.offset} up to before {there.first} "
        "before they were published"
    )
    if not skip_lost:
        raise StateCorrupt(f"{lost}; go on without them with `undercurrent publish --skip-lost`")
    return moved, [lost]

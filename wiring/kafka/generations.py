"""Which generations there are, which one subscribers see, and the order to change that.

In:    the cluster's topics, the positions that stages and the publisher tell, the last public messages.
Out:   a ``Cutover`` in every partition of the journal, if the generation can take over; else what is missing.
Elsewhere: who makes a generation (``replay``), and who acts on the order (the stages mark it in their topics, the
publisher switches there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster, answer_of, kafka_errors
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, held, offset_of
from contracts.commands import Command, Cutover
from contracts.envelope import EVERYONE
from contracts.errors import StopWorker, WrongUsage
from contracts.registry import write_record
from wiring.kafka.positions import beat_in
from wiring.kafka.publisher import public_places, rules_of
from wiring.kafka.publishing.book import Place, split_name, stage_offsets, told_positions, topics_there
from wiring.kafka.publishing.marks import Position
from wiring.kafka.publishing.starts import known_starts
from wiring.topics import STAGES, published

ANSWERED_WITHIN_S = 10.0

# A stage tells its positions every second; one that is silent for so long would let subscribers wait for ever.
ALIVE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class StageLag:
    """A stage of a generation: the topic it reads, messages behind it, and partitions behind by more than allowed.

    ``beat`` is when its slowest process last told something, Unix seconds.
    """

    stage: str
    reads: str
    behind: int
    late: tuple[int, ...]
    beat: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a generation can take over: what is missing, and the public topics that it does not write.

    ``waits_for``: what keeps a generation that is active from coming to the order; until it does, it stays active.
    """

    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    waits_for: tuple[str, ...] = ()


def journal_partitions(cluster: Cluster, naming: Naming) -> int:
    """How many partitions everything has. Raises ``WrongUsage`` where there is no journal."""
    there = topic_ids(cluster, [naming.journal])
    if naming.journal not in there:
        raise WrongUsage(
            f"topic {naming.journal} does not exist: see --prefix, or `undercurrent topics apply`"
        )
    return there[naming.journal].partitions


def generation_names(cluster: Cluster, prefix: str) -> list[str]:
    """Every generation that has topics. Raises ``StopWorker``."""
    found = {named[0] for name in topics_there(cluster) if (named := split_name(name, prefix))}
    return sorted(found, key=lambda name: (len(name), name))  # g2 before g10


def active_positions(cluster: Cluster, naming: Naming, partitions: int) -> dict[Place, Position]:
    """Where every public partition stands; those of which nothing is known are left out. Raises ``StopWorker``."""
    there = topic_ids(cluster, map(naming.public, published()))
    places = [place for place in public_places(partitions) if naming.public(place[0]) in there]
    return {place: start.position for place, start in known_starts(cluster, naming, places).items()}


def stage_lags(cluster: Cluster, naming: Naming, at: datetime, max_lag: timedelta) -> list[StageLag]:
    """Every stage of a generation that ever told a position, in the order of the stages. Raises ``StopWorker``."""
    found = (_stage_lag(cluster, naming, stage, at - max_lag) for stage in STAGES)
    return [one for one in found if one is not None]


def readiness(
    cluster: Cluster, naming: Naming, partitions: int, at: datetime, max_lag: timedelta
) -> Readiness:
    """What keeps the generation of ``naming`` from becoming the active one at ``at``. Raises ``StopWorker``."""
    topics = _topics_missing(cluster, naming, partitions)
    lags = stage_lags(cluster, naming, at, max_lag)
    stages = {one.stage for one in lags}
    missing = [*topics, *_stages_missing(naming, stages), *_held_up(lags, at, max_lag)]
    left_out = () if not stages else sorted(s for s in published() if rules_of((s, 0)).stage not in stages)
    seen = {position.generation for position in active_positions(cluster, naming, partitions).values()}
    waits_for = [
        f"{generation}: {said}"
        for generation in sorted(seen - {naming.generation})
        for said in _held_up(
            stage_lags(cluster, replace(naming, generation=generation), at, max_lag), at, max_lag
        )
    ]
    return Readiness(tuple(missing), tuple(left_out), tuple(waits_for))


def cut_over(cluster: Cluster, naming: Naming, partitions: int, author: str, at: datetime) -> dict[int, int]:
    """Order every partition to show the generation of ``naming``; the ordinal of the order in each.

    Raises ``RetryLater`` or ``StopWorker``; given again it does no harm, whatever part of it was done.
    """
    order = Cutover(generation=naming.generation)
    record = Command(id="", tenant=EVERYONE, event_time=at, ingested_at=at, author=author, order=order)
    line = write_record(record)
    ordinals = {}
    with KafkaJournal(cluster, naming.journal, partitions, "cutover") as journal:
        for partition in range(partitions):
            since = journal.count(partition)
            journal.append(partition, [line])
            messages = between(cluster, naming.journal, partition, since, journal.count(partition))
            ordinals[partition] = next(offset_of(message) for message in messages if message.value() == line)
    return ordinals


def active_generation(cluster: Cluster, prefix: str) -> str | None:
    """Whose themes subscribers see; None where nothing was published. Raises ``WrongUsage`` while two are seen."""
    told = told_positions(cluster, prefix, ("themes",))
    found = sorted({some[-1].generation for some in told.values() if some})
    if len(found) > 1:
        raise WrongUsage(
            f"a cutover is under way: some see {' and some '.join(found)}; say which with --generation"
        )
    return found[0] if found else None


def generation_before(cluster: Cluster, naming: Naming) -> tuple[str, str]:
    """The active generation and the one before it. Raises ``WrongUsage`` where that is not clear."""
    told = told_positions(cluster, naming.prefix, published())
    pairs = {(some[-1].generation, some[-2].generation) for some in told.values() if len(some) > 1}
    if len(pairs) == 1:
        return pairs.pop()
    advice = "name the generation: `undercurrent cutover g1`"
    if pairs:
        said = ", ".join(sorted(f"{active} after {before}" for active, before in pairs))
        raise WrongUsage(f"the public partitions do not agree ({said}), a cutover may be under way; {advice}")
    raise WrongUsage(f"the publisher knows of no generation before the active one; {advice}")


def _stage_lag(cluster: Cluster, naming: Naming, stage: str, late_before: datetime) -> StageLag | None:
    told = stage_offsets(cluster, naming, stage)
    if not told:
        return None
    admin = cluster.admin()
    newest = max(told, key=lambda one: beat_in(one.metadata) or 0.0)
    done = {one.partition: one for one in told if one.topic == newest.topic}
    places = [(newest.topic, partition) for partition in done]
    ends = {partition: there.end for (_, partition), there in held(admin, places).items()}
    bounds = _offsets_at(admin, newest.topic, ends, late_before)
    return StageLag(
        stage,
        newest.topic,
        sum(max(0, ends[p] - one.offset) for p, one in done.items()),
        tuple(sorted(p for p, one in done.items() if one.offset < bounds[p])),
        min(beat_in(one.metadata) or 0.0 for one in done.values()),
    )


def _offsets_at(admin: AdminClient, topic: str, ends: Mapping[int, int], at: datetime) -> dict[int, int]:
    """The first offset of each partition that was written at ``at`` or later; its end where there is none."""
    spec = OffsetSpec.for_timestamp(int(at.timestamp() * 1000))
    wanted = {TopicPartition(topic, partition): spec for partition in ends}
    with kafka_errors(f"looking for a time in {topic}"):
        answers = admin.list_offsets(wanted, request_timeout=ANSWERED_WITHIN_S)
        found = {place.partition: answer_of(future).offset for place, future in answers.items()}
    return {p: offset if offset >= 0 else ends[p] for p, offset in found.items()}


def _topics_missing(cluster: Cluster, naming: Naming, partitions: int) -> list[str]:
    names = sorted(map(naming.topic, published()))
    there = topic_ids(cluster, names)
    missing = [name for name in names if name not in there]
    found = [f"topics {', '.join(missing)} do not exist"] if missing else []
    return found + [
        f"topic {name} has {one.partitions} partitions, not {partitions}"
        for name, one in there.items()
        if one.partitions != partitions
    ]


def _held_up(lags: Sequence[StageLag], at: datetime, max_lag: timedelta) -> list[str]:
    """Which stages do not run, or are further behind than is allowed."""
    found = []
    for one in lags:
        silent_s = at.timestamp() - one.beat
        if silent_s > max(ALIVE_WITHIN_S, max_lag.total_seconds()):
            found.append(f"stage {one.stage} does not run: it last told its positions {silent_s:.0f} s ago")
        if one.late:
            late = ", ".join(map(str, one.late))
            found.append(
                f"stage {one.stage} is more than {max_lag.total_seconds():g} s behind in partitions {late} "
                f"({one.behind} messages in all)"
            )
    return found


def _stages_missing(naming: Naming, told: set[str]) -> list[str]:
    """Stages behind the first one that runs must run too; those before it are another generation's."""
    first = next((n for n, stage in enumerate(STAGES) if stage in told), None)
    if first is None:
        return [
            f"no stage of {naming.generation} ever ran: `undercurrent replay --generation {naming.generation}`"
        ]
    return [
        f"stage {stage} of {naming.generation} never ran" for stage in STAGES[first:] if stage not in told
    ]


def refuse(naming: Naming, missing: Sequence[str]) -> None:
    """Raise ``StopWorker`` with everything that is missing, if anything is."""
    if missing:
        raise StopWorker(
            f"{naming.generation} cannot become active yet, nothing was changed: {'; '.join(missing)}"
        )

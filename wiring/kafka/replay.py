"""Begin a generation in the middle of the stream, beside the one that is live: its topics, and where it reads from.

In:    the topic of the generation that is replayed (or the journal), a place in it, a name for the new generation.
Out:   a ``Replay``: the stages to run and the offsets that the first of them begins at.
State: ``replay.json`` in the generation's folder, so that the same command goes on with what it began.
Elsewhere: who runs the stages (``cli.replay``); what differs in the end (``wiring.comparing``).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from confluent_kafka import TopicPartition

from connectors.kafka.admin import create_topics, topic_ids
from connectors.kafka.cluster import Cluster, answer_of, kafka_errors
from connectors.kafka.groups import checked, told_offsets
from connectors.kafka.names import Naming
from connectors.kafka.reading import WITHIN_S, Held, held
from connectors.labelling.table import AnswerTable
from contracts.errors import RecoveryRefused, StateCorrupt, StopWorker, WrongUsage
from wiring.datadir import write_whole
from wiring.kafka.generations import active_positions
from wiring.kafka.home import Member, joined
from wiring.kafka.positions import position_group
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_strange_keys
from wiring.kafka.topics import wanted_topics
from wiring.topics import INPUTS, STAGES, load_topics

SOURCES = tuple(INPUTS[stage] for stage in STAGES)
"""The topics that a replay may read: each is the input of a stage."""

# Whoever looks how far the stages are asks again soon, and is not to be waited for when it is told to stop.
ASKED_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Since:
    """Where a replay begins: offsets by partition, or the moment of arrival in the topic, or (None) its first record.

    Partitions that ``offsets`` leaves out begin at their first record.
    """

    offsets: Mapping[int, int] | None = None
    time: datetime | None = None

    def __str__(self) -> str:
        if self.time is not None:
            return f"what arrived since {self.time.isoformat()}"
        told = ", ".join(f"{p}={offset}" for p, offset in sorted((self.offsets or {}).items()))
        return f"offsets {told}" if told else "the first record"


@dataclass(frozen=True, slots=True)
class Replay:
    """A generation that was begun: ``source`` (short name) of generation ``of`` is its input, from ``since`` on.

    ``starts``: the first offset by partition, where that is not 0. ``answers``: it has a table of answers of its own.
    """

    generation: str
    of: str
    source: str
    since: str
    starts: Mapping[int, int]
    answers: bool = False

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that run, in the order in which a record meets them."""
        return STAGES[SOURCES.index(self.source) :]

    def input_of(self, stage: str, naming: Naming) -> str:
        """The full name of the topic that a stage reads."""
        reads = replace(naming, generation=self.of) if stage == self.stages[0] else naming
        return reads.topic(INPUTS[stage])


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a stage has come: messages behind it, and between where it began and the end of its input now."""

    stage: str
    done: int
    there: int


def own_answers(site: Site) -> Path | None:
    """The generation's own table of answers; None if it was begun without. Raises ``StateCorrupt`` if it is lost."""
    begun, path = read_replay(site), _answers(site)
    if begun is None or not begun.answers:
        return None
    if not path.is_file():
        raise StateCorrupt(
            f"{path}: the generation's answers are gone; put the file back, or begin with --restart"
        )
    return path


def begin(site: Site, source: str, of: str, since: Since, answers: Path | None = None) -> tuple[Replay, bool]:
    """The replay into the site's generation, made (then True) or found as it was begun before.

    ``answers`` is a table that the generation gets a copy of.

    Raises ``WrongUsage`` or ``StopWorker`` when it cannot be, or was begun in another way.
    """
    naming = site.naming
    _refuse(site, source, of, answers)
    found = read_replay(site)
    if found is not None:
        if (found.of, found.source, found.since) != (of, source, str(since)):
            raise RecoveryRefused(
                f"generation {naming.generation} was begun from {found.source} of {found.of}, {found.since}, not from "
                f"{source} of {of}, {since}; give those again to go on, or --restart to drop it and begin anew"
            )
        if answers is not None and not found.answers:
            raise RecoveryRefused(
                f"generation {naming.generation} was begun without a table of answers; --restart to begin anew"
            )
        return found, False
    refuse_active(site)
    starts = _starts(site, source, of, since)
    _make_topics(site)
    made = Replay(naming.generation, of, source, str(since), starts, answers is not None)
    path = _record(site)
    path.parent.mkdir(parents=True, exist_ok=True)
    _answers(site).unlink(missing_ok=True)
    if answers is not None:
        with closing(AnswerTable(answers)) as table:
            table.copy_to(_answers(site))
    write_whole(path, json.dumps(asdict(made), indent=1).encode())
    return made, True


def check(site: Site, source: str, of: str, since: Since, answers: Path | None = None) -> None:
    """See that a replay could be begun so, before what there is of its generation is dropped for it.

    Raises ``WrongUsage`` or ``StopWorker``, as ``begin`` would.
    """
    _refuse(site, source, of, answers)
    _starts(site, source, of, since)
    if answers is not None:
        AnswerTable(answers).close()


def read_replay(site: Site) -> Replay | None:
    """How the site's generation was begun; None for one that no replay began. Raises ``StateCorrupt``."""
    path = _record(site)
    try:
        found = json.loads(path.read_bytes())
        starts = {int(partition): int(offset) for partition, offset in found.pop("starts").items()}
        return Replay(**found, starts=starts)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise StateCorrupt(f"{path}: not the record of a replay ({exc}); begin again with --restart") from exc


def drop(site: Site) -> list[str]:
    """Delete a generation's topics, positions and folder; the names of the topics that there were.

    Raises ``RecoveryRefused`` while one of its stages runs, ``WrongUsage`` for the active generation.
    """
    naming = site.naming
    refuse_active(site)
    with ExitStack() as locks:
        for stage in STAGES:
            if (home := site.home(stage)).root.exists():
                locks.enter_context(joined(home, Member(), lambda: None))
        gone = sorted(topic_ids(site.cluster, own_topics(naming)))
        _delete_topics(site.cluster, gone)
        _forget_positions(site)
        shutil.rmtree(_record(site).parent, ignore_errors=True)
    return gone


def own_topics(naming: Naming) -> list[str]:
    """The topics that a generation has for itself."""
    shorts = [short for short, topic in load_topics().items() if topic.scope == "generation"]
    return [*(naming.topic(s) for s in shorts if s != "state"), *map(naming.state, STAGES)]


class Advances:
    """How far every stage is, from what the stages tell of themselves; for people to see. For any thread.

    It keeps one client: asking again and again with new ones crashed the process now and then, as the client's
    library goes on with a group's answer after it was let go.
    """

    def __init__(self, site: Site, replay: Replay) -> None:
        self._site = site
        self._replay = replay
        self._admin = site.cluster.admin()

    def read(self) -> list[Advance]:
        """All stages now. Raises ``StopWorker`` when the broker does not answer."""
        replay, partitions = self._replay, range(self._site.partitions)
        inputs = {stage: replay.input_of(stage, self._site.naming) for stage in replay.stages}
        there = held(self._admin, [(name, p) for name in inputs.values() for p in partitions], ASKED_WITHIN_S)
        found = []
        for stage, name in inputs.items():
            told = self._told(stage, name)
            starts = replay.starts if stage == replay.stages[0] else {}
            begun = {p: starts.get(p, 0) for p in partitions}
            done = sum(max(0, told.get(p, first) - first) for p, first in begun.items())
            found.append(Advance(stage, done, sum(there[name, p].end - first for p, first in begun.items())))
        return found

    def _told(self, stage: str, topic: str) -> dict[int, int]:
        group = position_group(self._site.naming, stage)
        places = [(topic, p) for p in range(self._site.partitions)]
        told = told_offsets(self._site.cluster, group, places, ASKED_WITHIN_S)
        return {one.partition: one.offset for one in told}


def refuse_active(site: Site) -> None:
    """Raise ``WrongUsage`` for a generation that subscribers see: nothing may be begun or dropped there."""
    seen = active_positions(site.cluster, site.naming, site.partitions).values()
    if site.naming.generation in {position.generation for position in seen}:
        raise WrongUsage(
            f"generation {site.naming.generation} is the active one: subscribers see it; name another, say g2"
        )


def _refuse(site: Site, source: str, of: str, answers: Path | None) -> None:
    generation = site.naming.generation
    if source not in SOURCES:
        raise WrongUsage(f"--from {source}: a replay reads one of {', '.join(SOURCES)}")
    if answers is not None and "extract" not in STAGES[SOURCES.index(source) :]:
        raise WrongUsage(f"--answers: extract takes them, and --from {source} does not run it")
    if generation == of:
        raise WrongUsage(f"generation {generation} cannot be replayed into itself: name a new one, say g2")
    replayed = replace(site, naming=replace(site.naming, generation=of))
    refuse_strange_keys(replayed)
    name = replayed.naming.topic(source)
    there = topic_ids(site.cluster, [name])
    if name not in there:
        raise WrongUsage(
            f"topic {name} does not exist: --of names the generation to replay, --from its topic"
        )
    if there[name].partitions != site.partitions:
        raise WrongUsage(
            f"topic {name} has {there[name].partitions} partitions, not {site.partitions}: give --partitions "
            f"{there[name].partitions}"
        )


def _starts(site: Site, source: str, of: str, since: Since) -> dict[int, int]:
    """The offsets to begin at, where they are not 0. Raises ``WrongUsage`` for one that the topic does not hold."""
    topic = replace(site.naming, generation=of).topic(source)
    places = [(topic, p) for p in range(site.partitions)]
    there = {partition: one for (_, partition), one in held(site.cluster.admin(), places).items()}
    starts = {p: one.first for p, one in there.items()}
    if since.time is not None:
        starts = _offsets_at(site.cluster, topic, there, since.time)
    for partition, offset in (since.offsets or {}).items():
        if partition not in there:
            raise WrongUsage(f"--offset: {topic} has no partition {partition}")
        first, end = there[partition]
        if not first <= offset <= end:
            raise WrongUsage(
                f"--offset: {topic}, partition {partition} holds {first} up to before {end}, not {offset}"
            )
        starts[partition] = offset
    return {p: offset for p, offset in starts.items() if offset}


def _offsets_at(cluster: Cluster, topic: str, there: Mapping[int, Held], at: datetime) -> dict[int, int]:
    """The first offset of every partition that arrived at ``at`` or later; its end where there is none."""
    since_ms = max(0, round(at.timestamp() * 1000))  # what is below means something else to a broker
    consumer = cluster.consumer()
    try:
        with kafka_errors(f"looking for a time in {topic}"):
            asked = [TopicPartition(topic, p, since_ms) for p in there]
            # A partition that did not answer is not one that holds nothing since then.
            found = checked(consumer.offsets_for_times(asked, timeout=WITHIN_S))
    finally:
        consumer.close()
    return {one.partition: one.offset if one.offset >= 0 else there[one.partition].end for one in found}


def _make_topics(site: Site) -> None:
    wanted = wanted_topics(site.naming, partitions=site.partitions)
    names = own_topics(site.naming)
    there = topic_ids(site.cluster, names)
    places = [(name, p) for name, one in there.items() for p in range(one.partitions)]
    full = {name for (name, _), one in held(site.cluster.admin(), places).items() if one.end}
    if full:
        raise RecoveryRefused(
            f"topic {min(full)} holds records that no replay of {site.data} wrote: name a generation that is new, or "
            "--restart to drop this one"
        )
    create_topics(site.cluster, {name: wanted[name].new for name in names if name not in there})


def _delete_topics(cluster: Cluster, names: Iterable[str]) -> None:
    """Delete topics and wait until they are gone, so that the same names can be made again."""
    wanted = list(names)
    if not wanted:
        return
    admin = cluster.admin()
    for name, future in admin.delete_topics(wanted, request_timeout=WITHIN_S).items():
        with kafka_errors(f"topic {name} cannot be deleted"):
            answer_of(future)
    deadline = time.monotonic() + WITHIN_S
    while left := topic_ids(cluster, wanted):
        if time.monotonic() > deadline:
            raise StopWorker(f"{', '.join(sorted(left))}: deleted, but still there after {WITHIN_S:.0f} s")
        time.sleep(0.1)


def _forget_positions(site: Site) -> None:
    """Positions are for lag tools alone, so one that stays does no harm but show a stage that is gone."""
    groups = [position_group(site.naming, stage) for stage in STAGES]
    admin = site.cluster.admin()  # kept until it has answered: with the client the answers would be lost
    for future in admin.delete_consumer_groups(groups, request_timeout=WITHIN_S).values():
        future.exception(2 * WITHIN_S)


def _answers(site: Site) -> Path:
    return _record(site).with_name("answers.sqlite3")


def _record(site: Site) -> Path:
    return site.home(STAGES[0]).root.parent / "replay.json"

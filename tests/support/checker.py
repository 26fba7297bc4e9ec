"""What must be true once a disturbed flow has been healed and has read everything: the invariants, each with counts.

I1  every accepted record is in the journal, and every record there ended in exactly one outcome
I2  nothing takes effect twice: what lies in a topic twice is the same message, with the same source and id
I3  nothing without a cause in the journal
I4  an item's revisions come in order, and an older one never follows a newer one
I5  no record holds another tenant's name, and all of an output is its cause's tenant's
I10 topics and state are those of an undisturbed run over the same journal, byte for byte
state: input, state and outputs of every stage stand at one place

``check`` looks and reports; it never writes. A reader of a topic sees it deduplicated by ``(ce_source, ce_id)``, as
docs/topics tells every reader to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, TopicPartition

from connectors.jsonl.layout import part_name
from connectors.kafka.messages import ID, SOURCE, header, sequence_of, stage_of
from connectors.kafka.reading import headers_of, held, offset_of
from connectors.kafka.statelog import KafkaStateLogs
from contracts.identity import cause_of
from contracts.outcomes import Ledger
from contracts.registry import read_journal, read_record
from contracts.stages import RedactedItem
from flows.pipeline import TOPICS
from tests.support.kafka_flow import KafkaFlow
from tests.support.undisturbed import Lane, Undisturbed, state_of, undisturbed
from tests.support.workload import TENANTS, Attempt
from wiring.snapshots import RecoveryStore
from wiring.topics import INPUTS, STAGES, stage_producers

INVARIANTS = ("I1", "I2", "I3", "I4", "I5", "I7", "I10", "state")


class Stored(NamedTuple):
    """One message of a stage."""

    sequence: int
    source: str
    event: str
    key: bytes
    value: bytes


@dataclass(slots=True)
class Verdict:
    """Sentences about what is broken, by invariant, and how much was looked at."""

    broken: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in INVARIANTS})
    looked_at: Counter[str] = field(default_factory=Counter)

    @property
    def sentences(self) -> list[str]:
        """All that is broken, with its invariant; the first twenty of each."""
        return [f"{name}: {said}" for name, those in self.broken.items() for said in those[:20]]

    def assert_holds(self, repeat: str) -> None:
        """Raise ``AssertionError`` with everything that is broken and the command that repeats the run."""
        assert not self.sentences, "\n".join([*self.sentences, f"repeat with: {repeat}"])


# -- what lies on Kafka ----------------------------------------------------------------------------------


def read_journals(flow: KafkaFlow) -> dict[int, list[bytes]]:
    """The values of the journal's partitions."""
    found = _read(flow, [flow.naming.journal])
    return {
        p: [message.value() or b"" for message in found[flow.naming.journal, p]]
        for p in range(flow.partitions)
    }


def read_lanes(flow: KafkaFlow) -> dict[Lane, list[Stored]]:
    """Every message of every stage, in the order of its partition, duplicates and all."""
    names = {flow.naming.topic(short): short for short in stage_producers()}
    lanes: dict[Lane, list[Stored]] = {
        (short, stage, p): []
        for short, stages in stage_producers().items()
        for stage in stages
        for p in range(flow.partitions)
    }
    for (name, p), messages in _read(flow, names).items():
        for message in messages:
            headers = headers_of(message)
            lanes[names[name], str(stage_of(headers)), p].append(
                Stored(
                    sequence_of(headers),
                    str(header(headers, SOURCE)),
                    str(header(headers, ID)),
                    message.key() or b"",
                    message.value() or b"",
                )
            )
    return lanes


def _read(flow: KafkaFlow, names: Iterable[str]) -> dict[tuple[str, int], list[Any]]:
    """All messages of these topics, with one consumer."""
    there = held(flow.cluster.admin(), [(name, p) for name in names for p in range(flow.partitions)])
    found: dict[tuple[str, int], list[Any]] = {place: [] for place in there}
    left = {place for place, offsets in there.items() if offsets.first < offsets.end}
    consumer = flow.cluster.consumer(fetch_wait_max_ms=10)
    try:
        consumer.assign([TopicPartition(*place, there[place].first) for place in left])
        while left:
            for message in consumer.consume(1000, 0.05):
                place = (str(message.topic()), int(message.partition() or 0))
                error = message.error()
                if error is None:
                    found[place].append(message)
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise AssertionError(error.str())
                if offset_of(message) + (error is None) >= there[place].end:
                    left.discard(place)
    finally:
        consumer.close()
    return found


# -- the check -------------------------------------------------------------------------------------------


def check(
    flow: KafkaFlow,
    expected: Undisturbed,
    scratch: Path,
    attempts: Sequence[Attempt] = (),
    stages: Iterable[str] = STAGES,
) -> Verdict:
    """Hold a flow that has ended, with everything read, against the invariants.

    ``expected`` is taken if the journal is the one that it was made of, else an undisturbed run is made of what the
    journal holds (a client that got no answer sent again). ``stages``: those that were run.
    """
    ran = tuple(stages)
    journal = read_journals(flow)
    if journal != expected.journal:
        expected = undisturbed(flow.data / "keys", journal, scratch)
    lanes = {lane: those for lane, those in read_lanes(flow).items() if lane[1] in ran}
    verdict, once = judge(journal, lanes, expected, attempts, settled=ran == STAGES)
    for stage in ran:
        _check_state(flow, stage, once, expected, verdict)
    return verdict


def judge(
    journal: Mapping[int, list[bytes]],
    lanes: Mapping[Lane, list[Stored]],
    expected: Undisturbed,
    attempts: Sequence[Attempt] = (),
    *,
    settled: bool = True,
) -> tuple[Verdict, dict[Lane, list[Stored]]]:
    """Hold messages against the invariants, and the lanes as a reader sees them who remembers source and id.

    ``settled``: every stage has read everything, so every record must have an outcome.
    """
    verdict = Verdict()
    verdict.looked_at["journal records"] = sum(map(len, journal.values()))
    verdict.broken["I1"] += _check_accepted(attempts, journal, verdict)
    once = {lane: _once(lane, those, verdict) for lane, those in lanes.items()}
    verdict.broken["I3"] += _check_causes(journal, once)
    if settled and not verdict.sentences:  # a ledger of what cannot be read tells nothing
        verdict.broken["I1"] += _check_outcomes(journal, once, verdict)
    verdict.broken["I4"] += _check_revisions(once)
    verdict.broken["I5"] += _check_tenants(journal, once)
    verdict.broken["I10"] += _check_equal(once, expected, verdict)
    return verdict, once


def _once(lane: Lane, messages: list[Stored], verdict: Verdict) -> list[Stored]:
    """A lane as a reader sees it who remembers source and id."""
    seen: dict[tuple[str, str], Stored] = {}
    for message in messages:
        first = seen.get((message.source, message.event))
        if first is None:
            seen[message.source, message.event] = message
            continue
        verdict.looked_at["duplicates in topics"] += 1
        if first != message:
            verdict.broken["I2"].append(f"{lane}: {message.event} lies there twice, with two contents")
    kept = list(seen.values())
    for place, message in enumerate(kept):
        if message.sequence != place:
            verdict.broken["I2"].append(f"{lane}: message {place} is number {message.sequence}")
            break
    verdict.looked_at["records written"] += len(kept)
    return kept


def _check_accepted(
    attempts: Sequence[Attempt], journal: Mapping[int, list[bytes]], verdict: Verdict
) -> Iterator[str]:
    """What was accepted is there; what was refused is not. Attempts that nobody knows the end of may be."""
    there = {p: set(lines) for p, lines in journal.items()}
    for op, partition, lines in attempts:
        verdict.looked_at[f"appends {op}"] += 1
        missing = sum(line not in there[partition] for line in lines)
        if op == "ok":
            verdict.looked_at["records accepted"] += len(lines)
            if missing:
                yield f"partition {partition}: {missing} records were accepted and are not in the journal"
        elif op == "fail" and missing < len(lines):
            yield f"partition {partition}: {len(lines) - missing} records were refused and are in the journal"


def _check_outcomes(
    journal: Mapping[int, list[bytes]], once: Mapping[Lane, list[Stored]], verdict: Verdict
) -> list[str]:
    ledger = Ledger()
    for p, lines in journal.items():
        for ordinal, line in enumerate(lines):
            ledger.apply("journal", read_journal(p, ordinal, line))
    for (topic, _stage, _p), messages in once.items():
        for message in messages:
            ledger.apply(topic, read_record(topic, message.value))
    for fate, count in ledger.deliveries().items():
        verdict.looked_at[f"deliveries {fate}"] += count
    verdict.looked_at["items"] += len(ledger.items())
    return ledger.check()


def _check_causes(journal: Mapping[int, list[bytes]], once: Mapping[Lane, list[Stored]]) -> Iterator[str]:
    for lane, messages in once.items():
        for message in messages:
            partition, ordinal = map(int, cause_of(message.event).split("-"))
            if partition != lane[2] or ordinal >= len(journal[partition]):
                yield f"{lane}: {message.event} has no cause in the journal"


def _check_revisions(once: Mapping[Lane, list[Stored]]) -> Iterator[str]:
    for lane, messages in once.items():
        if lane[0] != "redacted":
            continue
        newest: dict[str, int] = defaultdict(int)
        for message in messages:
            record = read_record("redacted", message.value)
            if not isinstance(record, RedactedItem) or record.withdrawn:
                continue
            if record.revision < newest[record.item_id]:
                yield f"{lane}: revision {record.revision} of {record.item_id} follows {newest[record.item_id]}"
            newest[record.item_id] = record.revision


def _check_tenants(journal: Mapping[int, list[bytes]], once: Mapping[Lane, list[Stored]]) -> Iterator[str]:
    owners = {
        (p, ordinal): read_journal(p, ordinal, line).tenant
        for p, lines in journal.items()
        for ordinal, line in enumerate(lines)
    }
    for lane, messages in once.items():
        for message in messages:
            partition, ordinal = map(int, cause_of(message.event).split("-"))
            owner = owners.get((partition, ordinal), "")
            if message.key.decode().partition(":")[0] != owner:
                yield f"{lane}: {message.event} has the key of another tenant than {owner}"
            for other in TENANTS:
                if other != owner and other.encode() in message.value:
                    yield f"{lane}: {message.event} of {owner} names {other}"


def _check_equal(once: Mapping[Lane, list[Stored]], expected: Undisturbed, verdict: Verdict) -> Iterator[str]:
    for lane, messages in once.items():
        ours, theirs = [message.value for message in messages], expected.topics[lane]
        if ours != theirs:
            place = next(
                (n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None
            )
            where = "one is longer" if place is None else f"record {place} differs"
            yield f"{lane}: {len(ours)} records, {len(theirs)} of the undisturbed run; {where}"
        verdict.looked_at["lanes compared"] += 1


def _check_state(
    flow: KafkaFlow, stage: str, once: Mapping[Lane, list[Stored]], expected: Undisturbed, verdict: Verdict
) -> None:
    """Position, state and outputs of a stage, against each other and against the undisturbed run."""
    snapshots = RecoveryStore(flow.home(stage).recovery).committed(f"undercurrent-{stage}")
    short = INPUTS[stage]
    logs = KafkaStateLogs(flow.cluster)
    for p in range(flow.partitions):
        key = part_name(p)
        snapshot = snapshots.get((stage, key))
        if snapshot is None:
            if expected.states[stage, p][1]:
                verdict.broken["state"].append(f"{stage}, partition {p}: no state was committed")
            continue
        _offset, ordinal = snapshots[short, key]
        if snapshot["applied"] != ordinal:
            verdict.broken["state"].append(
                f"{stage}, partition {p}: state at {snapshot['applied']}, input at {ordinal}"
            )
        for topic, those in ((t, those) for (t, s, q), those in once.items() if (s, q) == (stage, p)):
            _end, position = snapshots.get((TOPICS, f"{topic}/{key}"), (0, 0))
            if position != len(those):
                verdict.broken["state"].append(
                    f"{stage}, partition {p}: {position} records of {topic} committed, {len(those)} there"
                )
        with closing(logs.open(flow.naming.state(stage), p)) as log:
            if state_of(snapshot, log) != expected.states[stage, p]:
                verdict.broken["I10"].append(
                    f"{stage}, partition {p}: its state is not the undisturbed run's"
                )
        verdict.looked_at["states compared"] += 1

"""How to leave a generation that ended before it met the order to make another one the active one.

In:    the newest cutover in each partition of the journal; what the stages of the generation wrote and told.
Out:   a ``Departure`` for each public partition, from which its lane goes over (``Lane.leave``).
Elsewhere: the order itself (``generations``), which is in the journal like any other; a generation that runs comes to
it by itself and is not left this way.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing

from confluent_kafka import Message

from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import stage_of
from connectors.kafka.names import Naming
from connectors.kafka.reading import Ranges, headers_of, held, offset_of
from contracts.commands import Command, Cutover
from contracts.errors import RejectItem, WrongUsage
from contracts.registry import read_record
from wiring.kafka.positions import beat_in
from wiring.kafka.publishing.book import Place, stage_offsets
from wiring.kafka.publishing.lane import Departure
from wiring.kafka.publishing.marks import NEVER, Mark, Sourced, is_command, ordinal_in
from wiring.kafka.publishing.tails import last_messages
from wiring.topics import STAGES, stage_producers

# A stage that runs tells its positions every second.
SILENT_FOR_S = 10.0


def departures(cluster: Cluster, naming: Naming, places: Iterable[Place]) -> dict[Place, Departure]:
    """Where each public partition goes that shows the generation of ``naming``, and from where on.

    Raises ``WrongUsage`` while one of its stages runs, where it has no topics, or where the journal orders no other
    generation; ``StopWorker``.
    """
    wanted = list(places)
    _refuse_running(cluster, naming)
    told = _told_until(cluster, naming, wanted)
    orders = _newest_orders(cluster, naming, {partition for _, partition in wanted})
    return {place: Departure(*orders[place[1]], told[place]) for place in wanted}


def _refuse_running(cluster: Cluster, naming: Naming) -> None:
    for stage in STAGES:
        beats = [beat_in(one.metadata) or 0.0 for one in stage_offsets(cluster, naming, stage)]
        silent_s = time.time() - max(beats, default=0.0)
        if silent_s < SILENT_FOR_S:
            raise WrongUsage(
                f"stage {stage} of {naming.generation} told its positions {max(0.0, silent_s):.0f} s ago: a generation "
                "that runs comes to the order by itself. If it is to be left, stop its stages and try again in "
                f"{SILENT_FOR_S:.0f} s"
            )


def _newest_orders(cluster: Cluster, naming: Naming, partitions: set[int]) -> dict[int, Mark]:
    journal = [(naming.journal, partition) for partition in partitions]
    newest = last_messages(cluster, journal, lambda message: _order(message) is not None)
    found = {place[1]: order for place, message in newest.items() if (order := _order(message))}
    found = {partition: order for partition, order in found.items() if order.generation != naming.generation}
    if missing := sorted(partitions - set(found)):
        raise WrongUsage(
            f"the journal orders no generation other than {naming.generation} in partitions "
            f"{', '.join(map(str, missing))}: give `undercurrent rollback` or `undercurrent cutover` first"
        )
    return found


def _order(message: Message) -> Mark | None:
    """The cutover that a journal record orders; None for any other record, also one that no stage can read."""
    if not is_command(_sourced(message)):
        return None
    try:
        record = read_record("journal", message.value() or b"")
    except RejectItem:
        return None
    if not isinstance(record, Command) or not isinstance(record.order, Cutover):
        return None
    return Mark(record.order.generation, offset_of(message))


def _told_until(cluster: Cluster, naming: Naming, places: list[Place]) -> dict[Place, int]:
    """The journal ordinal up to which the generation did its work; ``NEVER`` where it did none.

    That of its last message, or of the last input that its stage told of: whatever is later. A stage that had nothing
    to say has got further than its last message; one that was killed told its positions a second before.
    """
    topics = {short: naming.topic(short) for short, _ in places}
    there = topic_ids(cluster, topics.values())
    if not there:
        raise WrongUsage(f"there is no generation {naming.generation}: `undercurrent generations` lists them")
    written = last_messages(cluster, [(topics[s], p) for s, p in places if topics[s] in there], _is_ours)
    read = {stage: _read_until(cluster, naming, stage) for stage in {_stage(short) for short, _ in places}}
    return {
        (short, partition): max(
            _ordinal(written.get((topics[short], partition))), read[_stage(short)].get(partition, NEVER)
        )
        for short, partition in places
    }


def _read_until(cluster: Cluster, naming: Naming, stage: str) -> dict[int, int]:
    """The ordinal of the last input that a stage told of, by partition; where it is still there."""
    told = [one for one in stage_offsets(cluster, naming, stage) if one.offset > 0]
    there = held(cluster.admin(), [(one.topic, one.partition) for one in told])
    found: dict[int, int] = {}
    with closing(Ranges(cluster)) as ranges:
        for one in told:
            last = one.offset - 1
            if there[one.topic, one.partition].first <= last < there[one.topic, one.partition].end:
                message = next(ranges.between(one.topic, one.partition, last, one.offset))
                found[one.partition] = max(found.get(one.partition, NEVER), _ordinal(message))
    return found


def _stage(short: str) -> str:
    """Whose marks count in a topic."""
    return stage_producers()[short][0]


def _is_ours(message: Message) -> bool:
    return stage_of(headers_of(message)) is not None


def _ordinal(message: Message | None) -> int:
    return NEVER if message is None else ordinal_in(_sourced(message))


def _sourced(message: Message) -> Sourced:
    return Sourced(offset_of(message), message.key(), message.value(), headers_of(message))

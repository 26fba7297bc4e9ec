"""Mirror a table of feedback from its Debezium topic: rows become deliveries, deleted rows are taken back.

In:    change events, in the order of their partition (Debezium keeps that of a row's transactions).
Out:   records in the journal.
State: the offsets of a consumer group, committed once the records are durable; what is read twice after a crash is
dropped by intake, because versions are ordered by when the database made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.debezium.envelope import UNAVAILABLE, Change, NotAChange, read_change
from connectors.files.mapping import FIELDS, map_row
from connectors.kafka.accepting import MOST_KEPT_BYTES
from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.groups import told_offsets
from connectors.kafka.journal import KafkaJournal
from connectors.kafka.messages import fitting_record
from connectors.kafka.reading import held, offset_of, passes
from connectors.keys.vault import LocalVault
from contracts.commands import RetractItem
from contracts.errors import RejectItem, StateCorrupt, StopWorker, WrongUsage
from contracts.feedback import Coordinates
from contracts.identity import item_id
from wiring.drafts import can_be_right
from wiring.journal import Arrival, RecordMaker

BATCH = 500
READER = "cdc"


@dataclass(frozen=True, slots=True)
class Table:
    """Which rows are whose: the mapping's ``source_record_id`` is the row's key."""

    tenant: str
    source: str
    mapping: Mapping[str, str]

    def __post_init__(self) -> None:
        lacking = [field for field in ("source_record_id", "text") if field not in self.mapping]
        if lacking:
            raise WrongUsage(
                f"--map names no {' and no '.join(lacking)}: write --map source_record_id=id,text=body"
            )


def map_of(text: str) -> dict[str, str]:
    """``field=column`` pairs; which columns there are, only the rows tell. Raises ``WrongUsage``."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    wrong = [field.strip() for field, sign, _ in pairs if not sign or field.strip() not in FIELDS]
    if wrong:
        raise WrongUsage(f"--map {wrong[0]}: write field=column with a field of: {', '.join(FIELDS)}")
    return {field.strip(): column.strip() for field, _, column in pairs}


class Mirror:
    """Turns change events into journal records."""

    def __init__(self, table: Table, vault: LocalVault, now: Callable[[], datetime]) -> None:
        self._table = table
        self._vault = vault
        self._now = now

    def lines(self, messages: Sequence[Message]) -> list[bytes]:
        """The records of messages, in their order."""
        now = self._now()
        maker = RecordMaker(self._table.tenant, self._vault, now)
        return [line for message in messages for line in self._of(maker, message, now)]

    def _of(self, maker: RecordMaker, message: Message, now: datetime) -> list[bytes]:
        value, key = message.value(), message.key()
        where = Coordinates(origin=f"{message.topic()}-{message.partition()}", line=offset_of(message))
        change: Change | None = None
        try:
            change = read_change(_bytes(key), _bytes(value))
            if change is None:
                return []
            if change.what == "gone":
                return [self._gone(maker, change, now)]
            return [_checked(line) for line in maker.feedback([self._arrival(change, where, now)])]
        # One such row must not stop its table; what is nested too deeply can be read and not be written again.
        except (NotAChange, RejectItem, orjson.JSONEncodeError) as exc:
            why = "nested too deeply" if isinstance(exc, orjson.JSONEncodeError) else str(exc)
            name = f"{where.origin}/{where.line}"
            raw = (_bytes(value) or b"")[:MOST_KEPT_BYTES]
            by = self._author(change) if change is not None else None
            return maker.feedback([Arrival(now, now, self._table.source, name, None, where, raw, why, by)])

    def _arrival(self, change: Change, where: Coordinates, now: datetime) -> Arrival:
        lacking = [column for column in self._table.mapping.values() if change.row.get(column) == UNAVAILABLE]
        if lacking:
            # What stands is right but for what did change; this would put the placeholder in its place.
            raise NotAChange(
                f"{', '.join(lacking)}: unchanged and so not told; set the table's REPLICA IDENTITY to FULL"
            )
        mapped = map_row(change.row, self._table.mapping)
        if mapped.source_record_id is None:
            raise NotAChange(f"the row has no {self._table.mapping['source_record_id']}")
        at = change.at or now
        # The database's own time orders versions, whatever a column says.
        body = {"created_at": at.isoformat()} | mapped.body
        if change.at is not None:
            body["source_updated_at"] = change.at.isoformat()
        source = mapped.source or self._table.source
        return Arrival(now, _happened(body, at, now), source, mapped.source_record_id, body, where)

    def _author(self, change: Change) -> str | None:
        """Whose row it is, as far as the row says so."""
        author = map_row(change.row, self._table.mapping).body.get("author")
        return author if isinstance(author, str) and author != UNAVAILABLE else None

    def _gone(self, maker: RecordMaker, change: Change, now: datetime) -> bytes:
        mapped = map_row(change.row, self._table.mapping)
        if mapped.source_record_id is None:
            raise NotAChange(f"the deleted row has no {self._table.mapping['source_record_id']}")
        source = mapped.source or self._table.source
        item = item_id(self._table.tenant, source, mapped.source_record_id)
        order = RetractItem(item_id=item, source=source, why="deleted in its table", at=change.at or now)
        return maker.command(READER, order, change.at or now)


def _checked(line: bytes) -> bytes:
    fitting_record(line)
    return line


def _happened(body: Mapping[str, object], at: datetime, now: datetime) -> datetime:
    """When the row says that it happened, else when it was written; what cannot be right is not believed."""
    try:
        happened = datetime.fromisoformat(str(body["created_at"]))
    except ValueError:
        happened = at
    told = [one for one in (happened, at) if one.tzinfo and can_be_right(one, now)]
    return told[0] if told else now


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def mirror_for_ever(
    cluster: Cluster,
    topic: str,
    group: str,
    mirror: Mirror,
    journal: KafkaJournal,
    partition: int,
    *,
    is_over: Callable[[], bool],
    until_end: bool = False,
) -> int:
    """Read the topic from where its group is until ``is_over`` (or its end); how many records were appended.

    Raises ``StateCorrupt`` where the topic no longer holds what the group did not read.
    """
    _refuse_lost(cluster, topic, group)
    consumer = cluster.consumer(
        group_id=group,
        auto_offset_reset="earliest",
        enable_partition_eof=until_end,
        session_timeout_ms=10_000,
        fetch_wait_max_ms=50,
    )
    appended, ended = 0, set[int]()
    try:
        with kafka_errors(f"reading {topic}"):
            consumer.subscribe([topic])
            while not is_over():
                messages = _messages(consumer, ended)
                if messages:
                    lines = mirror.lines(messages)
                    if lines:
                        journal.append(partition, lines)
                    appended += len(lines)
                    _commit(consumer, messages)
                elif until_end and ended and ended == {one.partition for one in consumer.assignment()}:
                    break
    finally:
        consumer.close()
    return appended


def _refuse_lost(cluster: Cluster, topic: str, group: str) -> None:
    """A deletion that nobody reads would leave its row standing: never jump."""
    with kafka_errors(f"looking at {topic}"):
        cut = cluster.admin().list_topics(topic, timeout=10.0).topics[topic].partitions
    places = [(topic, partition) for partition in cut]
    there = held(cluster.admin(), places)
    for one in told_offsets(cluster, group, places):
        first = there[topic, one.partition].first
        if one.offset < first:
            raise StateCorrupt(
                f"topic {topic}, partition {one.partition}: {group} read up to {one.offset}, it begins at {first}: "
                "take a new snapshot of the table, then begin with another --group"
            )


def _messages(consumer: Consumer, ended: set[int]) -> list[Message]:
    found = []
    for message in consumer.consume(BATCH, 0.2):
        error = message.error()
        if error is None:
            found.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:
            ended.add(int(message.partition() or 0))
        elif not passes(error):
            raise StopWorker(f"reading {message.topic()}: {error.str()}")
    return found


def _commit(consumer: Consumer, messages: Sequence[Message]) -> None:
    """Say how far it is; where that fails the messages come again, which does no harm."""
    ends: dict[tuple[str, int], int] = {}
    for message in messages:
        ends[str(message.topic()), int(message.partition() or 0)] = offset_of(message) + 1
    offsets = [TopicPartition(topic, place, end) for (topic, place), end in ends.items()]
    try:
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as exc:
        if not passes(exc.args[0]):
            raise

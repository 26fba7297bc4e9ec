"""What is published to one partition of one public topic: the active generation's messages, and the change of it.

In:    messages of the generation that ``reading`` names, in order. Out: messages to publish, in order.
State: the position, the next number of each stage's messages and, between two generations, the next one's table.
Elsewhere: clients, time and who keeps the position (``wiring.kafka.publisher``); headers (``marks``).

A cutover is a mark among the messages of every generation, at the place of one journal record. At a mark to another
generation the lane leaves the active one and reads the other from its beginning up to its mark of the same record. It
gets there when that generation does: until then nothing is published. A compacted topic then gets that generation's
table as of the mark, and a tombstone for each key that is public and not in it; of events, those before the mark
are left out, as the other generation told of that time. From behind the mark on messages are copied again.

A generation that ended before the mark can be left (``leave``): the other one's effects then begin behind the last
journal record that it worked on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from connectors.kafka.messages import ID, SOURCE, Headers, KafkaMessage, header, sequence_of, stage_of
from contracts.errors import StateCorrupt, StopWorker
from contracts.identity import journal_id, output_id
from wiring.kafka.publishing.marks import Mark, Position, Sourced, Stamp, is_command, mark_of, ordinal_in

PUBLISHER = "publisher"
"""Who writes tombstones of its own, in ``ce_source`` and in ids."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One public partition: what its topic is; ``stage`` is the one whose marks count there."""

    topic: str
    partition: int
    stage: str
    is_table: bool


class Standing(NamedTuple):
    """The last public message of a key: where it came from, and whether it is more than a tombstone."""

    stamp: Stamp | None
    is_alive: bool


class Surroundings(Protocol):
    """What a lane asks of the world."""

    def first(self, generation: str) -> int | None:
        """The first offset that is there of a generation's partition; None if it does not write this topic."""

    def standing(self) -> Mapping[bytes, Standing]:
        """The last message of each key in the public partition, with all that was published before."""

    def tell(self, notice: str) -> None:
        """Say to whoever runs this what they should know."""


class Target(NamedTuple):
    """The next generation, by the cutover ``since``, from behind the journal record ``ordinal`` on.

    Both are the same, unless a generation was left that did not come so far. ``is_certain``: that it went past there is
    known, so a message from behind it is as good as the mark, which retention may have taken.
    """

    generation: str
    ordinal: int
    since: int
    is_certain: bool


class Departure(NamedTuple):
    """To leave a generation that did its work up to the journal record ``told_until``, by the cutover ``since``."""

    generation: str
    since: int
    told_until: int


class Lane:
    """The state of one public partition. ``position`` is where to resume once all that was given out is delivered."""

    def __init__(
        self,
        rules: Rules,
        world: Surroundings,
        start: Position,
        sequences: Mapping[str, int] | None = None,
    ) -> None:
        """``sequences``: the next number of each stage's messages, where it is known."""
        self.rules = rules
        self.position = start
        self.generation = start.generation
        self._world = world
        self._next = start.offset
        self._sequences = dict(sequences or {})
        self._left: dict[str, int] = {}
        self._table: dict[bytes, Sourced] = {}
        self._target: Target | None = None
        if start.is_standing:
            self._resume_turn(start)

    @property
    def reading(self) -> tuple[str, int]:
        """Which generation to read, and the offset of the next message."""
        return self.generation, self._next

    @property
    def waiting_for(self) -> Target | None:
        """The generation that has not reached its mark yet."""
        return self._target

    def take(self, message: Sourced) -> list[KafkaMessage]:
        """What to publish because of the next message. Raises ``StateCorrupt`` at a gap."""
        if message.offset < self._next:
            return []
        self._next = message.offset + 1
        if self._is_repeat(message):
            return []
        mark = mark_of(message, self.rules.stage)
        if self._target is None:
            return self._copy(message, mark)
        return self._approach(self._target, message, mark)

    def leave(self, there: Departure) -> None:
        """Go over to another generation: the one that is being read ended, and all that it wrote was taken.

        If it was only about to become the active one, that one stays.
        """
        if self._target is not None and self.position.generation != self.generation:
            self._turn_back(self._target, f"{self.generation}, which ended, did not come to")
            return
        first = self._world.first(there.generation)
        if first is None:
            self._world.tell(
                f"{self}: cutover {there.since} is to {there.generation}, which does not write it; "
                f"{self.generation} stays"
            )
            return
        self._turn(Target(there.generation, there.told_until, there.since, is_certain=True), first)

    def _copy(self, message: Sourced, mark: Mark | None) -> list[KafkaMessage]:
        if mark is not None and mark.generation != self.generation and mark.ordinal > self.position.since:
            self.position = replace(self.position, offset=message.offset)
            first = self._world.first(mark.generation)
            if first is not None:
                is_certain = first > 0 and not self.rules.is_table
                self._turn(Target(mark.generation, mark.ordinal, mark.ordinal, is_certain), first)
                return []
            self._world.tell(
                f"{self}: cutover {mark.ordinal} is to {mark.generation}, which does not write it; "
                f"{self.generation} stays"
            )
        self.position = replace(self.position, offset=self._next)
        return [] if is_command(message) else [self._published(message, is_standing=False)]

    def _turn(self, target: Target, first: int) -> None:
        """Begin to read the next generation."""
        self._target = target
        self.generation, self._next = target.generation, first
        self._left, self._sequences, self._table = self._sequences, {}, {}

    def _resume_turn(self, start: Position) -> None:
        first = self._world.first(start.generation)
        if first is None:
            raise StopWorker(
                f"{self}: the topic of {start.generation}, which is active, does not exist: restore it"
            )
        self._turn(Target(start.generation, start.since, start.since, is_certain=True), first)

    def _approach(self, target: Target, message: Sourced, mark: Mark | None) -> list[KafkaMessage]:
        """Read towards the mark."""
        if mark == (target.generation, target.ordinal):
            return self._arrive(target, self._next)
        if stage_of(message.headers) == self.rules.stage and ordinal_in(message) > target.ordinal:
            if target.is_certain:
                return self._arrive(target, message.offset) + self._copy(message, mark)
            self._turn_back(target, f"{target.generation} does not know of")
        elif self.rules.is_table and message.key is not None and not is_command(message):
            self._table.pop(message.key, None)  # so that the order is that of the last change
            if message.value is not None:
                self._table[message.key] = message
        return []

    def _turn_back(self, target: Target, why: str) -> None:
        """The generation was started behind the cutover, ended before it, or a later one took its place there."""
        self._world.tell(
            f"{self}: {why} cutover {target.since} and can never be cut over to there; "
            f"{self.position.generation} stays"
        )
        self.position = replace(self.position, offset=self.position.offset + 1)
        self.generation, self._next = self.position.generation, self.position.offset
        self._target, self._sequences, self._table = None, self._left, {}

    def _arrive(self, target: Target, following: int) -> list[KafkaMessage]:
        """The next generation is the active one, from offset ``following`` on."""
        self.position = Position(target.generation, following, target.since)
        published = self._anew() if self.rules.is_table else []
        self._target, self._table = None, {}
        return published

    def _anew(self) -> list[KafkaMessage]:
        """The table and the tombstones, without what an earlier run published of them."""
        public = self._world.standing()
        records = [
            message
            for key, message in self._table.items()
            if key not in public or public[key].stamp != self._stamp(message.offset, is_standing=True)
        ]
        gone = sorted(key for key, one in public.items() if one.is_alive and key not in self._table)
        return [self._published(message, is_standing=True) for message in records] + [
            self._tombstone(key) for key in gone
        ]

    def _published(self, message: Sourced, *, is_standing: bool) -> KafkaMessage:
        stamp = self._stamp(message.offset, is_standing=is_standing)
        return KafkaMessage(message.key, message.value, (*message.headers, *stamp.headers), message.offset)

    def _stamp(self, offset: int, *, is_standing: bool) -> Stamp:
        return Stamp(self.generation, offset, self.position.since, is_standing)

    def _tombstone(self, key: bytes) -> KafkaMessage:
        """There is no such record in this generation."""
        rules, at = self.rules, self.position
        cause = journal_id(rules.partition, at.since)
        # The key makes the id the same in every run, whatever of the table was published already.
        name = output_id(cause, PUBLISHER, 0) + f"-{key.decode('utf-8', 'replace')}"
        said: Headers = (
            ("ce_specversion", b"1.0"),
            (SOURCE, f"/undercurrent/{self.generation}/{PUBLISHER}/{rules.partition}".encode()),
            ("ce_type", f"undercurrent.{rules.topic}.tombstone.v1".encode()),
            (ID, name.encode()),
            ("ce_tenantid", key.partition(b":")[0]),
            ("ce_partitionkey", key),
        )
        stamp = self._stamp(max(0, at.offset - 1), is_standing=True)
        return KafkaMessage(key, None, (*said, *stamp.headers), at.offset)

    def _is_repeat(self, message: Sourced) -> bool:
        """Whether a stage that died wrote it twice. Raises ``StateCorrupt`` where one is missing."""
        stage = stage_of(message.headers)
        if stage is None:
            raise StateCorrupt(
                f"{self}: offset {message.offset} of {self.generation} was written by no stage of ours"
            )
        number = sequence_of(message.headers)
        expected = self._sequences.get(stage, number)
        if number < expected:
            return True
        if number > expected and not self.rules.is_table:  # compaction leaves such gaps
            raise StateCorrupt(
                f"{self}: number {expected} of stage {stage} is missing in {self.generation}, number {number} "
                f"({header(message.headers, ID)}) stands at offset {message.offset}; replay that generation anew"
            )
        self._sequences[stage] = number + 1
        return False

    def __str__(self) -> str:
        return f"topic {self.rules.topic}, partition {self.rules.partition}"

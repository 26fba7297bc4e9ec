"""What the headers of messages say about generations: where a public one came from, and where a cutover stands.

A published message has all headers of its origin and, behind them,
``undercurrent-origin``   ``<generation>/<offset>`` of the message that it is a copy of;
``undercurrent-cutover``  the journal ordinal of the cutover under which it was published; absent before the first one;
``undercurrent-phase``    ``standing`` for a record that a cutover published anew, else ``live``.
They are a storage format: the publisher resumes from the last message of each public partition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pydantic import ValidationError

from connectors.kafka.messages import ID, Headers, header, stage_of
from contracts.commands import Command, Cutover
from contracts.errors import StateCorrupt
from contracts.identity import ordinal_of
from contracts.registry import RECORDS

ORIGIN = "undercurrent-origin"
CUTOVER = "undercurrent-cutover"
PHASE = "undercurrent-phase"

NEVER = -1
"""The ordinal of a cutover that never was: the generation that is active first."""

_COMMAND = ".command.v1"


class Sourced(NamedTuple):
    """A message of a generation's topic."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Position:
    """Where a public partition stands: ``offset`` of ``generation``'s partition is the next to copy.

    ``since`` is the journal ordinal of the cutover that made the generation active. While ``is_standing`` its
    standing records are still being published, and the offset means nothing.
    """

    generation: str
    offset: int
    since: int = NEVER
    is_standing: bool = False

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Of two positions of one partition the later one has the higher rank."""
        return self.since, not self.is_standing, self.offset


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a public message came from: offset ``offset`` of ``generation``'s partition."""

    generation: str
    offset: int
    since: int
    is_standing: bool

    @property
    def headers(self) -> Headers:
        """The headers that say so."""
        since = () if self.since == NEVER else ((CUTOVER, b"%d" % self.since),)
        phase = b"standing" if self.is_standing else b"live"
        return ((ORIGIN, f"{self.generation}/{self.offset}".encode()), *since, (PHASE, phase))

    @property
    def position(self) -> Position:
        """Where to go on behind it."""
        return Position(self.generation, self.offset + 1, self.since, self.is_standing)


def stamp_of(headers: Headers) -> Stamp | None:
    """The stamp of a public message, or None if no publisher wrote it."""
    generation, slash, offset = (header(headers, ORIGIN) or "").partition("/")
    since = header(headers, CUTOVER)
    if not (slash and offset.isdecimal()):
        return None
    standing = header(headers, PHASE) == "standing"
    return Stamp(generation, int(offset), NEVER if since is None else int(since), standing)


class Mark(NamedTuple):
    """A stage was told, by the journal record ``ordinal``, that ``generation`` is to be the active one."""

    generation: str
    ordinal: int


def is_command(message: Sourced) -> bool:
    """Whether it is one of ours to each other, which no subscriber sees."""
    return _is_ours(message.headers)


def is_mark(topic: str, headers: Headers) -> bool:
    """Whether a cutover passed here (``topic`` by its short name): no record of a topic that holds no commands."""
    return _is_ours(headers) and Command not in RECORDS.get(topic, ())


def _is_ours(headers: Headers) -> bool:
    return (header(headers, "ce_type") or "").endswith(_COMMAND)


def mark_of(message: Sourced, stage: str) -> Mark | None:
    """The cutover that ``stage`` met here, or None. Raises ``StateCorrupt`` for a command that cannot be read."""
    if not is_command(message) or stage_of(message.headers) != stage:
        return None
    try:
        command = Command.model_validate_json(message.value or b"")
    except ValidationError as exc:
        raise StateCorrupt(
            f"offset {message.offset} holds no readable command: upgrade the publisher to the stages' version"
        ) from exc
    if not isinstance(command.order, Cutover):
        return None
    return Mark(command.order.generation, ordinal_in(message))


def ordinal_in(message: Sourced) -> int:
    """The journal ordinal that a message goes back to. Raises ``StateCorrupt`` where it does not say."""
    name = header(message.headers, ID) or ""
    try:
        return ordinal_of(name)
    except (IndexError, ValueError):
        raise StateCorrupt(f"offset {message.offset}: {ID} {name!r} names no journal record") from None

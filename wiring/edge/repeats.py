"""What was taken lately is not taken again: polls bring nearly everything that webhooks brought a minute before.

In:    what a vendor brought.   Out: the same, without what lies in the journal already, word for word.
State: in memory, bounded: for each utterance, and each record that nobody can read, a hash of what was last durable.
       Intake drops such copies too, so what is forgotten here, or was taken by another process, costs a record in the
       journal and changes nothing; of what nobody can read it costs another dead letter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from connectors.vendors.port import Connection, Taken, Unreadable, Utterance
from wiring.edge.draining import Gate

MOST_REMEMBERED = 50_000
"""Utterances: some 10 MB, and at 50 a second more than what comes between two polls a quarter of an hour apart."""

_TIMES = {"created_at", "source_updated_at"}

Name = bytes
Content = bytes


@dataclass
class Repeats:
    """Wraps the gate; ``accept`` is the gate's. For one event loop."""

    gate: Gate
    most: int = MOST_REMEMBERED
    _taken: dict[Name, Content] = field(default_factory=dict)

    async def accept(self, connection: Connection, taken: Sequence[Taken], *, bulk: bool = False) -> object:
        """As the gate's."""
        told = [(one, _name(connection, one), _content(one)) for one in taken]
        fresh = [
            (one, name, content)
            for one, name, content in told
            if content is None or self._taken.get(name) != content
        ]
        if not fresh:
            return None
        for _, name, _ in fresh:
            self._taken.pop(name, None)  # who gets no answer does not know what was durable last
        accepted = await self.gate.accept(connection, [one for one, _, _ in fresh], bulk=bulk)
        for _, name, content in fresh:
            self._remember(name, content)
        return accepted

    def _remember(self, name: Name, content: Content | None) -> None:
        # Of something else, say gone, nothing is kept: what is said under this name later must be heard.
        if content is None:
            return
        self._taken[name] = content
        if len(self._taken) > self.most:
            self._taken.pop(next(iter(self._taken)))


def _name(connection: Connection, one: Taken) -> Name:
    told = connection.tenant, connection.vendor, connection.name, getattr(one, "record_id", "")
    return hashlib.blake2b(repr(told).encode("utf-8", "replace"), digest_size=16).digest()


def _content(one: Taken) -> Content | None:
    """A hash of all that it says; None of what says nothing, and of what is no JSON, which the gate puts aside."""
    if isinstance(one, Unreadable):  # a dead letter at every poll would use up the budget of its partition
        return hashlib.blake2b(one.raw, digest_size=16, person=b"unreadable").digest()
    if not isinstance(one, Utterance):
        return None
    # Who tells no time is of when he was read, which is another time at every poll.
    at = one.happened_at if _TIMES & one.body.keys() else None
    try:
        told = orjson.dumps([one.body, at, one.origin, one.parent], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None
    return hashlib.blake2b(told, digest_size=16).digest()

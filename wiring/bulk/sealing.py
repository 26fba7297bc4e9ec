"""Turn rows of a file into sealed feedback records, many at once; what takes the time of an upload.

In:    rows with their numbers.   Out: the same records that ``wiring.journal.RecordMaker`` makes.
Nothing here depends on what else is in a chunk, so any number of processes may share a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from connectors.files.mapping import Mapped
from connectors.files.reader import BadRow, Row
from connectors.kafka.messages import KafkaMessage, feedback_message, journal_message
from connectors.keys.vault import LocalVault
from contracts.feedback import DEAD_LETTER_SUBJECT
from contracts.identity import item_id
from contracts.registry import read_record
from wiring.drafts import Draft, draft_of

PRODUCER = "loader"


class Numbered(NamedTuple):
    """A row's number in its load; ``made_id`` is its record id where the row has none.

    ``ready`` instead of a row: a record that needs no sealing, such as a tick.
    """

    number: int
    line: int
    fields: Mapping[str, Any] | None
    raw: bytes = b""
    reason: str | None = None
    made_id: str | None = None
    ready: bytes | None = None

    @classmethod
    def of(cls, number: int, row: Row | BadRow, made_id: str | None) -> Numbered:
        """As it goes to another process."""
        if isinstance(row, BadRow):
            return cls(number, row.line, None, row.raw, row.reason)
        return cls(number, row.line, row.fields, made_id=made_id)

    @property
    def row(self) -> Row | BadRow:
        """As it was read."""
        if self.fields is None:
            return BadRow(self.line, self.raw, self.reason or "")
        return Row(self.line, self.fields)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all rows of an upload share; ``loaded_at`` is when it was first begun."""

    tenant: str
    origin: str
    source: str
    mapping: Mapping[str, str]
    loaded_at: datetime


class Sealed(NamedTuple):
    """A record on its way to be sent: little to hand from process to process; ``time`` is None for a ready one."""

    number: int
    value: bytes
    time: bytes | None = None
    trace: bytes = b""

    def message(self, tenant: bytes) -> KafkaMessage:
        """As it lies in a topic."""
        if self.time is None:
            return journal_message(read_record("journal", self.value), self.value, PRODUCER)
        return feedback_message(tenant, self.value, self.time, self.trace, PRODUCER)


class Sealer:
    """Seals the rows of one upload; one for each process."""

    def __init__(self, recipe: Recipe, vault: LocalVault) -> None:
        self._recipe = recipe
        self._vault = vault
        self._seed = f"{recipe.tenant} {recipe.loaded_at} ".encode()
        self._ingested_at = _z(recipe.loaded_at)

    def records(self, rows: Sequence[Numbered]) -> list[Sealed]:
        """The rows as journal records, in their order; every author's key is durable before this returns."""
        sealed = iter(self._sealed([row for row in rows if row.ready is None]))
        return [next(sealed) if row.ready is None else Sealed(row.number, row.ready) for row in rows]

    def _sealed(self, rows: Sequence[Numbered]) -> list[Sealed]:
        drafts = [self._draft(row) for row in rows]
        items = [item_id(self._recipe.tenant, d.source or self._recipe.source, d.record_id) for d in drafts]
        subjects = [self._subject(draft, item) for draft, item in zip(drafts, items, strict=True)]
        with self._vault.at_once():
            self._vault.ensure(self._recipe.tenant, subjects)
            return [
                self._record(row.number, draft, item, subject)
                for row, draft, item, subject in zip(rows, drafts, items, subjects, strict=True)
            ]

    def _draft(self, row: Numbered) -> Draft:
        def given(_mapped: Mapped) -> str:
            return row.made_id or ""

        return draft_of(row.row, self._recipe.mapping, given, self._recipe.loaded_at)

    def _subject(self, draft: Draft, item: str) -> str:
        author = draft.said_by
        if author is None and draft.body is None:
            return DEAD_LETTER_SUBJECT
        return self._vault.subject(self._recipe.tenant, author or f"item {item}")

    def _record(self, number: int, draft: Draft, item: str, subject: str) -> Sealed:
        recipe, at = self._recipe, draft.happened_at or draft.at or self._recipe.loaded_at
        plain = draft.raw if draft.body is None else orjson.dumps(draft.body)
        sealed = self._vault.seal(recipe.tenant, subject, plain)
        seed = hashlib.sha256(self._seed + str(at).encode()).hexdigest()
        trace, time = f"00-{seed[:32]}-{seed[32:48]}-01", _z(at)
        record: dict[str, Any] = {
            "id": "",
            "kind": "feedback",
            "tenant": recipe.tenant,
            "event_time": time,
            "ingested_at": self._ingested_at,
            "trace": trace,
            "schema": "1.0",
            "source": draft.source or recipe.source,
            "item_id": item,
        }
        if draft.said_by:
            record["author"] = subject
        record["body"] = {"subject": subject, "nonce": sealed.nonce, "ciphertext": sealed.ciphertext}
        record["found_at"] = {"origin": recipe.origin, "line": draft.line}
        if draft.unreadable is not None:
            record["unreadable"] = draft.unreadable
        record["waited"] = True
        return Sealed(number, orjson.dumps(record), time.encode(), trace.encode())


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")

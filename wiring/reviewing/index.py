"""What waits for a person, kept in a file, so that nobody has to read the topics from their beginning again.

In:    records of the topics, each topic in its order, between topics in any.   Out: the ``Case``s of ``queue``.
State: a SQLite file that may be deleted at any time: ids, ordinals and places; the records that wait are sealed under
       the key of whom they are about, so an erasure reaches them at once; at the next look they are let go of.
Elsewhere: which records are new (``indexed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from connectors.keys.vault import LocalVault
from connectors.sqlite import opened, sqlite_errors, transaction
from contracts.commands import (
    AddLabel,
    Command,
    ConfirmConcern,
    CorrectConcern,
    DismissConcern,
    Erase,
    ReleaseQuarantined,
)
from contracts.diversions import DeadLetter, Quarantined, Receipt, ReviewRequest
from contracts.envelope import Envelope
from contracts.feedback import TENANT_SUBJECT, Tick
from contracts.identity import ordinal_of
from contracts.registry import read_record, write_record
from contracts.stages import Assignment, Decision, EnrichedItem, RedactedItem
from contracts.steering import MoveConcern
from models.labellers.added import Added
from wiring.reviewing.case import Case, Kind, by_worth, is_due
from wiring.reviewing.clocks import SCHEMA as CLOCK_SCHEMA
from wiring.reviewing.clocks import KeptClocks
from wiring.reviewing.labels import SCHEMA as LABELS_SCHEMA
from wiring.reviewing.labels import KeptLabels
from wiring.reviewing.news import Judged, News, judged_by
from wiring.reviewing.news_cases import cases_of
from wiring.reviewing.queue import asked_case, held_case, kind_of, unsure_case
from wiring.reviewing.rows import SCHEMA as ROWS_SCHEMA
from wiring.reviewing.rows import KeptRows
from wiring.reviewing.seals import Seals
from wiring.views.topics import Place

NEWS = ("assignments", "alerts")
"""Where themes and alerts are told of."""

FORMAT = 4
"""Another one is made anew."""

REMEDY = "delete it: it is made anew from the topics"

# Of an item that was held back and has gone on, the two records may become readable in either order, at most a batch
# apart; so of a category that was asked about and is decided since. So many ordinals back it is known what came.
REMEMBERED = 10_000

# ``waiting``: cases, by kind. ``standing``: concerns in review now. ``since``: the latest that is said of an item
# by intake, of a concern by a model, a person or a new revision.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS mark (topic TEXT, part INTEGER, told TEXT NOT NULL, PRIMARY KEY (topic, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
  kind TEXT, id TEXT, tenant TEXT NOT NULL, subject TEXT NOT NULL, item TEXT NOT NULL, origin TEXT NOT NULL,
  part INTEGER NOT NULL, at INTEGER NOT NULL, ordinal INTEGER NOT NULL, record TEXT NOT NULL, anew TEXT,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing (id TEXT PRIMARY KEY, tenant TEXT, subject TEXT, ordinal INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS since (id TEXT PRIMARY KEY, part INTEGER, ordinal INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decided (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (
  tenant TEXT, subject TEXT, ordinal INTEGER, PRIMARY KEY (tenant, subject)
) WITHOUT ROWID;
"""

Question = ReviewRequest | Assignment | Quarantined
"""The records that wait."""

_PUT = "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"

# A case that still stands: nobody has decided it, and nobody has erased whom it is about.
_OPEN = """
SELECT w.kind, w.id, w.tenant, w.record, w.anew FROM waiting w
LEFT JOIN erased e ON e.tenant = w.tenant AND e.subject = w.subject AND e.ordinal > w.ordinal
WHERE e.ordinal IS NULL AND (:tenant IS NULL OR w.tenant = :tenant)
AND (w.kind <> 'concern' OR w.id IN (SELECT id FROM standing))
AND NOT EXISTS (SELECT 1 FROM decided d WHERE d.id = w.id AND
  (d.kind = 'concern' AND w.kind <> 'quarantined' OR d.kind = 'moved' AND w.kind = 'assignment'))
"""


class _Row(NamedTuple):
    kind: str
    id: str
    tenant: str
    record: str
    anew: str | None


class _Origin(NamedTuple):
    """Where a record that waits lies."""

    topic: str
    place: Place


class ReviewIndex:
    """One file; one process at a time takes records, any number may read."""

    def __init__(self, path: Path, vault: LocalVault) -> None:
        self._path = path
        self._vault = vault
        with self._errors():
            self._db = opened(path, _SCHEMA + CLOCK_SCHEMA + LABELS_SCHEMA + ROWS_SCHEMA)
            self._db.execute("PRAGMA secure_delete=ON")  # what is let go of is written over
            path.chmod(0o600)
        self._seals = Seals(vault)
        self._clocks = KeptClocks(self._db)
        self._labels = KeptLabels(self._db, self._seals)
        self._rows = KeptRows(self._db)
        self._news = News(self._rows)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is taken inside is kept whole or not at all."""
        try:
            with self._errors(), transaction(self._db), self._vault.at_once():
                yield
                self._rows.flush()
        finally:
            self._rows.forget()

    # -- how far it was read -----------------------------------------------------------------------------

    def marks(self, topic: str) -> dict[int, str]:
        """What ``put_mark`` was given for each partition of a topic."""
        with self._errors():
            return dict(self._db.execute("SELECT part, told FROM mark WHERE topic = ?", (topic,)))

    def put_mark(self, topic: str, part: int, told: str) -> None:
        """Keep how far a partition was read."""
        self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (topic, part, told))

    # -- what is taken -----------------------------------------------------------------------------------

    def take(self, topic: str, place: Place, record: Envelope, name: str = "") -> None:
        """Take one record into account; ``name`` is the topic's full one, where several are read as one."""
        origin = _Origin(name or topic, place)
        if topic in NEWS:
            self._news.take(record)
        match record:
            case Command() if topic == "journal":
                self._ordered(record)
            case ReviewRequest():
                self._asked(
                    kind_of(record), record.concern.concern_id, record.item.text.subject, origin, record
                )
            case EnrichedItem():
                self._enriched(record, place)
            case Assignment():
                self._assigned(record, origin)
            case Tick() if topic == "assignments":
                self._clocks.put(record)
            case Quarantined():
                self._asked("quarantined", record.item_id, record.item.body.subject, origin, record)
            case RedactedItem():
                self._since(_words_of(record.item_id), record, place)
                if not record.withdrawn:
                    self._since(record.item_id, record, place)
            case DeadLetter() if record.item_id is not None and (
                record.withdraws or record.stage != "intake"
            ):
                self._since(record.item_id, record, place)
            case Receipt(outcome="erased" | "retracted"):
                self._since(record.item_id, record, place)

    def _ordered(self, command: Command) -> None:
        for kind, name in judged_by(command.order):
            self._decided(kind, name)
        match command.order:
            case AddLabel():
                self._labels.add(command.tenant, command.order)
            case ConfirmConcern() | CorrectConcern() | DismissConcern():
                self._decided("concern", command.order.concern_id)
            case MoveConcern():
                self._decided("moved", command.order.concern.concern_id)
            case ReleaseQuarantined():
                self._decided("released", command.order.item.id)
            case Erase():
                about = (command.tenant, command.order.subject, ordinal_of(command.id))
                self._db.execute("INSERT OR REPLACE INTO erased VALUES (?, ?, ?)", about)

    def labels(self) -> dict[str, Added]:
        """The categories that people ordered for each tenant."""
        with self._errors():
            return self._labels.every()

    def _decided(self, kind: str, name: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO decided VALUES (?, ?)", (kind, name))

    def _enriched(self, record: EnrichedItem, place: Place) -> None:
        about = (record.tenant, record.text.subject, ordinal_of(record.id))
        for concern in record.concerns:
            if concern.decision.needs_review:
                row = (concern.concern_id, *about)
                self._db.execute("INSERT OR IGNORE INTO standing VALUES (?, ?, ?, ?)", row)
            else:
                self._db.execute("DELETE FROM standing WHERE id = ?", (concern.concern_id,))
            if not concern.decision.provisional:
                self._since(concern.concern_id, record, place)
        for name in (*(record.dismissed or ()), *record.retracts):
            self._db.execute("DELETE FROM standing WHERE id = ?", (name,))
            self._since(name, record, place)

    def _assigned(self, record: Assignment, origin: _Origin) -> None:
        about = record.about
        if record.change == "relabelled" and about is not None:
            self._relabelled(record.concern_id, about.decision)
            return
        self._db.execute("DELETE FROM waiting WHERE kind = 'assignment' AND id = ?", (record.concern_id,))
        if record.ask_milli is not None:
            subject = about.quote.subject if about is not None and about.quote is not None else TENANT_SUBJECT
            self._put("assignment", record.concern_id, subject, origin, record)

    def _relabelled(self, name: str, decision: Decision) -> None:
        """The question stays, about what is decided now."""
        asked = "SELECT tenant, subject FROM waiting WHERE kind = 'assignment' AND id = ?"
        for tenant, subject in self._db.execute(asked, (name,)).fetchall():
            sealed = self._seals.seal(tenant, subject, decision.model_dump_json(by_alias=True).encode())
            self._db.execute(
                "UPDATE waiting SET anew = ? WHERE kind = 'assignment' AND id = ?", (sealed, name)
            )

    def _asked(self, kind: Kind, name: str, subject: str, origin: _Origin, record: Question) -> None:
        """A question, unless what it is about is known to have gone on since."""
        ordinal = ordinal_of(record.id)
        has_gone_on = kind != "concern" and ordinal <= self._latest(name)
        if not has_gone_on and ordinal >= self._latest(_words_of(_item_of(record))):
            self._put(kind, name, subject, origin, record)

    def _latest(self, name: str) -> int:
        known = self._db.execute("SELECT ordinal FROM since WHERE id = ?", (name,)).fetchone()
        return -1 if known is None else int(known[0])

    def _since(self, name: str, record: Envelope, place: Place) -> None:
        """What stands of an item or a concern is no longer what was asked about before."""
        ordinal = ordinal_of(record.id)
        newest = "INSERT INTO since VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ordinal = max(ordinal, excluded.ordinal)"
        self._db.execute(newest, (name, place.part, ordinal))
        gone = "DELETE FROM waiting WHERE kind IN ('quarantined', 'category') AND id = ? AND ordinal <= ?"
        self._db.execute(gone, (name, ordinal))
        # Of other words an item has other concerns. Extract says so of those that it knows, which are not all where
        # a generation began in the middle.
        reworded = "DELETE FROM waiting WHERE kind IN ('concern', 'category') AND item = ? AND ordinal < ?"
        self._db.execute(reworded, (name, ordinal))

    def _put(self, kind: str, name: str, subject: str, origin: _Origin, record: Question) -> None:
        sealed = self._seals.seal(record.tenant, subject, write_record(record))
        if sealed is not None:
            about = (record.tenant, subject, _words_of(_item_of(record)))
            came = (origin.topic, *origin.place, ordinal_of(record.id))
            self._db.execute(_PUT, (kind, name, *about, *came, sealed))

    # -- what is let go of -------------------------------------------------------------------------------

    def tidy(self, firsts: dict[str, dict[int, int]]) -> None:
        """Let go of the erased, and of what the topics of ``firsts`` (name → partition → offset) no longer hold."""
        for name, parts in firsts.items():
            for part, first in parts.items():
                gone = "DELETE FROM waiting WHERE origin = ? AND part = ? AND at < ?"
                self._db.execute(gone, (name, part, first))
        for table in ("waiting", "standing"):
            erased = f"""DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM erased e WHERE e.tenant = {table}.tenant
                AND e.subject = {table}.subject AND e.ordinal > {table}.ordinal)"""  # noqa: S608 - our own names
            self._db.execute(erased)
        for part, newest in self._db.execute("SELECT part, max(ordinal) FROM since GROUP BY part").fetchall():
            old = "DELETE FROM since WHERE part = ? AND ordinal < ?"
            self._db.execute(old, (part, newest - REMEMBERED))
        self._news.tidy(self._clocks.read())

    # -- what waits --------------------------------------------------------------------------------------

    def cases(self, tenant: str | None = None, *, early: bool = False) -> list[Case]:
        """Everything that waits, by worth; with ``early`` also what a model may still answer."""
        with self._errors(), self._vault.at_once():
            now = self._clocks.read()
            rows = map(_Row._make, self._db.execute(_OPEN, {"tenant": tenant}).fetchall())
            cases = [case for row in rows if (case := self._case(row)) is not None]
            news = cases_of(self._rows, self._vault, tenant, now, self._judged())
        return by_worth([*(case for case in cases if early or is_due(case, now(case.tenant))), *news])

    def _judged(self) -> set[Judged]:
        asked = "SELECT kind, id FROM decided WHERE kind IN ('theme', 'proposal', 'alert')"
        return set(self._db.execute(asked).fetchall())

    def _case(self, row: _Row) -> Case | None:
        """The case, or None if it may not be shown."""
        said = self._seals.opened(row.tenant, row.record)
        if said is None:
            return None
        record = read_record(_TOPICS[row.kind], said)
        match record:
            case ReviewRequest():
                is_there = self._vault.open(row.tenant, record.item.text) is not None
                return asked_case(record) if is_there else None
            case Assignment():
                return self._unsure(record, row)
            case Quarantined():
                asked = "SELECT 1 FROM decided WHERE kind = 'released' AND id = ?"
                is_released = self._db.execute(asked, (record.item.id,)).fetchone() is not None
                return None if is_released else held_case(record)
        raise AssertionError(f"nothing else is kept: {record.kind}")

    def _unsure(self, record: Assignment, row: _Row) -> Case:
        anew = None if row.anew is None else self._seals.opened(row.tenant, row.anew)
        if anew is not None and record.about is not None:
            about = record.about.model_copy(update={"decision": Decision.model_validate_json(anew)})
            record = record.model_copy(update={"about": about})
        return unsure_case(record, self._vault)

    def _errors(self) -> AbstractContextManager[None]:
        return sqlite_errors(self._path, REMEDY)


def _item_of(record: Question) -> str:
    return record.item.item_id if isinstance(record, ReviewRequest) else record.item_id


def _words_of(item: str) -> str:
    """What ``since`` and ``waiting`` call the words that an item has now, as against how intake judged it."""
    return f"words {item}"


_TOPICS = {
    "concern": "reviews", "category": "reviews", "assignment": "assignments", "quarantined": "quarantine",
}  # fmt: skip
"""Where the record of each kind of case comes from."""

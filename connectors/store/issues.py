"""Which issue of ours is which one at a tracker, what we last wrote to it, and which destinations are paused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, select, update

from connectors.store.engine import inserting, micros, store_errors, writing
from connectors.store.tables import issues, pauses


@dataclass(frozen=True, slots=True)
class Tracked:
    """An issue at a tracker. ``written``: keyed hashes of what we last wrote, by field."""

    destination: str
    issue_id: str
    tenant: str
    theme_id: str
    external_id: str
    external_key: str
    external_url: str
    written: Mapping[str, str]
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A destination that gets nothing: until a moment, or (None) until a person resumes it."""

    destination: str
    tenant: str
    reason: str
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class IssueStore:
    """Issues at trackers, and pauses."""

    engine: Engine

    def track(self, issue: Tracked, now: datetime) -> None:
        """Note an issue, or what has become of it."""
        with writing(self.engine) as writer:
            note(writer, issue, now)

    def of(self, destination: str, issue_id: str) -> Tracked | None:
        """The issue that one of ours became; None where none was made."""
        return self._one(issues.c.destination == destination, issues.c.issue_id == issue_id)

    def by_external(self, destination: str, external: str) -> Tracked | None:
        """The issue of ours behind a tracker's id."""
        return self._one(issues.c.destination == destination, issues.c.external_id == external)

    def of_theme(self, destination: str, tenant: str, theme_id: str) -> list[Tracked]:
        """The issues of a theme, the newest first."""
        asked = (
            select(issues)
            .where(
                issues.c.destination == destination, issues.c.tenant == tenant, issues.c.theme_id == theme_id
            )
            .order_by(issues.c.made_at.desc(), issues.c.issue_id)
        )
        with store_errors(), self.engine.connect() as reader:
            return [_tracked(row) for row in reader.execute(asked)]

    def pause(self, pause: Pause) -> bool:
        """Pause a destination, or move the end of a pause; whether it was not paused before for this reason."""
        told = {name: getattr(pause, name) for name in Pause.__dataclass_fields__}
        with writing(self.engine) as writer:
            made = inserting(pauses, writer).values(told).on_conflict_do_nothing().returning(pauses.c.since)
            new = writer.execute(made).first() is not None
            if not new:
                at = pauses.c.destination == pause.destination
                before = writer.execute(select(pauses.c.reason).where(at).with_for_update()).scalar()
                new = before != pause.reason
                writer.execute(update(pauses).where(at).values(reason=pause.reason, until=pause.until))
        return new

    def resume(self, destination: str) -> bool:
        """End a pause; whether there was one."""
        with writing(self.engine) as writer:
            return writer.execute(delete(pauses).where(pauses.c.destination == destination)).rowcount == 1

    def paused(self) -> dict[str, Pause]:
        """All pauses by destination, also those whose end has come."""
        with store_errors(), self.engine.connect() as reader:
            rows = reader.execute(select(pauses)).all()
        return {row.destination: Pause(*row) for row in rows}

    def _one(self, *where: Any) -> Tracked | None:
        with store_errors(), self.engine.connect() as reader:
            row = reader.execute(select(issues).where(*where)).first()
        return None if row is None else _tracked(row)


def note(writer: Connection, issue: Tracked, now: datetime) -> None:
    """Note an issue inside a transaction."""
    told = {name: getattr(issue, name) for name in Tracked.__dataclass_fields__}
    told |= {"written": dict(issue.written), "changed_at": micros(now)}
    key = (issues.c.destination, issues.c.issue_id)
    made = inserting(issues, writer).values(**told, made_at=micros(now))
    writer.execute(made.on_conflict_do_update(index_elements=key, set_=told))


def _tracked(row: Row[Any]) -> Tracked:
    return Tracked(**{name: getattr(row, name) for name in Tracked.__dataclass_fields__})

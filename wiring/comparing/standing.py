"""Where everything stands at one journal ordinal, by tenant: ids and numbers, never text.

In:    the records of ``assignments``, ``priorities`` and ``linear``, each topic in its order.
Out:   a ``Standing`` per tenant.
State: one short entry per concern; labels of themes are the only words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.envelope import EVERYONE, Envelope
from contracts.feedback import Tick
from contracts.identity import ordinal_of, unnamed
from contracts.priority import LinearIssue, Priority
from contracts.stages import Assignment
from contracts.themes import ThemeRecord
from models.priority.impact import effective_impact
from models.themes.redirects import root

FOLDED = ("assignments", "priorities", "linear")
"""The topics that are compared."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What is known of a theme besides its members."""

    label: str
    redirect_to: str | None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue for Linear; ``priority`` from 1, urgent, to 4, low."""

    issue_id: str
    theme_id: str
    rule: str
    priority: int
    ordinal: int


@dataclass(slots=True)
class Standing:
    """One tenant of one generation. ``concerns``: origin theme, or None for one that waits or is unthemed."""

    concerns: dict[str, str | None] = field(default_factory=dict)
    themes: dict[str, Theme] = field(default_factory=dict)
    priorities: dict[str, Priority] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    """Themes whose score is known only from behind the ordinal: a compacted topic keeps no older one."""
    issues: list[Issue] = field(default_factory=list)
    clock: datetime | None = None
    partition: int = 0
    """The journal partition that the tenant lives in."""

    def resolved(self, theme_id: str) -> str:
        """The theme that this one is read as, merges followed."""
        return root(theme_id, self._into)

    def _into(self, theme_id: str) -> str | None:
        known = self.themes.get(theme_id)
        return None if known is None else known.redirect_to

    def members(self) -> dict[str, str]:
        """Every themed concern with the theme that it counts for."""
        return {name: self.resolved(theme) for name, theme in self.concerns.items() if theme is not None}

    def label(self, theme_id: str) -> str:
        """What people call a theme."""
        known = self.themes.get(theme_id)
        return known.label if known and known.label else unnamed(theme_id)

    def impacts(self) -> dict[str, float]:
        """Impact of every theme with a known score, decayed to the tenant's clock; of 0.01, as people see it."""
        return {
            theme_id: round(effective_impact(priority, self.clock or priority.event_time), 2)
            for theme_id, priority in self.priorities.items()
            if theme_id not in self.later and self.resolved(theme_id) == theme_id
        }


class Fold:
    """Takes records of one generation up to an ordinal in each journal partition (None: all)."""

    def __init__(self, up_to: Mapping[int, int] | None, tenant: str | None = None) -> None:
        self.tenants: dict[str, Standing] = {}
        self._up_to = up_to
        self._tenant = tenant
        self._ticked: dict[int, datetime] = {}

    def take_all(self, records: Iterable[Envelope]) -> Fold:
        """Take every record; itself."""
        for record in records:
            if record.tenant == EVERYONE:
                self._tick_everyone(record)
            elif self._tenant in (None, record.tenant):
                self.take(record)
        return self

    def standing(self, tenant: str) -> Standing:
        """Where a tenant stands, its clock set by its own ticks and those for everyone; empty for an unknown one."""
        standing = self.tenants.get(tenant, Standing())
        ticked = self._ticked.get(standing.partition)
        if ticked is not None:
            standing.clock = max(standing.clock or ticked, ticked)
        return standing

    def take(self, record: Envelope) -> None:
        """Take one tenant's record into account."""
        standing = self.tenants.setdefault(record.tenant, Standing(partition=partition_of(record.id)))
        if not self._counts(record):
            if isinstance(record, Priority) and record.theme_id not in standing.priorities:
                standing.later.add(record.theme_id)
            return
        match record:
            case Tick():
                standing.clock = max(standing.clock or record.event_time, record.event_time)
            case Assignment():
                _assign(standing.concerns, record)
            case ThemeRecord():
                standing.themes[record.theme_id] = Theme(record.label, record.redirect_to)
            case Priority():
                standing.priorities[record.theme_id] = record
            case LinearIssue(change="open"):
                ordinal = ordinal_of(record.id)
                standing.issues.append(
                    Issue(record.issue_id, record.theme_id, record.rule, record.priority, ordinal)
                )

    def _tick_everyone(self, record: Envelope) -> None:
        if isinstance(record, Tick) and self._counts(record):
            partition = partition_of(record.id)
            self._ticked[partition] = max(self._ticked.get(partition, record.event_time), record.event_time)

    def _counts(self, record: Envelope) -> bool:
        if self._up_to is None:
            return True
        return ordinal_of(record.id) <= self._up_to.get(partition_of(record.id), -1)


def partition_of(record_id: str) -> int:
    """The journal partition that a record of any stage goes back to."""
    return int(record_id.split("-", 1)[0])


def _assign(concerns: dict[str, str | None], record: Assignment) -> None:
    if record.change == "retracted":
        concerns.pop(record.concern_id, None)
    elif record.change != "relabelled":  # which stays where it is
        concerns[record.concern_id] = record.theme if record.change in ("assigned", "moved") else None

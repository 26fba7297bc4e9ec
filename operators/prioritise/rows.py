"""The rows of the priority stage's tables, with their JSON form.

Ids, numbers, labels of public topics and sealed quotes; no text in the clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.commands import IssueState
from contracts.feedback import Sealed, Tier
from models.priority.telemetry import Measured
from models.priority.windows import HOUR_S, Cell
from operators.state import Table


@dataclass(slots=True)
class Evidence:
    """The sealed quote of a concern and the way back to it."""

    sealed: Sealed
    item_id: str
    source: str
    url: str | None


@dataclass(slots=True)
class Counted:
    """What was counted of one concern, so that it can be taken away exactly; kept for two weeks.

    ``at``: seconds, clamped to the tenant's clock of its arrival; ``who``: account, else author, else item;
    ``evidence`` is there while the concern waits for a theme or stands for one. ``rule`` is the rule of the decision
    matrix that fired for it, ``complaint`` whether errors or latency could bear it out, ``telemetry`` what was measured
    before, where anything was.
    """

    at: int
    who: str
    cell: Cell
    category: str
    area: str | None
    theme: str | None = None
    evidence: Evidence | None = None
    rule: str | None = None
    complaint: bool = False
    telemetry: Measured | None = None

    @property
    def hour(self) -> int:
        """The bucket: whole hours since 1970."""
        return self.at // HOUR_S


@dataclass(slots=True)
class ThemeRow:
    """What is remembered of one theme by its origin id; rows of themes are never dropped.

    ``emitted``: whether the last emission had an impact above 0. ``open``: rules that hold, and since
    which episode. ``voices``: the concerns whose quotes stand for the theme, each with who spoke, oldest first.
    ``muted``: a person wants no issue and no alert of it. ``rules``: how many of its concerns fired each rule of the
    decision matrix. ``issued``: the latest episode that has an issue. ``issue`` is the issue that stands for the theme,
    its own or that of a theme merged into it; ``since``: rules look at concerns from this second on, because the issue
    was done then (0: at all). ``telemetry``: sums over its complaints of two weeks (``models.priority.telemetry``).
    ``pinned`` and ``critical``: what people said of it.
    """

    label: str = ""
    redirect: str | None = None
    last_seen: int = 0
    first_seen: int = 0
    dirty: bool = False
    emitted: bool = False
    episode: int = 0
    open: dict[str, int] = field(default_factory=dict)
    voices: list[list[str]] = field(default_factory=list)
    categories: dict[str, int] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)
    muted: bool = False
    rules: dict[str, int] = field(default_factory=dict)
    issued: int = 0
    issue: str = ""
    since: int = 0
    telemetry: dict[str, int] = field(default_factory=dict)
    pinned: bool = False
    critical: bool = False


@dataclass(slots=True)
class IssueRow:
    """What is known of an issue that was opened for an episode of a theme; rows of issues are never dropped.

    ``at`` is as of when the state holds, in milliseconds; ``tracker`` is empty until one spoke. ``priority`` is what
    people set.
    ``said_at``: clock of our last word on it, ``words`` how many comments there were since it was opened (again).
    ``before``: who came in the week up to ``done_at``, and how many themes that counted; ``drop``: who came in that
    week and in the one after. ``tell``: accounts that were hit, of ``hit`` in all. ``category``: what most of the
    theme's concerns were about when it was opened.
    """

    theme: str
    episode: int
    rule: str
    opened_at: int
    state: IssueState = "open"
    at: int = 0
    tracker: str = ""
    key: str = ""
    url: str | None = None
    duplicate_of: str | None = None
    priority: int | None = None
    done_at: int | None = None
    regressions: int = 0
    said_at: int = 0
    words: int = 0
    before: list[int] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)
    tell: list[str] = field(default_factory=list)
    hit: int = 0
    category: str = ""

    @property
    def lives(self) -> bool:
        """Whether somebody is to work on it."""
        return self.state in ("open", "started")


@dataclass(slots=True)
class TenantRow:
    """One tenant's clock (seconds; None before any record) and what is remembered besides themes.

    ``ticked``: the clock comes from ticks. ``loading``: origins of history being loaded. ``first``: oldest
    event. ``emitted_at``: clock of the last emission. ``growth``: open category alerts by ``rule|category``
    with their episode; ``growth_episodes`` the last episode of each. ``quiet``: clock of the last critical
    alert by what it was about.
    """

    clock: int | None = None
    ticked: bool = False
    loading: list[str] = field(default_factory=list)
    first: int | None = None
    emitted_at: int | None = None
    growth: dict[str, int] = field(default_factory=dict)
    growth_episodes: dict[str, int] = field(default_factory=dict)
    quiet: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class CustomerRow:
    """What is known of a customer: told by customer updates (which win), or seen on feedback."""

    told_tier: Tier = "unknown"
    told_mrr: float | None = None
    seen_tier: Tier = "unknown"
    seen_mrr: float | None = None
    told: bool = False

    @property
    def tier(self) -> Tier:
        """The tier that counts."""
        return self.told_tier if self.told_tier != "unknown" else self.seen_tier

    @property
    def mrr(self) -> float | None:
        """The revenue that counts."""
        return self.told_mrr if self.told_mrr is not None else self.seen_mrr


def _values(row: Any) -> list[Any]:
    return [getattr(row, name) for name in row.__slots__]


def _copied(row: Any) -> list[Any]:
    # A snapshot must not share a dictionary with the running state.
    return [v.copy() if isinstance(v, dict | list) else v for v in _values(row)]


def _encode_counted(row: Counted) -> list[Any]:
    e = row.evidence
    evidence = e and [e.sealed.subject, e.sealed.nonce, e.sealed.ciphertext, e.item_id, e.source, e.url]
    return [
        row.at,
        row.who,
        list(row.cell),
        row.category,
        row.area,
        row.theme,
        evidence,
        row.rule,
        row.complaint,
        None if row.telemetry is None else list(row.telemetry),
    ]


def _decode_counted(data: list[Any]) -> Counted:
    at, who, cell, category, area, theme, e, rule, complaint, telemetry = data
    sealed = e and Sealed(subject=e[0], nonce=e[1], ciphertext=e[2])
    evidence = Evidence(sealed, *e[3:]) if e else None
    measured = Measured(*telemetry) if telemetry else None
    return Counted(at, who, tuple(cell), category, area, theme, evidence, rule, complaint, measured)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one partition; keys start with the tenant (``key``)."""

    concerns: Table[Counted] = field(default_factory=lambda: Table(_encode_counted, _decode_counted))
    themes: Table[ThemeRow] = field(default_factory=lambda: Table(_copied, lambda v: ThemeRow(*v)))
    tenants: Table[TenantRow] = field(default_factory=lambda: Table(_copied, lambda v: TenantRow(*v)))
    issues: Table[IssueRow] = field(default_factory=lambda: Table(_copied, lambda v: IssueRow(*v)))
    customers: Table[CustomerRow] = field(default_factory=lambda: Table(_values, lambda v: CustomerRow(*v)))

    def by_name(self) -> dict[str, Table[Any]]:
        """The tables as the host wants them."""
        return {
            "concerns": self.concerns,
            "customers": self.customers,
            "issues": self.issues,
            "tenants": self.tenants,
            "themes": self.themes,
        }


def key(tenant: str, name: str) -> str:
    """The key of a tenant's row; a tenant's name cannot hold the separator."""
    return f"{tenant}|{name}"


def rows_of(table: Table[Any], tenant: str) -> Iterator[tuple[str, Any]]:
    """A tenant's rows as (name, row), sorted by name."""
    start = f"{tenant}|"
    for name in table.keys():  # noqa: SIM118 - a Table is no dict; its keys are sorted
        if name.startswith(start):
            yield name[len(start) :], table[name]

"""A dispatcher over simulated trackers and sinks, with a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from connectors.store.engine import open_store, sqlite_url
from connectors.store.outbox import Effect
from contracts.envelope import Envelope
from contracts.identity import linear_issue_id
from contracts.priority import AffectedCustomer, Alert, LinearIssue, Quote
from tests.support.trackers.linear import TEAM, TOKEN
from wiring.dispatch.destinations import read_destinations
from wiring.dispatch.dispatcher import Dispatcher
from wiring.dispatch.opening import open_dispatcher

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ACT = {"open": "act", "comment": "act", "reopen": "act", "relink": "act", "alert": "act"}
QUOTED = "**What customers say** (personal data removed)\n\n> It hurts\n>\n> — zendesk, x"
DESCRIPTION = f"**Why now.** It rose.\n\n{QUOTED}\n\n**Seen** first then.\n"


def issue_record(n: int = 1, tenant: str = "acme", **changed: Any) -> LinearIssue:
    """The record of issue ``n``; a change of it has a later ``at``."""
    theme = f"theme-{n}"
    at = changed.pop("at", n)
    told: dict[str, Any] = {
        "id": f"0-{at}-priority-0", "tenant": tenant, "event_time": NOW, "ingested_at": NOW,
        "issue_id": linear_issue_id(tenant, theme, 1), "theme_id": theme, "episode": 1, "rule": "impact",
        "title": f"Export fails {n}: 7 accounts", "description": DESCRIPTION, "priority": 2,
        "labels": ("billing", "undercurrent"), "accounts": ("northwind", "initech"), "tiers": {"pro": 2},
        "impact": 70.0, "quotes": (
            Quote(text="It hurts", item_id="i1", source="zendesk", source_url="https://desk.test/1"),
            Quote(text="Very", item_id="i2", source="csv"),
        ),
        "customers": (AffectedCustomer(account="northwind", tier="pro", mrr=100.5),),
    }  # fmt: skip
    return LinearIssue(**{**told, **changed})


def alert_record(n: int = 1, **changed: Any) -> Alert:
    told: dict[str, Any] = {
        "id": f"0-{n}-priority-1", "tenant": "acme", "event_time": NOW, "ingested_at": NOW,
        "alert_id": f"alert-{n}", "rule": "critical", "severity": "page", "title": "Critical: <!channel> & co",
        "body": "3 reports.", "theme_id": f"theme-{n}",
    }  # fmt: skip
    return Alert(**{**told, **changed})


@dataclass
class Site:
    """A folder with a destination file; ``now`` is the dispatcher's time."""

    folder: Path
    tenants: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = NOW
    url: str = ""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.url = self.url or sqlite_url(self.folder / "edge.sqlite3")

    @property
    def file(self) -> Path:
        return self.folder / "destinations.yaml"

    def secret(self, name: str, value: str) -> str:
        (self.folder / name).write_text(value)
        return name

    def linear(self, url: str, tenant: str = "acme", **more: Any) -> Site:
        """A tenant with Linear."""
        file = self.secret(f"{tenant}-token", TOKEN)
        tracker = {"kind": "linear", "name": f"{tenant}-linear", "token_file": file, "team": TEAM, "url": url}
        return self.tenant(tenant=tenant, tracker=tracker, **more)

    def tenant(self, **told: Any) -> Site:
        self.tenants.append({"tenant": "acme", "autonomy": ACT, **told})
        self.file.write_text(yaml.safe_dump({"tenants": self.tenants}))
        return self

    @asynccontextmanager
    async def open(self, *, within_s: float = 5.0, lease_s: float = 60.0) -> AsyncIterator[Desk]:
        engine = open_store(self.url)
        told, keys = read_destinations(self.file), self.folder / "keys"
        self.registry = CollectorRegistry()
        try:
            async with open_dispatcher(
                told, engine, keys, self.registry, lease_s=lease_s, within_s=within_s
            ) as dispatcher:
                dispatcher.clock = lambda: self.now
                dispatcher.jitter = lambda: 1.0
                yield Desk(self, dispatcher)
        finally:
            engine.dispose()

    def run(self, work: Callable[[Desk], Awaitable[None]], **how: Any) -> None:
        """One test's work."""

        async def running() -> None:
            async with self.open(**how) as desk:
                await work(desk)

        asyncio.run(running())

    def counted(self, outcome: str, tracker: str = "linear") -> float:
        labels = {"tracker": tracker, "outcome": outcome}
        return self.registry.get_sample_value("undercurrent_tracker_issues_total", labels) or 0.0


@dataclass
class Desk:
    """A dispatcher at work."""

    site: Site
    dispatcher: Dispatcher

    async def take(self, *records: Envelope) -> None:
        for record in records:
            await self.dispatcher.take(record)

    async def deliver(self, after: timedelta = timedelta()) -> Counter[str]:
        """What is due after so long."""
        self.site.now += after
        return await self.dispatcher.deliver_due(self.site.now)

    async def settle(self, turns: int = 12, every: timedelta = timedelta(minutes=2)) -> Counter[str]:
        """Turn after turn, with time between them."""
        outcomes: Counter[str] = Counter()
        for _ in range(turns):
            outcomes += await self.deliver(every)
        return outcomes

    def rows(self, *states: str) -> list[Effect]:
        every = ("observed", "proposed", "pending", "sending", "done", "manual", "cancelled")
        return self.dispatcher.stores.outbox.listed(states or every)  # type: ignore[arg-type]

    def states(self) -> dict[str, int]:
        return dict(Counter(row.state for row in self.rows()))

"""What dispatch keeps its work in, and how a step of that work says that it does not go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine

from connectors.store.alerts import AlertStore
from connectors.store.evidence import EvidenceStore
from connectors.store.issues import IssueStore
from connectors.store.outbox import OutboxStore
from contracts.errors import PipelineError
from wiring.dispatch.sealing import Envelopes

T = TypeVar("T")


class Later(PipelineError):
    """Not now, and no attempt is counted; ``until`` says when."""

    def __init__(self, why: str, until: datetime) -> None:
        super().__init__(why)
        self.until = until


class LeaseLost(PipelineError):
    """Another process has this effect now."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What the work is kept in."""

    outbox: OutboxStore
    alerts: AlertStore
    issues: IssueStore
    evidence: EvidenceStore
    envelopes: Envelopes

    @classmethod
    def on(cls, store: Engine, envelopes: Envelopes) -> Stores:
        """All of them in one database."""
        return cls(OutboxStore(store), AlertStore(store), IssueStore(store), EvidenceStore(store), envelopes)

    def forget(self, destination: str, issue_id: str, now: datetime) -> None:
        """Note that people deleted an issue."""
        if known := self.issues.of(destination, issue_id):
            self.issues.track(replace(known, is_deleted=True), now)


async def aside(call: Callable[..., T], *given: Any) -> T:
    """A call that waits for a disk, away from the event loop."""
    return await asyncio.to_thread(call, *given)

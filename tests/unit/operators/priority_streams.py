"""Streams for the priority stage: records of one partition in journal order, with times in hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.commands import Command, Cutover, Erase, LoadBegin, LoadEnd, ReportIssue
from contracts.envelope import Envelope, Out
from contracts.feedback import CustomerUpdated, Sealed, Tick
from contracts.stages import Assignment, AssignmentFacts, Decision, ItemFacts
from contracts.themes import ThemeEvent, ThemeRecord
from models.priority.policy import PriorityPolicy
from operators.prioritise import PrioritiseStep

START = datetime(2026, 1, 5, tzinfo=UTC)
LABELS: dict[str, Any] = {
    "category": "bug",
    "severity": "medium",
    "sentiment": "neutral",
    "sentiment_milli": 0,
    "confidence_milli": 900,
}
"""What is decided of a concern unless a test says otherwise."""


def at(hours: float) -> datetime:
    """A moment, in hours after the start."""
    return START + timedelta(hours=hours)


def sealed(text: str) -> Sealed:
    """What stands for a sealed text in tests: the text is the ciphertext."""
    return Sealed(subject="someone", nonce="", ciphertext=text)


class PlainOpener:
    """Opens what ``sealed`` made, but not for erased subjects."""

    def __init__(self, erased: tuple[str, ...] = ()) -> None:
        self.erased = erased

    def open(self, tenant: str, sealed: Sealed) -> str | None:
        return None if sealed.subject in self.erased else sealed.ciphertext


class Journal:
    """Makes records with rising ids; every method returns one record and remembers it in ``records``."""

    def __init__(self, tenant: str = "acme") -> None:
        self.tenant = tenant
        self.records: list[Envelope] = []
        self._sequence: dict[str, int] = {}
        self._about: dict[str, AssignmentFacts] = {}

    def _envelope(self, hours: float) -> dict[str, Any]:
        number = len(self.records)
        ingested = START + timedelta(days=900, seconds=number)
        moment = at(hours)
        return {
            "id": f"0-{number}-themes-0",
            "tenant": self.tenant,
            "event_time": moment,
            "ingested_at": ingested,
            "trace": f"trace-{number}",
        }

    def _add(self, record: Envelope) -> Any:
        self.records.append(record)
        return record

    def tick(self, hours: float, tenant: str | None = None) -> Tick:
        return self._add(Tick(**self._envelope(hours) | {"tenant": tenant or self.tenant}))

    def concern(
        self,
        name: str,
        hours: float,
        theme: str | None = "theme-a",
        *,
        facts: Mapping[str, Any] | None = None,
        quote: str | None = "it broke",
        **decision: Any,
    ) -> Assignment:
        """A concern's first change: into ``theme``, or waiting when that is None."""
        facts = {"source": "app", "account": f"account-{name}"} | dict(facts or {})
        self._about[name] = AssignmentFacts(
            facts=ItemFacts(**facts),
            language="en",
            decision=Decision(**(LABELS | decision)),
            happened_at=at(hours),
            quote=sealed(quote) if quote is not None else None,
        )
        return self.change(name, hours, "assigned" if theme else "waiting", theme, about=self._about[name])

    def relabel(self, name: str, hours: float, theme: str | None = "theme-a", **decision: Any) -> Assignment:
        """Something else is decided of a concern, which stays in ``theme``."""
        decided = Decision(**(LABELS | decision))
        self._about[name] = self._about[name].model_copy(update={"decision": decided})
        return self.change(name, hours, "relabelled", theme, about=self._about[name])

    def change(
        self,
        name: str,
        hours: float,
        change: Any,
        theme: str | None = None,
        about: AssignmentFacts | None = None,
    ) -> Assignment:
        """A later change of a concern."""
        self._sequence[name] = self._sequence.get(name, 0) + 1
        record = Assignment(
            **self._envelope(hours),
            change=change,
            concern_id=name,
            item_id=f"item-{name}",
            sequence=self._sequence[name],
            theme=theme,
            about=about,
        )
        return self._add(record)

    def theme(self, theme: str, label: str = "Login fails", redirect_to: str | None = None) -> ThemeRecord:
        record = ThemeRecord(
            **self._envelope(0),
            theme_id=theme,
            status="merged" if redirect_to else "active",
            label=label,
            language="en",
            concerns=1,
            accounts=1,
            first_seen=START,
            last_seen=START,
            redirect_to=redirect_to,
            encoder="none",
        )
        return self._add(record)

    def event(self, event: Any, theme: str, other: str | None = None) -> ThemeEvent:
        record = ThemeEvent(
            **self._envelope(0), event=event, theme_id=theme, other_theme=other, author="pass", reason="near"
        )
        return self._add(record)

    def customer(self, account: str, hours: float, tier: str, mrr: float | None = None) -> CustomerUpdated:
        return self._add(CustomerUpdated(**self._envelope(hours), account=account, tier=tier, mrr=mrr))

    def order(self, order: Cutover | LoadBegin | LoadEnd | Erase | ReportIssue, hours: float = 0) -> Command:
        return self._add(Command(**self._envelope(hours), author="someone", order=order))

    def run(self, policy: PriorityPolicy | None = None, opener: Any = None) -> list[Out]:
        """All records so far through a fresh step."""
        return step(policy, opener).on_records(self.records)


def step(policy: PriorityPolicy | None = None, opener: Any = None) -> PrioritiseStep:
    """A step with the default policy."""
    return PrioritiseStep(0, policy or PriorityPolicy(), opener or PlainOpener())


def on(topic: str, outs: list[Out]) -> list[Any]:
    """The records of one topic."""
    return [out.record for out in outs if out.topic == topic]

"""What an alert sink is: it says one thing to people, and tells by its errors whether to say it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

Severity = Literal["page", "warn", "info"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said. ``id`` is the same however often it is said; ``about`` is what it is of, say rule and theme.

    ``body`` is plain text of ours and of redacted labels; a sink escapes it as its format wants.
    """

    id: str
    tenant: str
    about: str
    severity: Severity
    title: str
    body: str
    at: datetime
    rule: str
    theme_id: str | None = None
    owner: str | None = None
    url: str | None = None


class AlertSink(Protocol):
    """One channel, service or address."""

    async def send(self, notice: Notice) -> None:
        """Say it. Raises ``Closed`` where the sink is gone for good; else as ``connectors.outgoing``."""
        ...

    def preview(self, notice: Notice) -> Any:
        """What would be sent, without secrets."""
        ...


@runtime_checkable
class JoiningSink(AlertSink, Protocol):
    """One that people read, and that says several things in one message, so that an incident does not flood it."""

    @property
    def together_s(self) -> float:
        """For so long after a message nothing is said; what came meanwhile is then said in one. Seconds; 0: never."""
        ...

    async def send_all(self, notices: Sequence[Notice]) -> None:
        """Say them in one message, with their number. Raises as ``send``."""
        ...

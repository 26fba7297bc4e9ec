"""The alerts that a source fell silent, floods, or is back.

In: intake's signal with its numbers.   Out: an alert; nothing is remembered, because each comes once.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from contracts.envelope import Envelope
from contracts.feedback import Signal
from contracts.identity import NAMESPACE
from contracts.priority import Alert
from models.priority.impact import counted

SILENT, FLOOD, BACK = "source_silent", "source_flood", "source_back"


_MOST_MILLI = 10**15
"""What is told to be usual at most: a signal of the journal may claim a number of any length."""


def is_of_sources(record: Envelope) -> bool:
    """Whether a record says how a source lives."""
    return isinstance(record, Signal) and record.about is not None and record.name in (SILENT, FLOOD, BACK)


def source_alert(signal: Signal, envelope: dict[str, Any]) -> Alert:
    """What people are told, with the numbers."""
    expected = min(signal.expected_milli or 0, _MOST_MILLI) / 1000
    title, body = {
        SILENT: (
            f"{signal.about} is silent",
            f"No item for {counted(signal.value, 'hour')}, where {expected:.1f} are usual. See that its connection "
            "works: what was missed is polled once it does.",
        ),
        FLOOD: (
            f"{signal.about} floods",
            f"{counted(signal.value, 'item')} in this hour, where {expected:.1f} are usual. If it is an import, use "
            "`undercurrent upload`, so that nobody waits behind it.",
        ),
        BACK: (f"{signal.about} is back", f"{counted(signal.value, 'item')} since it spoke again."),
    }[signal.name]
    return Alert(
        **envelope,
        alert_id=_alert_id(signal),
        rule=signal.name,
        severity="info" if signal.name == BACK else "warn",
        title=title,
        body=body,
    )


def _alert_id(signal: Signal) -> str:
    at = signal.event_time.replace(minute=0, second=0, microsecond=0).isoformat()
    return str(uuid5(NAMESPACE, "\x1f".join(("alert", signal.tenant, signal.name, str(signal.about), at))))

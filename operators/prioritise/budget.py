"""The alert that a tenant's money for language models runs out.

In: the labeller's signal, with the percentage that is spent.   Out: an alert; nothing is remembered, because the signal
comes once for each period and state.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from contracts.answers import MODEL_BUDGET
from contracts.envelope import Envelope
from contracts.feedback import Signal
from contracts.identity import NAMESPACE
from contracts.priority import Alert


def is_budget(record: Envelope) -> bool:
    """Whether a record says that money runs out."""
    return isinstance(record, Signal) and record.name == MODEL_BUDGET


def budget_alert(signal: Signal, envelope: dict[str, Any]) -> Alert:
    """From 100 % on models are not asked any more; before that, people are told in time."""
    day = signal.event_time.date().isoformat()
    spent = signal.value >= 100
    title = (
        "Money for language models is spent"
        if spent
        else f"{signal.value} % of the money for models is spent"
    )
    stands = "Local labels stand, and concerns wait for the period to turn"
    body = stands if spent else "At 100 % local labels stand, and concerns wait for the period to turn"
    return Alert(
        **envelope,
        alert_id=str(
            uuid5(NAMESPACE, "\x1f".join(("alert", signal.tenant, MODEL_BUDGET, day, str(signal.value))))
        ),
        rule=MODEL_BUDGET,
        severity="warn" if spent else "info",
        title=title,
        body=f"{body}; raise the cap with UNDERCURRENT_LLM_CAP_MONTHLY_USD or …_DAILY_USD to go on before.",
    )

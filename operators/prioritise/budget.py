"""The alerts that a tenant's money for language models runs out, or that they are of no use.

In: the labeller's signal, with a percentage.   Out: an alert; nothing is remembered, because the signal comes once for
each period and state.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from contracts.answers import MODEL_BUDGET, MODEL_UNBELIEVED
from contracts.envelope import Envelope
from contracts.feedback import Signal
from contracts.identity import NAMESPACE
from contracts.priority import Alert


def is_of_models(record: Envelope) -> bool:
    """Whether a record says that money for models runs out, or that they cannot be believed."""
    return isinstance(record, Signal) and record.name in (MODEL_BUDGET, MODEL_UNBELIEVED)


def models_alert(signal: Signal, envelope: dict[str, Any]) -> Alert:
    """What people are told."""
    return (_unbelieved if signal.name == MODEL_UNBELIEVED else _budget)(signal, envelope)


def _unbelieved(signal: Signal, envelope: dict[str, Any]) -> Alert:
    return Alert(
        **envelope,
        alert_id=_alert_id(signal),
        rule=MODEL_UNBELIEVED,
        severity="warn",
        title=f"{signal.value} % of what language models answered last cannot be believed",
        body="Local labels stand. See the labeller's metrics for what is wrong, and set up another model.",
    )


def _alert_id(signal: Signal) -> str:
    day = signal.event_time.date().isoformat()
    said = ("alert", signal.tenant, signal.name, day, str(signal.value))
    return str(uuid5(NAMESPACE, "\x1f".join(said)))


def _budget(signal: Signal, envelope: dict[str, Any]) -> Alert:
    """From 100 % on models are not asked any more; before that, people are told in time."""
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
        alert_id=_alert_id(signal),
        rule=MODEL_BUDGET,
        severity="warn" if spent else "info",
        title=title,
        body=f"{body}; raise the cap with UNDERCURRENT_LLM_CAP_MONTHLY_USD or …_DAILY_USD to go on before.",
    )

"""From a record of ``linear`` or ``alerts`` to rows of the outbox: pure, and the same record gives the same rows.

An issue is opened once for its id, whatever brings the record again; everything else once for its record. What was
loaded as history has no effect outside (``Behind``), unless its tenant wants it proposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid5

from connectors.alerting.port import Notice
from connectors.store.engine import micros, moment_of
from connectors.store.outbox import Autonomy, Effect, State, Verb
from contracts.envelope import Envelope
from contracts.identity import NAMESPACE, ordinal_of
from contracts.priority import Alert, LinearIssue
from wiring.dispatch.destinations import Action, TenantEntry
from wiring.dispatch.sealing import Envelopes
from wiring.dispatch.words import notice_of, without_quotes

QUOTES_KEPT_US = 7 * 24 * 3600 * 1_000_000
"""Redacted quotes are kept no longer, counted in microseconds from when the journal took what led to them."""

HISTORY = timedelta(hours=24)
"""What happened longer than this before the journal took it is history that was loaded, and no news."""

ALERTS_LAST = timedelta(days=1)
"""An alert that could not be said for so long is said no more, counted from when the journal took what led to it."""

TOO_OLD = "it could not be said for a day, and is news no more"

STATES: dict[Autonomy, State] = {"observe": "observed", "suggest": "proposed", "act": "pending"}
ACTIONS: dict[Verb, Action] = {"open": "open", "recur": "comment", "reopen": "reopen", "relink": "relink"}
URGENCY = {"page": 0, "warn": 2, "info": 4}


def effect_id(*parts: str) -> str:
    """The id of what does this."""
    return str(uuid5(NAMESPACE, "\x1f".join(("effect", *parts))))


def effects_of(
    record: Envelope, tenant: TenantEntry, envelopes: Envelopes, now: datetime
) -> Iterator[Effect]:
    """What a record is to do outside; nothing where its tenant has no destination for it."""
    if isinstance(record, LinearIssue) and tenant.tracker is not None:
        yield _of_issue(record, tenant, envelopes, now)
    elif isinstance(record, Alert):
        notice, place = notice_of(record), place_of(record)
        of = (record.id, place, record.ingested_at)
        yield from of_notice(notice, tenant, envelopes, now, *of, is_old=_is_history(record))


def _of_issue(record: LinearIssue, tenant: TenantEntry, envelopes: Envelopes, now: datetime) -> Effect:
    assert tenant.tracker is not None
    at, verb, name = micros(now), record.change, tenant.tracker.name
    autonomy = tenant.allowed(ACTIONS[verb])
    old = _is_history(record)
    if old and autonomy != "observe":
        autonomy = "suggest" if tenant.history == "suggest" else "observe"
    once = (record.issue_id,) if verb == "open" else (record.issue_id, record.id)
    state, quotes_until = STATES[autonomy], micros(record.ingested_at) + QUOTES_KEPT_US
    if quotes_until <= at:  # it was read late, and is not to be sent before somebody looks what is due
        record = without_quotes(record)
    return Effect(
        id=effect_id(name, verb, *once),
        tenant=record.tenant,
        destination=name,
        kind=tenant.tracker.kind,
        verb=verb,
        about=record.issue_id,
        place=place_of(record),
        record_id=record.id,
        theme_id=record.theme_id,
        urgency=record.priority,
        state=state,
        autonomy=autonomy,
        next_at=at,
        reason="of history that was loaded" if old else "",
        payload=None if old and state == "observed" else envelopes.of_issue(record),
        has_quotes=bool(record.quotes) and at < quotes_until,
        quotes_until=quotes_until,
        happened_at=micros(record.event_time),
        taken_at=at,
        changed_at=at,
    )


def of_notice(
    notice: Notice,
    tenant: TenantEntry,
    envelopes: Envelopes,
    now: datetime,
    record_id: str,
    place: int,
    since: datetime,
    *,
    is_old: bool = False,
    but: str = "",
) -> Iterator[Effect]:
    """A notice to every sink of the tenant that takes its severity, ``but`` one; news for a day from ``since`` on."""
    at = micros(now)
    autonomy: Autonomy = "observe" if is_old else tenant.allowed("alert")
    for sink in tenant.alerts:
        if sink.name == but or notice.severity not in sink.severities:
            continue
        yield Effect(
            id=effect_id(sink.name, "alert", notice.id),
            tenant=notice.tenant,
            destination=sink.name,
            kind=sink.kind,
            verb="alert",
            about=notice.id,
            place=place,
            record_id=record_id,
            theme_id=notice.theme_id,
            urgency=URGENCY[notice.severity],
            state=STATES[autonomy],
            autonomy=autonomy,
            next_at=at,
            reason="of history that was loaded" if is_old else "",
            payload=None if is_old else envelopes.of_notice(notice),
            happened_at=micros(since),
            taken_at=at,
            changed_at=at,
        )


def is_no_news(effect: Effect, now: datetime) -> bool:
    """Whether an alert is too old to be said, whoever was away meanwhile: its sink, or the dispatcher."""
    return now - moment_of(effect.happened_at) > ALERTS_LAST


def _is_history(record: Envelope) -> bool:
    return record.ingested_at - record.event_time > HISTORY


def place_of(record: Envelope) -> int:
    """The journal ordinal that a record goes back to; 0 for one that says none."""
    try:
        return ordinal_of(record.id)
    except (IndexError, ValueError):
        return 0

"""From our records to what is sent: drafts of issues, notices of alerts. Pure functions; no text is made up here."""

from __future__ import annotations

import re

from connectors.alerting.port import Notice
from connectors.trackers.port import Customer, Draft, Evidence
from contracts.priority import Alert, LinearIssue, Quote

_SAFE_URL = re.compile(r"https?://[^\s<>()\[\]\\\"'`\u0000-\u001f\u007f]{1,1900}")
_QUOTES_TITLE = "**What customers say**"

EVIDENCE = 25
"""Most pieces of evidence that are attached."""


def draft_of(record: LinearIssue, evidence_url: str | None) -> Draft:
    """The issue that a record opens."""
    seen: dict[str, Evidence] = {}
    for quote in record.quotes:
        if url := address_of(quote, evidence_url):
            seen.setdefault(url, Evidence(url, f"Feedback from {quote.source}", f"item {quote.item_id}"))
    customers = tuple(
        Customer(one.account, one.tier, None if one.mrr is None else round(12 * one.mrr))
        for one in record.customers
    )
    return Draft(
        id=record.issue_id,
        about=f"{record.tenant}|{record.theme_id}|{record.episode}",
        title=record.title,
        description=record.description,
        priority=record.priority,
        labels=record.labels,
        evidence=tuple(seen.values())[:EVIDENCE],
        customers=customers or tuple(Customer(name) for name in record.accounts[:20]),
    )


def address_of(quote: Quote, evidence_url: str | None) -> str | None:
    """Where a quote can be seen: its source's own web address, else where the tenant shows items."""
    if quote.source_url and _SAFE_URL.fullmatch(quote.source_url):
        return quote.source_url
    return None if evidence_url is None else evidence_url.replace("{item_id}", quote.item_id)


def without_quotes(record: LinearIssue) -> LinearIssue:
    """The same without what customers said: after its time only ids and numbers remain."""
    parts = record.description.split("\n\n")
    kept = [
        part for part in parts if not part.startswith(_QUOTES_TITLE) and not part.lstrip().startswith(">")
    ]
    quotes = tuple(quote.model_copy(update={"text": ""}) for quote in record.quotes)
    return record.model_copy(update={"description": "\n\n".join(kept), "quotes": quotes})


def notice_of(alert: Alert) -> Notice:
    """What an alert says. What it is of: its drift, its theme, else itself."""
    return Notice(
        id=alert.alert_id,
        tenant=alert.tenant,
        about=alert.drift_id or alert.theme_id or alert.alert_id,
        severity=alert.severity,
        title=alert.title,
        body=alert.body,
        at=alert.event_time,
        rule=alert.rule,
        theme_id=alert.theme_id,
        owner=alert.action_owner,
    )

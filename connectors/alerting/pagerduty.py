"""PagerDuty, by its Events interface version 2: what is said twice is one incident, by its deduplication key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.alerting.port import Notice
from connectors.outgoing import Closed, Limited, Refused, Sender, Unsure

URL = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_CHARS = 1024
KEY_CHARS = 255
LIMITED_S = 60.0
"""PagerDuty asks for minutes where it limits, and says no number."""

SEVERITY = {"page": "critical", "warn": "warning", "info": "info"}


@dataclass(frozen=True, slots=True)
class PagerDutySink:
    """One service; ``routing_key`` is read anew for each request."""

    sender: Sender
    routing_key: Callable[[], str]
    url: str = URL

    async def send(self, notice: Notice) -> None:
        """Trigger, or join, the incident of what the notice is about."""
        heard = await self.sender.send("POST", self.url, json=event(notice, self.routing_key()))
        told = f"{self.sender.who}: status {heard.status}"
        if heard.status == 202:
            return
        if heard.status == 429:
            raise Limited(told, retry_after_s=heard.waits_s(LIMITED_S))
        if heard.status in (401, 403, 404, 410):
            raise Closed(f"{told}; check its routing key, then resume it")
        if 400 <= heard.status < 500:
            raise Refused(told, reason="refused")
        raise Unsure(told, retry_after_s=heard.waits_s(0.0))

    def preview(self, notice: Notice) -> Any:
        """The event, without its routing key."""
        return event(notice, "…")


def event(notice: Notice, routing_key: str) -> dict[str, Any]:
    """The event to enqueue."""
    told: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key(notice),
        "payload": {
            "summary": notice.title[:SUMMARY_CHARS],
            "source": "undercurrent",
            "severity": SEVERITY[notice.severity],
            "timestamp": notice.at.isoformat(),
            "component": notice.theme_id or notice.rule,
            "group": notice.tenant,
            "class": notice.rule,
            "custom_details": {"body": notice.body, "alert_id": notice.id, "owner": notice.owner or ""},
        },
    }
    if notice.url:
        told["links"] = [{"href": notice.url, "text": "Open"}]
    return told


def dedup_key(notice: Notice) -> str:
    """``tenant:rule:what it is of``, at most 255 characters."""
    return f"{notice.tenant}:{notice.rule}:{notice.about}"[:KEY_CHARS]

"""Slack, PagerDuty and a webhook as they behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.trackers.server import Asked, Said


@dataclass
class SlackSite:
    """One channel; ``status`` and ``word`` are what it answers."""

    status: int = 200
    word: str = "ok"
    posted: list[Any] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        if self.status == 200:
            self.posted.append(asked.json())
        return Said(self.status, self.word, {"Retry-After": "2"} if self.status == 429 else {})


@dataclass
class PagerDutySite:
    """One service; incidents by deduplication key."""

    status: int = 202
    events: list[Any] = field(default_factory=list)
    incidents: dict[str, Any] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Said:
        told = asked.json()
        if self.status == 202:
            self.events.append(told)
            self.incidents[told["dedup_key"]] = told
        return Said(self.status, {"status": "success", "dedup_key": told["dedup_key"]})


@dataclass
class HookSite:
    """Anybody's webhook."""

    status: int = 200
    taken: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        self.taken.append(asked)
        return Said(self.status, {}, {"Location": "http://127.0.0.1:1/"} if self.status == 302 else {})

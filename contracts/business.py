"""Journal records, kind ``business_event``: what the business did, or what happened to it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.envelope import Envelope, Message, UtcTime

BusinessKind = Literal["release", "campaign", "price", "incident", "infrastructure"]
"""What sort of event it was; ``price`` is a change of prices, ``infrastructure`` one of the machines below."""


class BusinessEvent(Envelope):
    """A release, campaign, price change, incident or infrastructure change; it happened at ``event_time``.

    Drift events list those near them. ``name`` is shown to whoever reads them: no personal data.
    """

    kind: Literal["business_event"] = "business_event"
    event: BusinessKind
    name: str = Field(min_length=1, max_length=200)
    url: str | None = Field(default=None, max_length=2000)
    author: str = ""


class Nearby(Message):
    """A business event that happened near something else."""

    id: str
    event: BusinessKind
    name: str
    at: UtcTime
    url: str | None = None

"""What customers write while the headline is measured: everyday talk at a steady rate, and in it stories of outages.

``conversations`` is a pure function of its arguments. A story is one tenant's: reports of an outage by enterprise
accounts, seconds apart, until a rule fires; which of them fires it is the product's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.grammar import load_phrases, stream
from demo.plan import Slot
from demo.wording import Writer

STORY = "S-OUTAGE"
REPORTS = 16
"""Of each story, from as many accounts."""

APART_S = 1.5
"""Seconds between the reports of a story."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a customer: ``at_s`` seconds after the beginning, to a tenant's Intercom."""

    at_s: float
    tenant: str
    number: int
    account: str
    tier: str
    text: str
    is_story: bool


def conversations(tenants: Sequence[str], *, rate: float, seconds: float, seed: int = 1) -> list[Message]:
    """Messages in order, ``rate`` a second with the stories among them; tenants in turn."""
    phrases, rng = load_phrases(), stream(seed, "headline")
    writer = Writer(phrases, stream(seed, "headline words"))
    told = _stories(tenants, seconds)
    topics = sorted(phrases.topics)
    slots = len(told) / seconds
    everyday = max(0.0, rate - slots)
    count = int(everyday * seconds)
    for n in range(count):
        told.append((n / everyday, tenants[n % len(tenants)], rng.choice(topics)))
    said = []
    for number, (at_s, tenant, label) in enumerate(sorted(told)):
        is_story = label == STORY
        wording = writer.word(Slot(at=BEGIN + timedelta(seconds=at_s), label=label), "intercom")
        account, tier = f"account-{number}", "enterprise" if is_story else rng.choice(("free", "pro"))
        said.append(Message(at_s, tenant, number, account, tier, wording.text, is_story))
    return said


def _stories(tenants: Sequence[str], seconds: float) -> list[tuple[float, str, str]]:
    """One story a tenant, begun evenly over the time that leaves room for its reports."""
    room = max(0.0, seconds - REPORTS * APART_S)
    return [
        (n * room / len(tenants) + report * APART_S, tenant, STORY)
        for n, tenant in enumerate(tenants)
        for report in range(REPORTS)
    ]


BEGIN = datetime(2026, 1, 1)

"""Who says it where: source, account, author and the metadata that each source really has."""

from __future__ import annotations

import html
import random
from datetime import datetime, timedelta

from demo.plan import Slot
from demo.records import EPOCH, Customer, Value, Wording

SOURCES = ("intercom", "zendesk", "typeform", "g2", "app_store", "salesforce")
# Weights in the order of SOURCES: where feedback of a mood or story usually arrives.
_WEIGHTS = {
    "gripe": (30, 28, 14, 7, 12, 9), "request": (26, 20, 20, 12, 8, 14), "question": (40, 38, 8, 1, 1, 12),
    "praise": (16, 10, 22, 24, 20, 8), "chatter": (28, 20, 26, 6, 12, 8), "toxic": (40, 40, 20, 0, 0, 0),
    "S-OUTAGE": (40, 36, 5, 3, 9, 7), "S-FADING": (16, 16, 10, 6, 44, 8),
}  # fmt: skip
_RATINGS = {
    "gripe": ((1, 2, 3, 4), (26, 40, 28, 6)), "request": ((3, 4, 5), (35, 45, 20)),
    "question": ((3, 4), (1, 1)), "praise": ((4, 5), (25, 75)), "chatter": ((2, 3, 4, 5), (1, 4, 4, 2)),
    "toxic": ((1,), (1,)), "S-OUTAGE": ((1,), (1,)), "S-BILLING": ((1, 2), (3, 1)),
}  # fmt: skip
# How much likelier a tier speaks of a story than its share of accounts; everyday talk is even.
_STORY_TIERS = {"free": 0.25, "pro": 1.0, "business": 2.0, "enterprise": 4.0}
_RATED = frozenset({"typeform", "g2", "app_store"})
_MARKUP = frozenset({"intercom", "zendesk"})
_ANONYMOUS = {"app_store": 0.7, "g2": 0.5}
_ROLES = ("admin", "dispatcher", "driver", "accountant", "owner", "planner")
_PHONES = ("iPhone 14", "iPhone SE", "Pixel 7", "Galaxy A54", "Zebra TC22")
_BROWSERS = ("Chrome 123 / Windows", "Firefox 124 / Windows", "Safari 17 / macOS", "Edge 122 / Windows")
_RELEASES = (("5.2.0", 0), ("5.2.1", 12), ("5.3.0", 19), ("5.4.0", 39))
_LOCALES = {
    "GB": "en-GB",
    "IE": "en-IE",
    "CA": "en-CA",
    "AU": "en-AU",
    "NL": "en-GB",
    "AT": "de-AT",
    "MX": "es-MX",
}


class Desk:
    """Hands each slot a source, a customer and the fields of its row."""

    def __init__(self, customers: tuple[Customer, ...], rng: random.Random) -> None:
        self._customers, self._rng = customers, rng
        self._queues: dict[tuple[str, str], list[Customer]] = {}
        self._numbers = dict.fromkeys(SOURCES, 0)

    def source_for(self, slot: Slot, mood: str) -> str:
        """Where a slot of this mood arrives."""
        weights = _WEIGHTS.get(slot.label or "", _WEIGHTS[mood])
        return self._rng.choices(SOURCES, weights=weights)[0]

    def row(self, slot: Slot, source: str, mood: str, wording: Wording) -> dict[str, Value]:
        """The canonical row of a slot; fields that the source does not have are left out."""
        customer = self._next_customer(slot)
        self._numbers[source] += 1
        record_id = f"{source.replace('_', '')}-{40_000 + self._numbers[source] * 7}"
        row: dict[str, Value] = {
            "source": source,
            "source_record_id": record_id,
            "text": marked_up(wording.text) if source in _MARKUP else wording.text,
            "author": self._rng.choice(customer.people),
            **self._account(customer, source),
            **self._circumstances(slot.at, source, customer),
            "created_at": stamp(slot.at),
        }
        if source in _RATED:
            values, weights = _RATINGS.get(slot.label or "", _RATINGS[mood])
            row["rating"] = self._rng.choices(values, weights=weights)[0]
        if source in ("zendesk", "intercom"):
            row["resolution"] = self._rng.choice(("open", "pending", "solved"))
            row["source_updated_at"] = stamp(slot.at)
        if source != "app_store":
            row["source_url"] = f"https://{source}.harborline.example/records/{record_id}"
        return row

    def _next_customer(self, slot: Slot) -> Customer:
        """Round-robin over a weighted shuffle per label, so that a story comes from many accounts."""
        queue = self._queues.setdefault((slot.label or "", slot.lang), [])
        if not queue:
            known = [one for one in self._customers if one.lang == slot.lang]
            keyed = [(self._rng.random() ** (1 / self._eagerness(slot, one)), one) for one in known]
            queue.extend(one for _, one in sorted(keyed, key=lambda pair: (pair[0], pair[1].account)))
        return queue.pop()

    def _eagerness(self, slot: Slot, customer: Customer) -> float:
        return _STORY_TIERS[customer.tier] if (slot.label or "").startswith("S-") else 1.0

    def _account(self, customer: Customer, source: str) -> dict[str, Value]:
        if self._rng.random() < _ANONYMOUS.get(source, 0.0):
            return {}
        # A tier that nobody defined is a fact of life, not an error.
        tier = "partner" if self._rng.random() < 0.006 else customer.tier
        return {"account": customer.account, "tier": tier, "mrr": customer.mrr}

    def _circumstances(self, at: datetime, source: str, customer: Customer) -> dict[str, Value]:
        country = customer.country
        fallback = {"en": "en-US", "de": "de-DE", "es": "es-ES"}[customer.lang]
        facts: dict[str, Value] = {"locale": _LOCALES.get(country, fallback), "country": country}
        if source in ("app_store", "intercom"):
            days = (at - EPOCH).days
            facts["app_version"] = [name for name, day in _RELEASES if day <= days][-1]
            facts["device"] = self._rng.choice(_PHONES if source == "app_store" else _PHONES + _BROWSERS)
        if source != "app_store":
            facts["author_role"] = self._rng.choice(_ROLES)
        return facts


def marked_up(text: str) -> str:
    """The plain text as a help desk sends it: one paragraph a line, signs escaped."""
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in text.split("\n"))


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC, whole seconds."""
    return (at - timedelta(microseconds=at.microsecond)).isoformat().replace("+00:00", "Z")

"""A service that finds mentions on social networks: JSON over HTTP, pages by a token, in the order of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.vendors.values import moment
from tests.support.vendors.server import Asked, Said
from tests.support.vendors.world import Lies

Mention = dict[str, Any]

# As in docs/polled-sources.md; tests/unit/connectors/vendors/test_generic.py holds both together.
OPTIONS: dict[str, Any] = {
    "params": {"query": "acme", "changed_since": "{since}"},
    "headers": {"authorization": "Bearer {token}"},
    "records": "data.items",
    "fields": {
        "id": "id",
        "text": "text",
        "author": "author.handle",
        "created_at": "posted",
        "source_updated_at": "changed",
        "language": "lang",
        "source_url": "link",
        "section": "network",
    },
    "constants": {"author_role": "customer", "product": "Acme"},
    "since": {"format": "iso", "overlap_s": 3600},
    "pages": {"style": "token", "param": "cursor", "next": "data.next_cursor"},
    "deleted": {"path": "status", "values": ["removed"]},
    "ascending": True,
    "start": "2026-01-01",
}


def mention(n: int, at: datetime, **changes: Any) -> Mention:
    """The ``n``-th mention."""
    told = {
        "id": f"m{n}",
        "text": f"@acme export {n} fails again",
        "author": {"handle": f"@ada{n}"},
        "network": "mastodon",
        "lang": "en",
        "link": f"https://social.example/m{n}",
        "posted": at.isoformat(),
        "changed": at.isoformat(),
        "status": "visible",
    }
    return told | changes


@dataclass
class SimulatedSocial:
    """Mentions behind an API."""

    mentions: list[Mention]
    size: int = 10
    lies: Lies = field(default_factory=Lies)

    def __call__(self, asked: Asked) -> Said:
        if asked.token != "test-token":
            return Said({"error": "unauthorized"}, 401)
        since = moment(asked.query["changed_since"])
        found = sorted(self.mentions, key=lambda one: (one["changed"], one["id"]))
        found = [one for one in found if since is None or (moment(one["changed"]) or since) >= since]
        offset = int(asked.query.get("cursor", "0"))
        following = self.lies.next(offset, self.size, len(found))
        rows = self.lies.order(found[offset : offset + self.size])
        return Said({"data": {"items": rows, "next_cursor": None if following is None else str(following)}})

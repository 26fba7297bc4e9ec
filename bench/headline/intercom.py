"""A simulated Intercom of many workspaces, for webhooks that tell of its conversations and polls that read them.

A workspace is known by its token. A conversation is there from when its webhook is sent; the search, which reads from
the second that is asked on, and the conversation itself tell exactly what the webhook told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.trackers.server import Asked, Said


def token_of(tenant: str) -> str:
    """The credential of a tenant's workspace."""
    return f"token-{tenant}"


def write_connections(folder: Path, tenants: Sequence[str], secret: bytes, url: str = "") -> Path:
    """A connection file: a workspace at ``url`` for every tenant, all with one secret."""
    (folder / "secret").write_bytes(secret)
    options = {"base_url": url, "allow_private_hosts": ["127.0.0.1"]} if url else {}
    told = []
    for tenant in tenants:
        (folder / f"{tenant}.token").write_text(token_of(tenant), "utf-8")
        told.append(
            {
                "name": f"{tenant}-intercom",
                "vendor": "intercom",
                "tenant": tenant,
                "signing_secret_files": ["secret"],
                "credential_files": {"token": f"{tenant}.token"},
                "options": options,
            }
        )
    file = folder / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": told}), "utf-8")
    return file


@dataclass
class IntercomSite:
    """What it knows, workspace by workspace; ``asked`` counts what it was asked for."""

    rows: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    by_number: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def say(self, tenant: str, conversation: Mapping[str, Any]) -> None:
        """A customer wrote; conversations come in order of their time."""
        token = token_of(tenant)
        self.by_number[token, conversation["id"]] = conversation
        self.rows.setdefault(token, []).append(conversation)

    def answer(self, asked: Asked) -> Said:
        """As a ``Site``."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        path = asked.path.partition("?")[0]
        if path == "/conversations/search":
            self.asked["searches"] += 1
            return Said(200, self._search(token, asked.json()))
        if path == "/conversations/deleted":
            self.asked["deleted"] += 1
            return Said(200, {"conversations": [], "pages": {"page": 1, "total_pages": 1}})
        self.asked["conversations"] += 1
        found = self.by_number.get((token, path.rpartition("/")[2]))
        return Said(404, {}) if found is None else Said(200, found)

    def _search(self, token: str, query: Mapping[str, Any]) -> dict[str, Any]:
        begin = query["query"]["value"][0]["value"]
        size, start = query["pagination"]["per_page"], int(query["pagination"].get("starting_after", 0))
        found = [row for row in self.rows.get(token, ()) if row["updated_at"] > begin]
        after = start + size
        pages = {"type": "pages", "next": {"starting_after": str(after)} if after < len(found) else None}
        listed = [{**row, "conversation_parts": None} for row in found[start:after]]
        return {
            "type": "conversation.list",
            "conversations": listed,
            "pages": pages,
            "total_count": len(found),
        }

"""App Store Connect as it answers: newest first, pages by an opaque link, versions apart, tokens checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt

from tests.support.vendors.clock import NOW
from tests.support.vendors.keys import p256
from tests.support.vendors.server import Asked, Said

PACIFIC = timezone(timedelta(hours=-8))
APP = "1234"
OPTIONS = {
    "apps": {APP: "Acme"},
    "key_id": "K3Y",
    "issuer": "issuer-1",
    "start": "2025-01-01",
    "page_size": 10,
}
Review = dict[str, Any]


def review(n: int, at: datetime, version: str = "4.2", **changes: Any) -> Review:
    """The ``n``-th review of a version; ``reply`` is what the developer answered."""
    attributes = {
        "rating": 2,
        "title": f"Crashes {n}",
        "body": f"Since 4.2 it crashes\non launch {n}",
        "reviewerNickname": f"ada{n}",
        "createdDate": at.astimezone(PACIFIC).isoformat(timespec="seconds"),
        "territory": "USA",
    }
    reply = changes.pop("reply", None)
    return {"id": f"r{n}", "version": version, "at": at, "reply": reply, "attributes": attributes | changes}


def history(count: int, days: int = 100) -> list[Review]:
    """Reviews spread over the days before ``NOW``."""
    return [review(n, NOW - timedelta(days=days * n / count, minutes=1)) for n in range(count)]


@dataclass
class SimulatedAppStore:
    """Reviews behind an API. ``next`` says where the page after ``offset`` begins; ``order`` may shuffle a page."""

    reviews: list[Review]
    left: int = 3000
    now: Callable[[], datetime] | None = None
    order: Callable[[list[Review]], list[Review]] = list
    next: Callable[[int, int, int], int | None] = lambda at, size, total: (
        at + size if at + size < total else None
    )
    forgets: bool = False
    tokens: set[str] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Said:
        headers = {"x-rate-limit": f"user-hour-lim:3500;user-hour-rem:{self.left};"}
        if not self._is_signed(asked.token):
            return Said({"errors": [{"status": "401", "code": "NOT_AUTHORIZED"}]}, 401, headers)
        if asked.path.endswith("/appStoreVersions"):
            return Said({"data": self._versions(), "links": {}}, headers=headers)
        version = asked.path.split("/")[3] if "/appStoreVersions/" in asked.path else None
        found = [one for one in self.reviews if version is None or one["version"] == version]
        return self._page(asked, sorted(found, key=lambda one: (one["at"], one["id"]), reverse=True), headers)

    def _page(self, asked: Asked, found: list[Review], headers: dict[str, str]) -> Said:
        size, cursor = int(asked.query["limit"]), asked.query.get("cursor")
        if cursor and self.forgets:
            return Said({"errors": [{"status": "400", "code": "PARAMETER_ERROR.INVALID"}]}, 400, headers)
        offset = int(cursor or 0)
        rows = self.order(found[offset : offset + size])
        following = self.next(offset, size, len(found))
        links = {"self": "…"}
        if following is not None:
            links["next"] = f"{asked.path}?limit={size}&cursor={following}"
        body = {
            "data": [self._row(one) for one in rows],
            "included": [self._reply(one) for one in rows if one["reply"]],
            "links": links,
            "meta": {"paging": {"total": len(found), "limit": size}},
        }
        return Said(body, headers=headers)

    def _row(self, one: Review) -> dict[str, Any]:
        row = {"type": "customerReviews", "id": one["id"], "attributes": one["attributes"]}
        data = {"type": "customerReviewResponses", "id": f"a-{one['id']}"} if one["reply"] else None
        return row | {"relationships": {"response": {"data": data}}}

    def _reply(self, one: Review) -> dict[str, Any]:
        said = {
            "responseBody": one["reply"],
            "lastModifiedDate": "2026-01-09T00:00:00-08:00",
            "state": "PUBLISHED",
        }
        return {"type": "customerReviewResponses", "id": f"a-{one['id']}", "attributes": said}

    def _versions(self) -> list[dict[str, Any]]:
        names = sorted({one["version"] for one in self.reviews})
        return [
            {"id": name, "attributes": {"versionString": name, "createdDate": f"2025-0{1 + n}-01T00:00:00Z"}}
            for n, name in enumerate(names)
        ]

    def _is_signed(self, token: str) -> bool:
        try:
            told = jwt.decode(
                token,
                p256()[1],
                algorithms=["ES256"],
                audience="appstoreconnect-v1",
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            return False
        self.tokens.add(token)
        alive = self.now is None or told["iat"] <= self.now().timestamp() < told["exp"]
        return alive and told["exp"] - told["iat"] <= 1200

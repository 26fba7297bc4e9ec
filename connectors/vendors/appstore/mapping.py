"""One review of App Store Connect as one utterance: title and body are its text, the developer's reply is context."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.vendors.appstore.territories import country_of
from connectors.vendors.port import Json, Unreadable, Utterance
from connectors.vendors.values import dig, iso_or_none, moment, rating_of, rows_at, said
from connectors.vendors.values import without_none as known
from connectors.vendors.wire import write_json

STARS = 5.0


def replies_of(payload: Json) -> dict[str, Json]:
    """The developer's replies of a page by the id of their review."""
    included = dig(payload, "included")
    replies = {
        str(one.get("id")): one
        for one in (included if isinstance(included, list) else [])
        if isinstance(one, Mapping) and one.get("type") == "customerReviewResponses"
    }
    found = {}
    for review in rows_of(payload):
        reply = replies.get(str(dig(review, "relationships.response.data.id")))
        if reply is not None:
            found[str(dig(review, "id"))] = reply
    return found


def rows_of(payload: Json) -> list[Json]:
    """The rows of a page. Raises ``VendorGarbled``."""
    return rows_at(payload, "data")


def utterance(
    review: Json, reply: Json, version: str | None, product: str | None, changed: datetime | None = None
) -> Utterance | Unreadable:
    """What the reviewer said, of which version of which app; ``changed`` is when a walk noticed it."""
    record, happened = said(dig(review, "id")), moment(dig(review, "attributes.createdDate"))
    title, body = (said(dig(review, f"attributes.{name}")) for name in ("title", "body"))
    text = "\n\n".join(part.strip() for part in (title, body) if part)
    if record is None or happened is None or not text:
        why = "a review without id, date or text"
        return Unreadable(record or "", write_json(review), why)
    stars = rating_of(dig(review, "attributes.rating"), STARS)
    fields = {
        "text": text,
        "author": said(dig(review, "attributes.reviewerNickname")),
        "author_role": "customer",
        "rating": stars,
        "rating_scale": None if stars is None else STARS,
        "country": country_of(said(dig(review, "attributes.territory"))),
        "app_version": version,
        "product": product,
        "context": _context(reply),
        "created_at": happened.isoformat(),
        "source_updated_at": (changed or happened).isoformat(),
    }
    return Utterance(record, known(fields), happened, f"appstore {record}")


def _context(reply: Json) -> list[dict[str, Any]]:
    text = said(dig(reply, "attributes.responseBody"))
    if text is None:
        return []
    at = iso_or_none(dig(reply, "attributes.lastModifiedDate"))
    return [known({"role": "agent", "text": text, "at": at})]

"""G2 as it answers: pages by number, filters in brackets, and reviews that shift under whoever pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.vendors.values import iso, moment
from tests.support.vendors.clock import NOW
from tests.support.vendors.server import Asked, Said
from tests.support.vendors.world import Lies

Review = dict[str, Any]


def review(n: int, at: datetime, **changes: Any) -> Review:
    """The ``n``-th review, submitted and last changed ``at``."""
    answers = {"love": {"value": f"I love part {n}"}, "hate": {"value": f"Export {n} times out"}}
    attributes = {
        "product_name": "Acme",
        "title": f"Solid but slow {n}",
        "star_rating": 3.5,
        "comment_answers": answers,
        "user_name": f"Reviewer {n}",
        "country_name": "France",
        "submitted_at": iso(at),
        "updated_at": iso(at),
    }
    return {"id": str(n), "type": "survey_responses", "attributes": attributes | changes}


def history(count: int, days: int = 400) -> list[Review]:
    """Reviews spread over the days before ``NOW``, the newest first."""
    return [
        review(n, NOW - timedelta(days=days * (count - n) / count, minutes=1)) for n in range(count, 0, -1)
    ]


@dataclass
class SimulatedG2:
    """Reviews behind an API. ``obeys`` filters or ignores them; ``before`` may change ``reviews`` as pages are read."""

    reviews: list[Review]
    header: str = "Token token=k3y"
    obeys: bool = True
    before: Callable[[SimulatedG2, int], None] = lambda _g2, _number: None
    lies: Lies = field(default_factory=Lies)
    pages: int = field(default=0)

    def __call__(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != self.header:
            return Said({"errors": [{"status": "401"}]}, 401)
        self.pages += 1
        self.before(self, self.pages)
        size, number = int(asked.query["page[size]"]), int(asked.query["page[number]"])
        found = [one for one in self.reviews if not self.obeys or self._asked_for(one, asked)]
        following = self.lies.next((number - 1) * size, size, len(found))
        rows = self.lies.order(found[(number - 1) * size : number * size])
        links = {"self": "…"} | ({} if following is None else {"next": f"/?page={following // size + 1}"})
        counts = {"record_count": len(found), "page_count": -(-len(found) // size)}
        return Said({"data": rows, "links": links, "meta": counts})

    def _asked_for(self, one: Review, asked: Asked) -> bool:
        at = moment((one.get("attributes") or {}).get("updated_at"))
        since, until = (moment(asked.query.get(f"filter[updated_at_{which}]")) for which in ("gt", "lt"))
        return at is None or ((since is None or at > since) and (until is None or at < until))

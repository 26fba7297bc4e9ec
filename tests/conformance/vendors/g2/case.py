"""G2 in the suite: every item is what somebody dislikes."""

from __future__ import annotations

from typing import Any

from connectors.vendors.g2 import VENDOR
from connectors.vendors.values import iso
from tests.support.vendors.case import VendorCase
from tests.support.vendors.g2 import SimulatedG2, review
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import START, Item, Lies, World


def reviewed(item: Item) -> dict[str, Any]:
    answers = {"hate": {"text": "What do you dislike?", "value": item.text}, "love": {"value": ""}}
    changed = {"submitted_at": iso(item.said_at), "updated_at": iso(item.changed_at)}
    return review(item.id, item.said_at, comment_answers=answers, **changed)


def simulate(world: World, lies: Lies) -> Answering:
    """Newest first; reviews that are taken down are no longer told of."""

    def answer(asked: Asked) -> Said:
        newest_first = [reviewed(item) for item in reversed(world.changes) if not item.deleted]
        return SimulatedG2(newest_first, lies=lies)(asked)

    return answer


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {
        "url": f"{url}/api/v1/survey-responses",
        "start": START.isoformat(),
        "page_size": 10,
    },
    credentials={"key": "k3y"},
    deletes=False,
    wrong_options=(
        ({"rating_scale": 7}, "rating_scale"),
        ({"auth": "Token"}, "auth"),
        ({"misspelt": 1}, "misspelt"),
    ),
)

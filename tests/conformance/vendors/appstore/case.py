"""App Store Connect in the suite: an edited review keeps its id and its place, a deleted one is no longer told of."""

from __future__ import annotations

from connectors.vendors.appstore import VENDOR
from tests.support.vendors.appstore import OPTIONS, SimulatedAppStore, review
from tests.support.vendors.case import VendorCase
from tests.support.vendors.keys import p256
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import Lies, World


def simulate(world: World, lies: Lies) -> Answering:
    def answer(asked: Asked) -> Said:
        reviews = [review(item.id, item.said_at, title="Slow", body=item.text) for item in world.living]
        return SimulatedAppStore(reviews, order=lies.order, next=lies.next)(asked)

    return answer


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {"url": url, "gone_after_hours": 0, **OPTIONS},
    credentials={"private_key": p256()[0]},
    wrong_options=(({"walk_days": 7}, "walk_days"), ({"apps": {}}, "apps"), ({"misspelt": 1}, "misspelt")),
)

"""Social mentions through the generic poller, in the suite."""

from __future__ import annotations

from connectors.vendors.social import VENDOR
from tests.support.vendors.case import VendorCase
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.social import OPTIONS, SimulatedSocial, mention
from tests.support.vendors.world import Item, Lies, World


def mentioned(item: Item) -> dict[str, object]:
    status = "removed" if item.deleted else "visible"
    return mention(item.id, item.said_at, text=item.text, changed=item.changed_at.isoformat(), status=status)


def simulate(world: World, lies: Lies) -> Answering:
    def answer(asked: Asked) -> Said:
        return SimulatedSocial([mentioned(item) for item in world.items.values()], lies=lies)(asked)

    return answer


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {"url": f"{url}/v1/mentions", **OPTIONS},
    wrong_options=(
        ({"fields": {"id": "id"}}, "text"),
        ({"fields": {"id": "id", "text": "t", "mood": "m"}}, "mood"),
        ({"pages": {"style": "token"}}, "next"),
        ({"misspelt": 1}, "misspelt"),
    ),
)

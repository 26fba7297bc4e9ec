"""Typeform in the suite: two forms, their responses and webhooks, from a world."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.vendors.typeform import VENDOR
from tests.support.vendors.case import TOKEN, VendorCase, Webhooks
from tests.support.vendors.server import Answering, Asked, Said
from tests.support.vendors.world import START, Item, Lies, World

FORMS = ("g8hcyeXS", "other")

FIELDS = [
    {
        "id": "M8",
        "ref": "q_nps",
        "title": "How likely…?",
        "type": "opinion_scale",
        "properties": {"steps": 11},
    },
    {
        "id": "G1",
        "ref": "group",
        "title": "More",
        "type": "group",
        "properties": {"fields": [{"id": "N9", "ref": "q_why", "title": "Why?", "type": "long_text"}]},
    },
]


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def form_of(item: Item) -> str:
    return FORMS[item.id % 2]


def response(item: Item) -> dict[str, Any]:
    """Of the same token in both forms: tokens are unique in a form alone."""
    token = f"tok{item.id // 2}"
    return {
        "response_id": token,
        "token": token,
        "landed_at": stamp(item.said_at),
        "submitted_at": stamp(item.said_at),
        "hidden": {"user_id": f"u_{item.id % 5}", "plan": "enterprise"},
        "calculated": {"score": 0},
        "answers": [
            {
                "type": "number",
                "number": item.id % 11,
                "field": {"id": "M8", "type": "opinion_scale", "ref": "q_nps"},
            },
            {"type": "text", "text": item.text, "field": {"id": "N9", "type": "long_text", "ref": "q_why"}},
            {
                "type": "hologram",
                "hologram": {"beam": 1},
                "field": {"id": "Z", "type": "hologram", "ref": "q_z"},
            },
        ],
    }


class Simulation:
    """What Typeform answers: the newest first, ``before`` a token and without it."""

    def __init__(self, world: World, lies: Lies) -> None:
        self.world, self.lies = world, lies

    def __call__(self, asked: Asked) -> Said:
        if asked.token != TOKEN:
            return Said({"code": "AUTHENTICATION_FAILED"}, 403 if not asked.token else 401)
        form = asked.path.split("/")[2]
        if form not in FORMS:
            return Said({"code": "FORM_NOT_FOUND"}, 404)
        if asked.path == f"/forms/{form}":
            return Said({"id": form, "title": "NPS", "fields": FIELDS})
        return self._responses(form, asked.query)

    def _responses(self, form: str, query: Mapping[str, str]) -> Said:
        assert "sort" not in query
        found = [one for one in reversed(self.world.changes) if form_of(one) == form]
        tokens = [response(one)["token"] for one in found]
        size, before = int(query["page_size"]), query.get("before")
        if before is not None and before not in tokens:
            return Said({"code": "VALIDATION_ERROR"}, 400)
        offset = self.lies.served(tokens.index(before) + 1 if before else 0, size, len(found))
        rows = self.lies.order([response(one) for one in found[offset : offset + size]])
        return Said({"total_items": len(found), "page_count": -(-len(found) // size), "items": rows})


def simulate(world: World, lies: Lies) -> Answering:
    return Simulation(world, lies)


def signed(secret: bytes, body: bytes, _at: datetime) -> Mapping[str, str]:
    digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    return {"Typeform-Signature": f"sha256={digest}"}


def event(item: Item, _at: datetime) -> bytes:
    told = {key: value for key, value in response(item).items() if key != "response_id"}
    return orjson.dumps(
        {
            "event_id": f"01EK4R5P{item.id}.{item.version}",
            "event_type": "form_response",
            "form_response": {
                "form_id": form_of(item),
                **told,
                "definition": {"id": form_of(item), "fields": FIELDS},
            },
        }
    )


CASE = VendorCase(
    vendor=VENDOR,
    simulate=simulate,
    options=lambda url: {
        "base_url": url,
        "forms": list(FORMS),
        "page_size": 10,
        "start": START.astimezone(UTC).date().isoformat(),
        "hidden": {"author": "user_id", "tier": "plan"},
    },
    webhooks=Webhooks(
        headers=signed,
        body=event,
        vector={"Typeform-Signature": "sha256=wL2OTeNTVbEefpjVO7DQEic2ygXFjrnBOKLfokclrG0="},
    ),
    edits=False,
    deletes=False,
    wrong_options=(
        ({"forms": []}, "forms"),
        ({"region": "mars"}, "region"),
        ({"hidden": {"shoe": "x"}}, "hidden"),
    ),
)

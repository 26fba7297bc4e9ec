"""``POST /v1/feedback``: one item or a batch; 202 when all that was accepted is durable."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from pydantic import ValidationError

from api.access import KEY_REFUSALS, key_with, later, shown_key
from api.bodies import MOST_ITEMS, FeedbackItem, FeedbackTaken, Problem, Rejected
from api.requests import BODY_REFUSALS, check_signature, read_body, read_json
from connectors.store.keys import ApiKey
from contracts.errors import PipelineError, RejectItem, RetryLater
from contracts.unfit import every_unfit
from wiring.edge.feedback import FeedbackDesk, Item
from wiring.edge.keys import Keyring

_REFUSALS = {
    **BODY_REFUSALS,
    **KEY_REFUSALS,
    422: {
        "model": FeedbackTaken | Problem,
        "description": "No item fits; or the Idempotency-Key came with another body.",
    },
}

_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/FeedbackItem"},
                    {"$ref": "#/components/schemas/FeedbackBatch"},
                ]
            }
        }
    },
}


def feedback_router(desk: FeedbackDesk, keyring: Keyring) -> APIRouter:
    """The routes of feedback."""
    router = APIRouter(prefix="/v1", tags=["feedback"])
    holder = Depends(key_with(keyring, "feedback:write"))

    @router.post(
        "/feedback",
        status_code=202,
        response_model=FeedbackTaken,
        responses=_REFUSALS,
        openapi_extra={"requestBody": _BODY},
    )
    async def feedback(
        request: Request,
        response: Response,
        key: ApiKey = holder,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
        x_signature: Annotated[str | None, Header(max_length=200)] = None,
    ) -> FeedbackTaken:
        """Take one item, or up to 500 in `items`. Every item that fits is accepted, whatever the others are."""
        body = await read_body(request)
        check_signature(x_signature, shown_key(request), body, desk.now())
        told = _items_of(read_json(request, body))
        items, rejected = _checked(told, desk, idempotency_key)
        try:
            taken = await desk.take(key.tenant, items, idempotency_key)
        except RejectItem as exc:
            raise HTTPException(422, str(exc)) from None
        except RetryLater as exc:
            raise later(exc) from None
        except PipelineError as exc:
            raise later(RetryLater(str(exc), retry_after_s=60.0)) from None
        if rejected and not items:
            response.status_code = 422
        return FeedbackTaken(accepted=taken.accepted, duplicates=taken.duplicates, rejected=rejected)

    return router


def _items_of(told: Any) -> list[Any]:
    """The items of a batch, or the one that was sent alone. Refuses (400, 413)."""
    if not isinstance(told, dict):
        raise HTTPException(400, "send an item, or a batch in items")
    if "items" not in told:
        return [told]
    items = told["items"]
    if told.keys() != {"items"} or not isinstance(items, list) or not items:
        raise HTTPException(400, "a batch is an object with items alone: a list of at least one")
    if len(items) > MOST_ITEMS:
        raise HTTPException(413, f"{len(items)} items; send at most {MOST_ITEMS} at once")
    return items


def _checked(
    told: list[Any], desk: FeedbackDesk, idempotency_key: str | None
) -> tuple[list[Item], list[Rejected]]:
    items, rejected = [], []
    for index, one in enumerate(told):
        try:
            item = FeedbackItem.model_validate(one)
        except ValidationError as exc:
            rejected += [Rejected(index=index, field=each.field, error=each.why) for each in every_unfit(exc)]
            continue
        if item.external_id is None and idempotency_key is None:
            missing = "give one, or send an Idempotency-Key, so that a repeat is known"
            rejected.append(Rejected(index=index, field="external_id", error=missing))
            continue
        happened_at = item.created_at or desk.now()
        items.append(Item(index, item.source, item.external_id, item.body(), happened_at))
    return items, rejected

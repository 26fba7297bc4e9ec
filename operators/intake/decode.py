"""Turn the bytes of a delivery into a feedback body, or say what is wrong with them and where."""

from __future__ import annotations

import orjson
from pydantic import ValidationError

from contracts.errors import RejectItem
from contracts.feedback import FeedbackBody
from contracts.unfit import first_unfit
from models.markup.plain import plain_text


def decode_body(raw: bytes, unreadable: str | None = None) -> FeedbackBody:
    """The body of one delivery, its text turned from HTML to plain text.

    ``unreadable`` is why the connector could make no record of ``raw``; it becomes the reason ``unreadable``.
    Else raises ``RejectItem`` with reason ``decode`` (not JSON, not UTF-8), ``not_an_object`` or ``invalid``
    (``field`` names the culprit). Messages never hold content.
    """
    if unreadable:
        raise RejectItem(unreadable, reason="unreadable")
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise RejectItem(f"not valid JSON in UTF-8: {exc.msg} at {exc.pos}", reason="decode") from None
    if not isinstance(fields, dict):
        raise RejectItem("a feedback record is a JSON object", reason="not_an_object")
    try:
        body = FeedbackBody.model_validate(fields)
    except ValidationError as exc:
        unfit = first_unfit(exc)
        raise RejectItem(f"{unfit.field}: {unfit.why}", reason="invalid", field=unfit.field) from None
    text = plain_text(body.text)
    if not text.strip():
        raise RejectItem("text: nothing is left of it without its markup", reason="invalid", field="text")
    return body.model_copy(update={"text": text})

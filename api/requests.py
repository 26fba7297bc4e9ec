"""What every route asks of a request before it looks at it: its size, its encoding, its signature, its JSON."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from datetime import datetime
from typing import Any

import orjson
from fastapi import HTTPException, Request

from api.bodies import Problem

MOST_BODY_BYTES = 8 << 20
"""500 items of ordinary length, with much room."""

BODY_WITHIN_S = 20.0
SIGNED_WITHIN_S = 300

_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


BODY_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not JSON, or not what is asked for."},
    408: {"model": Problem, "description": "The body came too slowly."},
    413: {"model": Problem, "description": "Too much at once."},
    415: {"model": Problem, "description": "Not application/json, or compressed."},
}
"""What a route that reads JSON may answer, for the OpenAPI document."""


def refuse_packed(request: Request) -> None:
    """Refuse (415) a body that is compressed on its way: nobody here unpacks it."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "send the body without Content-Encoding")


async def read_body(request: Request) -> bytes:
    """The body's own bytes. Refuses (413, 415, 408) what is too large, compressed or too slow."""
    refuse_packed(request)
    pieces, size = [], 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for piece in request.stream():
                size += len(piece)
                if size > MOST_BODY_BYTES:
                    raise HTTPException(413, f"more than {MOST_BODY_BYTES} bytes; send less at once")
                pieces.append(piece)
    except TimeoutError:
        raise HTTPException(408, "the body came too slowly") from None
    return b"".join(pieces)


def check_signature(header: str | None, key: str, body: bytes, now: datetime) -> None:
    """Refuse (401) a signature that is wrong or older than five minutes; a request need not have one.

    ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`` under the whole API key.
    """
    if header is None:
        return
    found = _SIGNATURE.fullmatch(header)
    if found is None:
        raise HTTPException(401, "X-Signature: write t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>")
    made = hmac.new(key.encode(), found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, found[2]):
        raise HTTPException(401, "X-Signature does not fit this body")
    if abs(now.timestamp() - int(found[1])) > SIGNED_WITHIN_S:
        raise HTTPException(401, f"X-Signature is not of the last {SIGNED_WITHIN_S} seconds")


def read_json(request: Request, body: bytes) -> Any:
    """What the body says. Refuses (415, 400) what is no JSON in UTF-8."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "send application/json")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise HTTPException(400, f"not JSON in UTF-8: {exc.msg} at {exc.pos}") from None

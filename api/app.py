"""The HTTP service: feedback in, uploads in, and whether it is of use. No page of it needs anything from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.requests import ClientDisconnect

from api.access import tenant_with
from api.bodies import FeedbackBatch
from api.feedback import feedback_router
from api.uploads import uploads_router
from contracts.unfit import Unfit
from wiring.bulk.desk import UploadDesk
from wiring.edge.feedback import FeedbackDesk
from wiring.edge.keys import Keyring

TITLE = "Undercurrent"
VERSION = "1.0"


def make_api(desk: FeedbackDesk, keyring: Keyring, uploads: UploadDesk | None = None) -> FastAPI:
    """The service; without ``uploads`` there are no routes for files."""
    app = FastAPI(title=TITLE, version=VERSION, docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    app.include_router(feedback_router(desk, keyring))
    if uploads is not None:
        app.include_router(uploads_router(uploads, tenant_with(keyring, "uploads:write")))
    _probes(app, desk)
    app.exception_handler(RequestValidationError)(_unfit)
    app.exception_handler(ClientDisconnect)(_left)
    app.middleware("http")(_guarded)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _probes(app: FastAPI, desk: FeedbackDesk) -> None:
    @app.get("/livez", response_class=PlainTextResponse, tags=["probes"])
    async def livez() -> str:
        """Whether the process is alive."""
        return "ok\n"

    @app.get(
        "/readyz",
        response_class=PlainTextResponse,
        tags=["probes"],
        responses={503: {"description": "Not now."}},
    )
    async def readyz() -> str:
        """Whether the last thing that came in could be made durable."""
        if desk.gate.trouble:
            raise HTTPException(503, "the journal does not take records", headers={"Retry-After": "5"})
        return "ok\n"


async def _unfit(_request: Request, exc: RequestValidationError) -> Response:
    """A header or parameter that does not fit, in the words of every other refusal, without what was sent."""
    first = exc.errors()[0]
    return JSONResponse({"detail": Unfit(first["loc"], first["msg"]).told("the request")}, status_code=422)


async def _left(_request: Request, _exc: ClientDisconnect) -> Response:
    """Who hangs up in the middle of a body reads no answer, and is no fault of ours that a log has to tell of."""
    return Response(status_code=400)


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the batch that a route reads by itself."""
    if app.openapi_schema is None:
        told = get_openapi(title=app.title, version=app.version, routes=app.routes)
        batch = FeedbackBatch.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = told.setdefault("components", {}).setdefault("schemas", {})
        schemas |= batch.pop("$defs", {})
        schemas["FeedbackBatch"] = batch
        app.openapi_schema = told
    return app.openapi_schema

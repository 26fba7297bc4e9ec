"""Whose request it is: a Bearer key with a scope, as a dependency of routes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.bodies import Problem
from connectors.store.keys import ApiKey
from contracts.errors import QuotaExceeded, RetryLater
from wiring.edge.keys import KeyRefused, Keyring, Scope

bearer = HTTPBearer(auto_error=False, description="An API key: `undercurrent keys create`.")

Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


KEY_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No key that opens this, or a signature that does not fit."},
    403: {"model": Problem, "description": "The key lacks the scope."},
    429: {"model": Problem, "description": "Slow down; Retry-After says for how long."},
    503: {
        "model": Problem,
        "description": "Nothing can be made durable now; Retry-After says when to come again.",
    },
}
"""What a route with a key may answer, for the OpenAPI document."""


def later(exc: RetryLater) -> HTTPException:
    """The answer to who has to come again: 429 for one who sends too much, else 503."""
    status = 429 if isinstance(exc, QuotaExceeded) else 503
    said = str(exc) if isinstance(exc, QuotaExceeded) else "nothing can be made durable at the moment"
    return HTTPException(status, said, headers={"Retry-After": str(max(1, math.ceil(exc.retry_after_s)))})


def key_with(keyring: Keyring, scope: Scope) -> Callable[..., object]:
    """The dependency that gives the request's key. Refuses (401, 403, 429, 503)."""

    async def holder(shown: Shown) -> ApiKey:
        if shown is None:
            raise _unknown("show an API key: Authorization: Bearer uc_…")
        try:
            return await run_in_threadpool(keyring.holder, shown.credentials, scope)
        except KeyRefused as exc:
            if exc.status == 403:
                raise HTTPException(403, str(exc)) from None
            raise _unknown(str(exc)) from None
        except RetryLater as exc:
            raise later(exc) from None

    return holder


def tenant_with(keyring: Keyring, scope: Scope) -> Callable[..., object]:
    """The dependency that gives the tenant of the request's key."""
    # As a default: an annotation is read where names of this function are not known.
    holder = Depends(key_with(keyring, scope))

    async def tenant(key: ApiKey = holder) -> str:
        return key.tenant

    return tenant


def shown_key(request: Request) -> str:
    """The key as it was sent; for signatures, once it is known to open the route."""
    return request.headers["authorization"].partition(" ")[2].strip()


def _unknown(said: str) -> HTTPException:
    return HTTPException(401, said, headers={"WWW-Authenticate": "Bearer"})

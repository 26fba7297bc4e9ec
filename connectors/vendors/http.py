"""One connection's HTTP client: everything that a vendor's connector sends goes through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError`` where it is something else, such as a page of HTML."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class VendorHttp:
    """Sends requests to one vendor."""

    client: httpx.AsyncClient

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to one request."""
        content = None if json is None else orjson.dumps(json)
        told = dict(headers or {}) | ({} if content is None else {"content-type": "application/json"})
        answer = await self.client.request(
            method, url, params=None if params is None else dict(params), content=content, headers=told
        )
        return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)

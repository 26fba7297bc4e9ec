"""The HTTP interface under schemathesis: whatever is sent, no crash, and nothing that the document does not say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis import Case

from tests.support.api import Service, serving
from wiring.edge.quotas import Quota


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("api"), Quota(live_per_s=10_000, most_per_s=100_000)) as opened:
        yield opened


def test_every_answer_is_one_that_the_document_tells_of(service: Service) -> None:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", service.app)
    number, key = count(), service.make_key("acme", "feedback:write", "uploads:write")

    for operation in (found.ok() for found in schema.get_all_operations()):

        @given(case=operation.as_strategy())
        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        def check(case: Case) -> None:
            # A key of its own for each: without one an item needs an external_id, which no schema can say.
            told = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"k{next(number)}"}
            case.call_and_validate(headers=told)

        check()
    assert next(number) > 60


def test_the_document_tells_of_every_route_and_of_no_other(service: Service) -> None:
    described = service.client.get("/v1/openapi.json").json()
    routes = {one.path for one in _routes(service.app.routes) if isinstance(one, APIRoute)}
    uploads = {"/v1/uploads", "/v1/uploads/{upload_id}", "/v1/uploads/{upload_id}/content"}
    assert set(described["paths"]) == routes == {"/v1/feedback", "/livez", "/readyz", *uploads}
    assert {"FeedbackItem", "FeedbackBatch"} <= set(described["components"]["schemas"])


def _routes(given: Iterable[Any]) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for one in given:
        yield one
        yield from _routes(getattr(getattr(one, "original_router", None), "routes", ()))


def test_pages_that_nobody_asked_for_are_not_there(service: Service) -> None:
    told = [service.client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json", "/")]
    assert told == [404] * 4
    assert service.client.get("/livez").headers["x-content-type-options"] == "nosniff"

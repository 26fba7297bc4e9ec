"""What is sent to trackers, and what their answers mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.outgoing import Clients, Limited, NotReached, Refused, Sender, Unauthorised, Unsure
from connectors.trackers.adf import adf, plain_text
from connectors.trackers.linear import LinearPlace, LinearTracker
from connectors.trackers.port import Draft, Issue, v4_shaped
from tests.support.trackers.linear import TEAM, TOKEN, LinearSite
from tests.support.trackers.server import ANSWERS_S, Asked, Said, Scripted

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DRAFT = Draft("c723c24b-5c71-4524-bc29-9010b4c13748", "acme|t|1", "Title", "Text", 2)


class Always:
    """One answer to everything."""

    def __init__(self, said: Said) -> None:
        self.said = said

    def answer(self, _asked: Asked) -> Said:
        return self.said


def ask(
    site: Any, work: Callable[[LinearTracker], Awaitable[Any]], scheme: str = "auto", token: str = TOKEN
) -> Any:
    async def asking(url: str) -> Any:
        clients = Clients(ANSWERS_S)
        tracker = LinearTracker(
            clients.sender("lin"), LinearPlace(TEAM, url=url), lambda: token, scheme, lambda: NOW
        )
        try:
            return await work(tracker)
        finally:
            await clients.aclose()

    with Scripted(site).running() as server:
        return asyncio.run(asking(server.url))


def problem(code: str, message: str = "no", status: int = 200, **headers: str) -> Said:
    return Said(status, {"errors": [{"message": message, "extensions": {"code": code}}]}, headers)


def test_an_id_is_the_published_example() -> None:
    assert v4_shaped("issue:tenant-1:cluster-42") == DRAFT.id


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (problem("RATELIMITED", status=400), Limited),
        (Said(429, {}), Limited),
        (problem("AUTHENTICATION_ERROR", status=400), Unauthorised),
        (Said(401, {}), Unauthorised),
        (problem("INTERNAL_SERVER_ERROR"), Unsure),
        (Said(502, "<html>"), Unsure),
        (Said(200, "<html>a proxy's page</html>"), Unsure),
        (problem("INPUT_ERROR", "title must be shorter", 400), Refused),
        (Said(200, {"data": None}), Refused),
    ],
)
def test_an_answer_means_the_same_with_any_status(said: Said, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        ask(Always(said), lambda tracker: tracker.create(DRAFT))
    assert "title must" not in str(caught.value)


def test_a_limit_without_a_wait_ends_with_its_window() -> None:
    resets = {"X-RateLimit-Requests-Reset": str(int((NOW.timestamp() + 90) * 1000))}
    with pytest.raises(Limited) as caught:
        ask(Always(problem("RATELIMITED", status=400, **resets)), lambda tracker: tracker.create(DRAFT))
    assert caught.value.retry_after_s == 90


@pytest.mark.parametrize(
    ("scheme", "token", "sent"),
    [
        ("auto", "lin_api_x", "lin_api_x"),
        ("auto", "lin_oauth_x", "Bearer lin_oauth_x"),
        ("bearer", "lin_api_x", "Bearer lin_api_x"),
        ("key", "old", "old"),
    ],
)
def test_a_personal_key_goes_without_bearer(scheme: str, token: str, sent: str) -> None:
    site = LinearSite(token=sent.removeprefix("Bearer "))
    site.answer = lambda asked: Said(200, {"data": {"issue": {"id": asked.headers["authorization"]}}})  # type: ignore[method-assign]
    found = ask(site, lambda tracker: tracker.read("i"), scheme, token)
    assert found.id == sent


@pytest.mark.parametrize(("told", "rank"), [(0, 5), (1, 1), (4, 4), (None, None)])
def test_no_priority_ranks_below_the_lowest(told: int | None, rank: int | None) -> None:
    tracker = LinearTracker(Sender(None, "lin"), LinearPlace(TEAM), str)  # type: ignore[arg-type]
    assert tracker.rank(Issue("i", "k", "u", fields={"priority": told})) == rank


def test_nothing_was_sent_where_nobody_listens() -> None:
    async def asking() -> None:
        clients = Clients(ANSWERS_S)
        try:
            await clients.sender("lin").send("GET", "http://127.0.0.1:9/")
        finally:
            await clients.aclose()

    with pytest.raises(NotReached):
        asyncio.run(asking())


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("content", ()):
        yield from nodes(part)


MARKDOWN = """**Why now.** It \\*rose\\*.

| window | impact |
| --- | --- |
| 24h |  |

> It hurts \\<b\\>
>
> — zendesk, [open at the source](<https://desk.test/1>)

Item `i1`; ![x](https://evil.test/p.png) <b>html</b>

- one
- two
"""


def test_our_markdown_is_a_document_without_empty_text() -> None:
    made = adf(MARKDOWN)
    kinds = {node["type"] for node in nodes(made)}
    assert {"table", "tableHeader", "tableCell", "blockquote", "bulletList", "listItem"} <= kinds
    assert all(node["text"] for node in nodes(made) if node["type"] == "text")
    assert "It *rose*." in plain_text(made)
    (link,) = [node["marks"][0] for node in nodes(made) if node.get("text") == "open at the source"]
    assert link == {"type": "link", "attrs": {"href": "https://desk.test/1"}}


@pytest.mark.parametrize("text", ["", "   ", "a" * 40_000, "[]()", "**", "<script>"])
def test_any_text_is_a_document(text: str) -> None:
    made = adf(text)
    assert made["content"]
    assert all(node.get("text", "x") for node in nodes(made))

"""Every way in which a Qdrant server or the way to it fails becomes one error of ours, and patience has an end."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import httpx
import pytest
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from connectors.qdrant.client import Patience, Server, ours
from contracts.errors import PipelineError, RecoveryRefused, RetryLater, StopWorker


def answered(status: int, said: bytes = b"{}") -> UnexpectedResponse:
    return UnexpectedResponse(status, "", said, httpx.Headers())


class Rpc(grpc.RpcError):
    """What the channel raises."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "said so"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ResponseHandlingException(httpx.ConnectError("refused")), RetryLater),
        (ResponseHandlingException(httpx.ReadTimeout("slow")), RetryLater),
        (ResponseHandlingException(httpx.RemoteProtocolError("cut")), RetryLater),
        (ResponseHandlingException(ValueError("not what the client can read")), StopWorker),
        (ResourceExhaustedResponse("busy", 7), RetryLater),
        *((answered(status), RetryLater) for status in (408, 429, 500, 502, 503, 504)),
        *((answered(status), StopWorker) for status in (400, 401, 403, 404, 409, 413)),
        (Rpc(grpc.StatusCode.UNAVAILABLE), RetryLater),
        (Rpc(grpc.StatusCode.DEADLINE_EXCEEDED), RetryLater),
        (Rpc(grpc.StatusCode.INVALID_ARGUMENT), StopWorker),
        (Rpc(grpc.StatusCode.PERMISSION_DENIED), StopWorker),
        (ValueError("local mode"), StopWorker),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_each_failure_becomes_one_of_ours(raised: Exception, expected: type[PipelineError]) -> None:
    assert type(ours(raised, "doing")) is expected


@pytest.mark.parametrize("raised", [answered(401), answered(403), Rpc(grpc.StatusCode.UNAUTHENTICATED)])
def test_a_refused_key_names_its_setting(raised: Exception) -> None:
    assert "UNDERCURRENT_QDRANT_API_KEY" in str(ours(raised, "doing"))


def test_what_the_server_says_is_in_the_message() -> None:
    error = ours(answered(400, b'{"status":{"error":"Vector dimension error: expected dim: 4"}}'), "writing")
    assert str(error).startswith("writing: 400")
    assert "expected dim: 4" in str(error)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)
        self.now += wait_s


def asking(clock: Clock, patience: Patience) -> Server:
    return Server(QdrantClient(":memory:"), "it", patience, clock=lambda: clock.now, sleep=clock.sleep)


def failing(times: int) -> Callable[[QdrantClient], str]:
    left = [times]

    def call(_client: QdrantClient) -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise answered(503)
        return "done"

    return call


def test_waits_are_doubled_up_to_the_longest() -> None:
    clock = Clock()
    patience = Patience(retry_for_s=100, first_wait_s=1, longest_wait_s=5)
    assert asking(clock, patience).ask("x", failing(5)) == "done"
    assert clock.slept == [1, 2, 4, 5, 5]


def test_all_attempts_end_within_their_time() -> None:
    clock = Clock()
    with pytest.raises(RetryLater, match="it: x: 503"):
        asking(clock, Patience(retry_for_s=10, first_wait_s=1, longest_wait_s=5)).ask("x", failing(1000))
    assert clock.now <= 10


def test_without_retries_the_first_failure_is_the_answer() -> None:
    clock = Clock()
    with pytest.raises(RetryLater):
        asking(clock, Patience()).ask("x", failing(1), retry=False)
    assert clock.slept == []


def test_what_no_retry_changes_is_not_tried_again() -> None:
    clock = Clock()
    with pytest.raises(StopWorker):
        asking(clock, Patience()).ask("x", lambda client: client.count("nowhere"))
    assert clock.slept == []


@pytest.mark.parametrize(
    ("told", "fits"), [("1.16.0", True), ("1.20.1-dev", True), ("2.0.0", True), ("1.9.9", False)]
)
def test_versions_are_compared_as_numbers(told: str, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    server = asking(Clock(), Patience())
    monkeypatch.setattr(server, "ask", lambda *_args, **_kwargs: type("Told", (), {"version": told}))
    if fits:
        server.check_version()
    else:
        with pytest.raises(RecoveryRefused, match=r"run 1\.16 or later"):
            server.check_version()

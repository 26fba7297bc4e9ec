"""No exception of an SDK leaves its connector: the map is complete, for both vendors' trees."""

from __future__ import annotations

import anthropic
import httpx2
import openai
import pytest

from connectors.llm.errors import Declined, Whom, ours, translated
from connectors.waits import retry_after_s
from models.llm.errors import Busy, Misconfigured, ProviderFailed, Unreadable

WHOM = Whom("openai", "model-1", "UNDERCURRENT_OPENAI")
REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1")


def tree(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(below for child in root.__subclasses__() for below in tree(child))]


def raised(kind: type[Exception], status: int) -> Exception:
    """One of the SDK's, as it would be with a status; made without its constructor, of which there are many."""
    error = kind.__new__(kind)
    if hasattr(kind, "status_code") or "Status" in kind.__name__:
        error.status_code = getattr(kind, "status_code", status)  # type: ignore[attr-defined]
        error.response = httpx2.Response(error.status_code, request=REQUEST)  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "kind", [*tree(openai.OpenAIError), *tree(anthropic.AnthropicError)], ids=lambda kind: kind.__name__
)
def test_whatever_an_sdk_raises_is_one_of_ours(kind: type[Exception]) -> None:
    root = openai.OpenAIError if issubclass(kind, openai.OpenAIError) else anthropic.AnthropicError
    with pytest.raises(ProviderFailed), translated(WHOM, root):
        raise raised(kind, 418)


@pytest.mark.parametrize("status", [*range(300, 305), 307, *range(400, 430), 451, 499, *range(500, 530)])
def test_every_status_says_what_to_do(status: int) -> None:
    response = httpx2.Response(status, request=REQUEST)
    error = ours(openai.APIStatusError("no", response=response, body=None), WHOM)
    assert isinstance(error, ProviderFailed)
    assert error.status == status
    assert isinstance(error, Busy) == (status in (408, 409, 425, 429, 499) or status >= 500)


def test_what_an_sdk_does_not_take_is_misconfigured() -> None:
    for exc in (TypeError("no such argument"), ValueError("no such format"), httpx2.InvalidURL("no")):
        with (
            pytest.raises(Misconfigured, match="UNDERCURRENT_OPENAI_URL"),
            translated(WHOM, openai.OpenAIError),
        ):
            raise exc


def test_an_error_of_ours_from_below_the_sdk_comes_through() -> None:
    below = Unreadable("2 MB", provider="openai")
    above = openai.APIConnectionError(request=REQUEST)
    above.__cause__ = below
    assert ours(above, WHOM) is below


def test_a_code_that_could_be_prose_is_not_repeated() -> None:
    response = httpx2.Response(400, request=REQUEST)
    exc = openai.APIStatusError("no", response=response, body={"code": "my card 4111", "type": "bad_request"})
    error = ours(exc, WHOM)
    assert not isinstance(error, Declined)
    assert "4111" not in str(error)
    assert "bad_request" in str(error)


def test_a_date_to_retry_after_is_held_against_the_answers_own_date() -> None:
    headers = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:30:30 GMT"}
    assert retry_after_s(headers) == 150.0
    assert retry_after_s({"retry-after": headers["retry-after"]}) is None

"""What the SDKs raise, as our errors; both vendors' SDKs have the same shape, so one map serves both.

A vendor's message may repeat what it was sent, and a part of the key: of what it says, only its short codes go on,
and its exception is not chained.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx2

from connectors.llm.http import CA_FILE
from connectors.waits import retry_after_s
from models.llm.errors import Busy, Misconfigured, OutOfQuota, ProviderFailed, Rejected, Unreadable

PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        499,  # nginx: the caller hung up
    }
)
"""Statuses below 500 that pass by themselves."""

UNPAID = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"}
)
"""Codes that say a person must pay, whatever the status."""

TOO_MUCH = frozenset(
    {"context_length_exceeded", "exceed_context_size_error", "string_above_max_length", "request_too_large"}
)
"""Codes that say this call is too long for the model."""

UNWANTED = frozenset({"content_filter", "content_policy_violation", "invalid_prompt", "bio_policy"})
"""Codes by which a vendor declines to answer: a refusal."""

_TOO_LONG = re.compile(r"too long|context (length|size|window)|maximum context", re.IGNORECASE)
_CODE = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,59}\Z")
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Declined(Exception):
    """The vendor declined by an error; connectors make it a refused ``Reply``."""

    def __init__(self, request_id: str) -> None:
        super().__init__("declined")
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom an error is about: the provider's name, the model asked for, and how its settings begin."""

    provider: str
    model: str
    variables: str


@contextmanager
def translated(whom: Whom, root: type[Exception]) -> Iterator[None]:
    """Turn what an SDK raises (``root`` is its base class) into an error of ours.

    Raises ``ProviderFailed``, and ``Declined`` for a refusal that comes as an error.
    """
    try:
        yield
    except ProviderFailed:
        raise
    except root as exc:
        raise ours(exc, whom) from None
    except UnicodeError:
        raise Rejected("cannot be sent text that is no Unicode", provider=whom.provider) from None
    # What the SDKs raise before they send: an argument or an address that they do not take.
    except (TypeError, ValueError, httpx2.InvalidURL) as exc:
        raise Misconfigured(
            f"cannot be asked this way ({type(exc).__name__}); set {whom.variables}_URL and _MODEL",
            provider=whom.provider,
        ) from None


def ours(exc: Exception, whom: Whom) -> ProviderFailed | Declined:
    """The error of ours that says what the caller must do about ``exc``."""
    cause = exc.__cause__
    if isinstance(cause, ProviderFailed):
        return cause
    status = getattr(exc, "status_code", None)
    if status is None:
        return _unanswered(exc, cause, whom)
    response: httpx2.Response = exc.response  # type: ignore[attr-defined]  # every error with a status has one
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return Unreadable(
            "answered in another form", provider=whom.provider, status=status, maybe_billed=True
        )
    return _refused_by_status(exc, int(status), response, whom)


def _unanswered(exc: Exception, cause: BaseException | None, whom: Whom) -> ProviderFailed:
    if cause is None and not hasattr(exc, "request"):
        return Unreadable(
            f"the SDK gave up ({type(exc).__name__})", provider=whom.provider, maybe_billed=True
        )
    if isinstance(cause, httpx2.UnsupportedProtocol):
        return Misconfigured(f"has no usable address; set {whom.variables}_URL", provider=whom.provider)
    if _is_untrusted(exc):
        return Misconfigured(
            f"shows a certificate that is not trusted; set {CA_FILE}", provider=whom.provider
        )
    told = type(cause or exc).__name__
    sent = not isinstance(cause, _NOT_SENT)
    return Busy(f"no answer ({told})", provider=whom.provider, maybe_billed=sent)


def _is_untrusted(exc: BaseException) -> bool:
    """Whether a certificate is what an error began with."""
    below: BaseException | None = exc
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return True
        below = below.__cause__ or below.__context__
    return False


def _refused_by_status(
    exc: Exception, status: int, response: httpx2.Response, whom: Whom
) -> ProviderFailed | Declined:
    codes = _codes(exc)
    request_id = request_id_in(response.headers)
    about: dict[str, Any] = {"provider": whom.provider, "status": status, "request_id": request_id}
    told = ", ".join([str(status), *sorted(codes)])
    if codes & UNPAID or status == HTTPStatus.PAYMENT_REQUIRED:
        return OutOfQuota(f"its account has no quota left ({told}); pay, or raise its limit", **about)
    if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Busy(f"is away ({told})", retry_after_s=retry_after_s(response.headers), **about)
    if codes & UNWANTED:
        return Declined(request_id)
    if _is_too_much(status, codes, exc):
        return Rejected(f"does not take so much at once ({told})", **about)
    return Misconfigured(f"{_what_to_set(status, whom)} ({told})", **about)


def _is_too_much(status: int, codes: set[str], exc: Exception) -> bool:
    if codes & TOO_MUCH or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return True
    return status == HTTPStatus.BAD_REQUEST and bool(_TOO_LONG.search(str(getattr(exc, "message", ""))))


def _what_to_set(status: int, whom: Whom) -> str:
    variables = whom.variables
    if status == HTTPStatus.UNAUTHORIZED:
        return f"does not know the key; set {variables}_API_KEY"
    if status == HTTPStatus.FORBIDDEN:
        return f"the key may not use {whom.model}; set {variables}_API_KEY or {variables}_MODEL"
    if status == HTTPStatus.NOT_FOUND:
        return (
            f"does not know {whom.model}, or the address is wrong; set {variables}_MODEL or {variables}_URL"
        )
    if status < HTTPStatus.BAD_REQUEST:
        return f"is elsewhere; set {variables}_URL to the address it names"
    return f"does not take this request; set {variables}_MODEL to one that answers by JSON schema"


def _codes(exc: Exception) -> set[str]:
    """The vendor's short words for what is wrong: ``code``, ``type``, ``error_code``; nothing that could be prose."""
    said = (getattr(exc, name, None) for name in ("code", "type", "error_code"))
    return {word for word in said if isinstance(word, str) and _CODE.match(word)}


def request_id_in(headers: Mapping[str, str]) -> str:
    """The id by which the vendor's support finds the call."""
    return headers.get("x-request-id") or headers.get("request-id") or ""

"""What can go wrong with a model's provider, split by what the caller must do.

ProviderFailed        one provider did not answer one call; says which, its HTTP status, and what it may have cost
├── Busy              passes by itself: ask again after ``retry_after_s``, or ask the next
├── OutOfQuota        the account is empty: no retry helps, a person must pay
├── Misconfigured     key, address or model name is wrong: no retry helps, a person must set what the message names
├── Rejected          this very call cannot be served here (too long); another call, or another provider, can
└── Unreadable        what came is no answer: not the vendor's format, or more bytes than are read

A truncated or refused answer is none of these: it is an outcome of ``base.Reply``.
"""

from __future__ import annotations

from contracts.errors import PipelineError
from models.llm.base import UNKNOWN_USAGE, Usage


class ProviderFailed(PipelineError):
    """``status`` is the HTTP status, None if there was none; ``usage`` what the provider told it cost.

    ``maybe_billed``: the call may have been served and charged although no answer came (a time-out, a cut line).
    ``request_id`` is the provider's, for its support; "" if it told none.
    """

    outcome = "failed"
    """How metrics call it where the status says nothing."""

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status: int | None = None,
        usage: Usage = UNKNOWN_USAGE,
        maybe_billed: bool = False,
        request_id: str = "",
    ) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.status = status
        self.usage = usage
        self.maybe_billed = maybe_billed
        self.request_id = request_id


class Busy(ProviderFailed):
    """It may answer later; ``retry_after_s`` is what it asked for, None if it did not say."""

    outcome = "away"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        retry_after_s: float | None = None,
        status: int | None = None,
        usage: Usage = UNKNOWN_USAGE,
        maybe_billed: bool = False,
        request_id: str = "",
    ) -> None:
        super().__init__(
            message,
            provider=provider,
            status=status,
            usage=usage,
            maybe_billed=maybe_billed,
            request_id=request_id,
        )
        self.retry_after_s = retry_after_s


class OutOfQuota(ProviderFailed):
    """The account has no money or quota left."""

    outcome = "out_of_quota"


class Misconfigured(ProviderFailed):
    """The provider knows neither the key, nor the address, nor the model, nor what was asked in this form."""

    outcome = "misconfigured"


class Rejected(ProviderFailed):
    """The provider cannot serve this call for what it holds."""

    outcome = "rejected"


class Unreadable(ProviderFailed):
    """The provider said something that is no answer."""

    outcome = "unreadable"

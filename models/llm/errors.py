"""What can go wrong with a model's provider, split by what the caller must do.

ProviderFailed        one provider did not answer one call; says which, its HTTP status, and what it may have cost
├── Busy              passes by itself: ask again after ``retry_after_s``, or ask the next
│   └── Held          was not asked at all: it is known to be away, or has enough to do
├── OutOfQuota        the account is empty: no retry helps, a person must pay
├── Misconfigured     key, address or model name is wrong: no retry helps, a person must set what the message names
├── Rejected          this very call cannot be served here (too long, not taken); another call, or provider, can
└── Unreadable        what came is no answer: not the vendor's format, or more bytes than are read
CapReached            the tenant's money for the day or month is spent: nothing that costs is asked until then
NobodyAnswers         every provider was tried or known to be away: ask again after ``retry_after_s``

A truncated or refused answer is none of these: it is an outcome of ``base.Reply``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from contracts.errors import PipelineError, RetryLater
from models.llm.base import UNKNOWN_USAGE, Usage


class ProviderFailed(PipelineError):
    """``status`` is the HTTP status, None if there was none; ``usage`` what the provider told it cost.

    ``maybe_billed``: the call may have been served and charged although no answer came (a time-out, a cut line).
    ``request_id`` is the provider's, for its support; "" if it told none. ``earlier``: the attempts before this one.
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
        self.earlier: tuple[Exception, ...] = ()


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


class Held(Busy):
    """It was not asked; ``retry_after_s`` is when it may be."""

    outcome = "held"


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


class CapReached(PipelineError):
    """One more call could spend more than ``cap_micro`` (millionths of a US dollar) in this ``period``.

    ``until`` is the first day (UTC) on which money may be spent again. ``earlier`` as in ``ProviderFailed``.
    """

    def __init__(
        self, tenant: str, *, period: Literal["day", "month"], cap_micro: int, spent_micro: int, until: date
    ) -> None:
        super().__init__(
            f"the cap of ${cap_micro / 1e6:,.2f} a {period} is reached (${spent_micro / 1e6:,.2f} spent or reserved);"
            f" on from {until}, or raise UNDERCURRENT_LLM_CAP_{'DAILY' if period == 'day' else 'MONTHLY'}_USD"
        )
        self.tenant = tenant
        self.period = period
        self.cap_micro = cap_micro
        self.spent_micro = spent_micro
        self.until = until
        self.earlier: tuple[Exception, ...] = ()


class NobodyAnswers(RetryLater):
    """``failures`` has each provider's reason in the order they were asked.

    ``in_vain``: one that is there rejected this very call for what it holds, and no other took it: the same call may
    never be answered, so nobody should wait for it.
    """

    def __init__(self, failures: Sequence[Exception], *, retry_after_s: float) -> None:
        told = (
            "; ".join(map(str, failures)) or "none is set up; set UNDERCURRENT_OPENAI_API_KEY, or another's"
        )
        super().__init__(f"no provider answers: {told}", retry_after_s=retry_after_s)
        self.failures = tuple(failures)
        self.in_vain = any(isinstance(one, Rejected) for one in failures)

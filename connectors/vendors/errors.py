"""What can go wrong between us and a vendor, split by what the caller must do.

No message holds an address's path or query, a header or a body: those may hold secrets and what customers said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.errors import PipelineError, RetryLater

if TYPE_CHECKING:
    from connectors.vendors.http import Answer

USUAL_WAIT_S = 60.0
"""What a caller waits where the vendor names no time."""


class VendorAway(RetryLater):
    """No useful answer, though it was tried again: the vendor or the network will be back.

    ``asked_s`` is how long the vendor asked to wait, None where it did not say.
    """

    def __init__(self, message: str, *, asked_s: float | None = None) -> None:
        super().__init__(message, retry_after_s=USUAL_WAIT_S if asked_s is None else asked_s)
        self.asked_s = asked_s


class VendorLimited(VendorAway):
    """The vendor's quota is used up for now."""


class VendorRefused(PipelineError):
    """The vendor will not answer this request, however often it is sent. ``answer`` is never to be logged whole."""

    def __init__(self, message: str, *, status: int, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer


class AddressRefused(PipelineError):
    """The address is of a private network, or not encrypted, and the connection does not allow that."""


class VendorGarbled(PipelineError, ValueError):
    """The answer is not what the vendor documents: no JSON, too long, or a field is missing."""

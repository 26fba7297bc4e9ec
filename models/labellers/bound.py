"""Under which confidence a person is asked: one bound, and those of tenants that want another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.labellers.confidence import REVIEW_BELOW


@dataclass(frozen=True, slots=True)
class ReviewBound:
    """In thousandths of a confidence: below it a concern waits for a person and is in no theme.

    >>> ReviewBound(700, {"acme": 850}).of("acme"), ReviewBound(700, {"acme": 850}).of("globex")
    (850, 700)
    """

    usual: int = REVIEW_BELOW
    tenants: Mapping[str, int] = field(default_factory=dict)

    def of(self, tenant: str) -> int:
        """The tenant's own, or the usual one."""
        return self.tenants.get(tenant, self.usual)

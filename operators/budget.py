"""Diverting has a budget; beyond it the stream stops."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.errors import BudgetExceeded


@dataclass(frozen=True, slots=True)
class RejectPolicy:
    """A bad deploy must stop the worker, not empty the topic into dead letters."""

    max_ratio: float = 0.05  # of the last ``window`` records of one partition
    max_in_a_row: int = 100  # records
    window: int = 10_000  # records
    from_records: int = 1_000  # below this the ratio says nothing


class RejectBudget:
    """Counts passes and rejects of one partition's stream; ``record`` raises beyond the budget."""

    def __init__(self, policy: RejectPolicy) -> None:
        self._policy = policy
        self._seen = 0
        self._in_a_row = 0
        self._rejected_at: deque[int] = deque()

    def record(self, *, rejected: bool) -> None:
        """Count one record. Raises ``BudgetExceeded`` when diverting has become the rule."""
        self._seen += 1
        self._in_a_row = self._in_a_row + 1 if rejected else 0
        if rejected:
            self._rejected_at.append(self._seen)
        while self._rejected_at and self._rejected_at[0] <= self._seen - self._policy.window:
            self._rejected_at.popleft()
        if self._seen < self._policy.from_records:
            return
        share = len(self._rejected_at) / min(self._seen, self._policy.window)
        if self._in_a_row >= self._policy.max_in_a_row or share > self._policy.max_ratio:
            raise BudgetExceeded(
                f"{len(self._rejected_at)} of the last {min(self._seen, self._policy.window)} records could not go on"
                f" ({self._in_a_row} in a row); look at them with `undercurrent dlq ls`, repair the cause, start again"
            )

    def snapshot(self) -> dict[str, Any]:
        """Counts as JSON-able data."""
        return {"seen": self._seen, "in_a_row": self._in_a_row, "rejected_at": list(self._rejected_at)}

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped."""
        self._seen, self._in_a_row = small["seen"], small["in_a_row"]
        self._rejected_at = deque(small["rejected_at"])

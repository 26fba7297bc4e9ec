"""Which concerns stand of an item, and who has decided about each since.

In: an item's row of the state log.   Out: the same, with one concern changed.
State: none here; a row is two numbers until something happens to one of its concerns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.identity import concern_id


@dataclass(frozen=True, slots=True)
class Standing:
    """One revision of an item with ``count`` concerns; the ids of these follow from both.

    Bit n of each set is the n-th concern: ``waits`` in review, ``decided`` by a person, ``dismissed`` by one.
    ``answers`` holds the mark of the latest answer that was applied to the n-th.
    """

    revision: int
    count: int
    waits: int = 0
    decided: int = 0
    dismissed: int = 0
    answers: Mapping[int, str] = field(default_factory=dict)

    def place(self, item_id: str, concern: str) -> int | None:
        """Which of the item's concerns this is; None if it stands no more."""
        names = (concern_id(item_id, self.revision, n) for n in range(self.count))
        return next((n for n, name in enumerate(names) if name == concern), None)

    def waits_at(self, n: int) -> bool:
        """Whether the n-th concern is in review."""
        return bool(self.waits >> n & 1)

    def decided_at(self, n: int) -> bool:
        """Whether a person has decided about the n-th concern."""
        return bool((self.decided | self.dismissed) >> n & 1)

    def dismissed_at(self, n: int) -> bool:
        """Whether a person said that the n-th concern is none."""
        return bool(self.dismissed >> n & 1)

    def answered(self, n: int, mark: str, *, waits: bool) -> Standing:
        """An answer was applied to the n-th concern, which ``waits`` for a person now, or not."""
        return replace(self, answers={**self.answers, n: mark}, waits=_with(self.waits, n, waits))

    def reviewed(self, n: int, *, waits: bool) -> Standing:
        """The n-th concern ``waits`` for a person now, or not."""
        return replace(self, waits=_with(self.waits, n, waits))

    def decide(self, n: int) -> Standing:
        """A person said what the n-th concern is."""
        dismissed = _with(self.dismissed, n, False)
        return replace(
            self, waits=_with(self.waits, n, False), decided=_with(self.decided, n, True), dismissed=dismissed
        )

    def dismiss(self, n: int) -> Standing:
        """A person said that the n-th concern is none."""
        return replace(self, waits=_with(self.waits, n, False), dismissed=_with(self.dismissed, n, True))

    def encode(self) -> list[Any]:
        """As JSON-able data."""
        row: list[Any] = [self.revision, self.count]
        if self.waits or self.decided or self.dismissed or self.answers:
            marks = [self.answers.get(n, "") for n in range(1 + max(self.answers, default=-1))]
            row += [self.waits, self.decided, self.dismissed, marks]
        return row

    @classmethod
    def decode(cls, row: list[Any]) -> Standing:
        """The inverse of ``encode``."""
        revision, count, *rest = row
        if not rest:
            return cls(revision, count)
        waits, decided, dismissed, marks = rest
        return cls(revision, count, waits, decided, dismissed, {n: m for n, m in enumerate(marks) if m})


def _with(bits: int, n: int, value: bool) -> int:
    return bits | 1 << n if value else bits & ~(1 << n)

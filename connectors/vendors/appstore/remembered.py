"""What is remembered of a month of reviews between walks: a digest, a date, and since when it is missed.

State: one small entry a review (``[digest, epoch s, missed since, epoch s; 0: it is there]``), in the cursor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.vendors.port import Json

# A walk that misses more than this many, and more than a tenth of what is known, is not believed about any.
SLIP: Final = 5


@dataclass
class Remembered:
    """``known`` from the last whole walk, ``seen`` by this one."""

    known: Mapping[str, list[Json]] = field(default_factory=dict)
    seen: dict[str, list[Json]] = field(default_factory=dict)

    def is_news(self, review: str, digest: str) -> bool:
        """Whether its content was handed on neither by this walk nor by the one before."""
        before = self.seen.get(review) or self.known.get(review)
        return before is None or before[0] != digest

    def see(self, review: str, digest: str, at_s: int) -> None:
        """This walk met it."""
        self.seen[review] = [digest, at_s, 0]

    def recent(self, keep_s: int) -> dict[str, list[Json]]:
        """What this walk met so far, from ``keep_s`` on."""
        return self._kept(self.seen, keep_s)

    def finished(
        self, until_s: int, keep_s: int, now_s: int, patience_s: int
    ) -> tuple[dict[str, list[Json]], list[str]]:
        """What to know from now on, and who is gone. The walk went back to ``until_s``; from ``keep_s`` on is kept.

        Gone is what was missed by the walk of now and by one at least ``patience_s`` before.
        """
        missed = {
            name: one for name, one in self.known.items() if name not in self.seen and one[1] >= until_s
        }
        if len(missed) > max(SLIP, len(self.known) // 10):
            return self._kept({**missed, **self.seen}, keep_s), []
        gone = sorted(name for name, one in missed.items() if one[2] and now_s - one[2] >= patience_s)
        staying = {name: [*one[:2], one[2] or now_s] for name, one in missed.items() if name not in gone}
        return self._kept({**staying, **self.seen}, keep_s), gone

    def _kept(self, entries: Mapping[str, list[Json]], keep_s: int) -> dict[str, list[Json]]:
        return {name: list(one) for name, one in entries.items() if one[1] >= keep_s}

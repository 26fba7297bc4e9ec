"""What the connectors of trackers share: what an issue of ours is, and what a poll of them remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.vendors.port import Cursor, IssueSeen
from connectors.vendors.values import Options, iso, moment

OURS = "undercurrent"
"""The label of issues that were opened by us."""

OVERLAP = timedelta(minutes=10)
"""How far back each poll looks again: searches lag behind, and several issues change in one moment."""


class TrackerOptions(Options):
    """Options of a connection to a tracker.

    ``label`` marks the issues that are ours; without one, all issues that the connection may see are looked at.
    ``our_actors`` are the tracker's ids of the accounts that we write with: what they do is no news. ``start`` is where
    the first poll begins; without it, a day back.
    """

    label: str | None = OURS
    our_actors: tuple[str, ...] = ()
    start: datetime | None = None


@dataclass
class Walk:
    """One walk over what changed; versions of issues that an earlier poll brought are left out."""

    high: datetime
    now: datetime
    known: dict[str, str] = field(default_factory=dict)

    @classmethod
    def since(cls, cursor: Cursor | None, start: datetime | None, now: datetime) -> Walk:
        """From a cursor on, or from ``start``, or from a day ago."""
        if cursor is None:
            return cls(start or now - timedelta(days=1), now)
        return cls(moment(cursor.state["high"]) or now, now, dict(cursor.state["known"]))

    def fresh(self, seen: Sequence[IssueSeen]) -> list[IssueSeen]:
        """Those of which this version was not brought before."""
        found = [one for one in seen if self.known.get(one.issue_id) != iso(one.at)]
        self.known |= {one.issue_id: iso(one.at) for one in found}
        return found

    def cursor(self) -> Cursor:
        """How far everything was read: to be used when the walk is over. Never beyond now: all until then would be
        passed over."""
        newest = max((at for at in map(moment, self.known.values()) if at is not None), default=self.high)
        high = max(self.high, min(newest, self.now))
        kept: Mapping[str, str] = {name: at for name, at in self.known.items() if at >= iso(high - OVERLAP)}
        return Cursor({"high": iso(high), "known": dict(sorted(kept.items()))}, (iso(high),))

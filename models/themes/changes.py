"""What the theme engine says: one frozen record per change, in the order in which they took effect.

A concern is at any time assigned, waiting or unthemed. A theme is born, retired, returned, split in two
(its latest members of the smaller part follow as ``Moved``), or merged into another (a redirect: its
members are not listed again, readers follow ``Merged``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from models.themes.evidence import Evidence
from models.themes.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A concern as the engine sees it.

    ``vector`` is ``(384,)`` int16 on the grid (``grid.to_grid``). ``group`` is what must not mix, the
    language: concerns join, form and merge only themes of their own group. ``at_s`` is the event time in
    seconds.
    """

    concern_id: str
    vector: Grid
    group: str
    at_s: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Point):
            return NotImplemented
        same = (self.concern_id, self.group, self.at_s) == (other.concern_id, other.group, other.at_s)
        return same and bool(np.array_equal(self.vector, other.vector))

    def __hash__(self) -> int:
        return hash(self.concern_id)


SteeredWhy = Literal["placed", "linked", "apart", "split", "nearer"]
OrderedEvent = Literal[
    "renamed", "pinned", "unpinned", "muted", "unmuted", "split", "moved", "linked", "kept_apart", "lifted",
    "approved", "rejected", "autonomy", "refused", "unresolved", "marked", "unmarked",
    "alert_confirmed", "alert_dismissed",
]  # fmt: skip


class Assigned(NamedTuple):
    """The concern belongs to the theme; ``arrival`` is false when it had to wait for that.

    ``z_milli`` is the similarity in thousandths of the background's standard deviation. ``p_milli`` is the
    probability that the theme is the right one, in thousandths, and ``evidence`` what it was made from.
    """

    concern_id: str
    theme_id: str
    similarity: float
    z_milli: int
    runner_up_theme: str | None
    runner_up_similarity: float | None
    arrival: bool
    p_milli: int
    evidence: Evidence


class Waiting(NamedTuple):
    """The concern waits for others like it; ``nearest`` is the theme it comes closest to, if any."""

    concern_id: str
    nearest: str | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Unthemed:
    """The concern waited long enough, or was pushed out of the pool."""

    concern_id: str


class Moved(NamedTuple):
    """The concern left one theme for another; similarity, runner-up and probability are of the new one.

    ``why``: another theme is ``nearer``, or its own one was ``split``.
    """

    concern_id: str
    from_theme: str
    to_theme: str
    similarity: float
    why: Literal["nearer", "split"]
    z_milli: int
    runner_up_theme: str | None
    runner_up_similarity: float | None
    p_milli: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Retracted:
    """The concern is gone; ``theme_id`` is the theme it was in, None if it was waiting or unthemed."""

    concern_id: str
    theme_id: str | None


@dataclass(frozen=True, slots=True)
class Born:
    """A theme was formed by these concerns, each of which is ``Assigned`` to it next.

    ``outgrown``: they were chosen because they came lately, so that they did is no news.
    """

    theme_id: str
    group: str
    members: tuple[str, ...]
    outgrown: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """``from_theme`` is now read as ``into_theme``; the numbers are why, sizes in members."""

    from_theme: str
    into_theme: str
    similarity: float
    needed: float
    from_size: int
    into_size: int


@dataclass(frozen=True, slots=True)
class Split:
    """``theme_id`` had two centres; ``members`` are the founders of ``new_theme``, each of which is ``Moved`` next.

    ``similarity`` is of the two parts, below ``needed`` they are two; ``gap_milli`` says how far apart they lie
    along the line between them (``splits.gap_milli``), at ``gap_needed_milli`` and more they are two.
    """

    theme_id: str
    new_theme: str
    group: str
    members: tuple[str, ...]
    stayed: int
    similarity: float
    needed: float
    gap_milli: int
    gap_needed_milli: int


@dataclass(frozen=True, slots=True)
class Unmerged:
    """``theme_id`` stands for itself again, with exactly the members of its own origin."""

    theme_id: str
    from_theme: str


@dataclass(frozen=True, slots=True)
class Retired:
    """Nothing joined the theme for as long as the policy says, or its last member was retracted."""

    theme_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A concern joined a theme that had retired."""

    theme_id: str


@dataclass(frozen=True, slots=True)
class Steered:
    """Because of what people ordered, the concern is in ``to_theme`` now; ``from_theme`` None: it had no theme.

    ``why``: ``placed`` there by a person; ``linked`` to others that are there; ``apart`` from what it must not be with;
    ``split`` off with others; ``nearer`` to it than to any other that it may join. ``similarity`` is None where the
    vector is gone.
    """

    concern_id: str
    from_theme: str | None
    to_theme: str
    similarity: float | None
    why: SteeredWhy


@dataclass(frozen=True, slots=True)
class Ordered:
    """What became of a person's order, for the ledger; ``theme_id`` is empty where it is about no theme.

    ``why`` says more than the order's own reason: what it contradicts, or why it cannot be told what is meant.
    """

    event: OrderedEvent
    theme_id: str = ""
    other_theme: str | None = None
    concerns: tuple[str, ...] = ()
    name: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The engine would merge ``theme_id`` into ``other_theme``, or split ``concerns`` off it; a person is to decide."""

    act: Literal["merge", "split"]
    theme_id: str
    other_theme: str | None
    concerns: tuple[str, ...]
    similarity: float
    needed: float


@dataclass(frozen=True, slots=True)
class Reran:
    """A pass left themes worse than is usual, so births were tried again at lower bars; what ``quality`` measures, in
    thousandths.

    ``fell_to`` is of the ``judged`` latest concerns, ``usual`` what passes had before. ``share`` of the joining
    threshold is the bar that was kept, with so many ``themes`` born of it, told of next; None: no bar was better.
    ``before`` and ``after`` are of the latest concerns and those that founded themes, without and with these.
    """

    usual: int
    fell_to: int
    judged: int
    share: float | None
    before: int
    after: int
    themes: int
    concerns: tuple[str, ...] = ()
    """Some that founded them."""


class CentroidsChanged(NamedTuple):
    """These themes' centroids are not what they were; themes that are gone have none any more."""

    theme_ids: tuple[str, ...]


Change = (
    Assigned
    | Waiting
    | Unthemed
    | Moved
    | Retracted
    | Born
    | Merged
    | Split
    | Unmerged
    | Retired
    | Returned
    | Steered
    | Ordered
    | Proposed
    | Reran
    | CentroidsChanged
)

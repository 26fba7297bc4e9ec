"""What a tracker is: it makes an issue, finds it again, and adds to it. It stores nothing and retries nothing.

Every call says in its error what is known: ``NotReached`` and ``Limited`` did nothing, after ``Unsure`` one must look,
``Refused`` never will, ``Gone`` was deleted by people, ``Unauthorised`` concerns the whole destination.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

Json = Any

OPEN_AGAIN = frozenset({"completed"})
"""Types of states that a recurrence opens again; what people cancelled or called a duplicate stays so."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of feedback behind an issue; ``url`` is the same whenever it is told again."""

    url: str
    title: str
    subtitle: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """An account that an issue hits; ``annual`` in whole currency units a year."""

    account: str
    tier: str = "unknown"
    annual: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue as it is to be made. ``id`` is a v4-shaped UUID; ``about`` names tenant, theme and episode."""

    id: str
    about: str
    title: str
    description: str
    priority: int
    labels: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    customers: tuple[Customer, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it is at the tracker. ``state`` is one of Linear's types; ``fields`` is what people may edit.

    ``is_adopted``: ``create`` found it there, so people may have edited it since it was made. ``team``: whose labels it
    takes, where that makes a difference; people may have moved it.
    """

    id: str
    key: str
    url: str
    state: str = ""
    fields: Mapping[str, Json] = field(default_factory=dict)
    is_gone: bool = False
    is_adopted: bool = False
    team: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something of ours at an issue by the tracker's id; ``about``: a comment's text, a link's address, an account."""

    id: str
    about: Json


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at an issue: its ``text`` in the tracker's format, our comments by our ids, our links and needs."""

    issue: Issue
    text: Json
    comments: Mapping[str, Piece]
    links: tuple[Piece, ...]
    needs: tuple[Piece, ...]


class Tracker(Protocol):
    """One account at a tracker.

    ``settle_s``: how long after a create that may have happened ``find`` is asked, and again between its ``looks``.
    """

    @property
    def takes_our_ids(self) -> bool:
        """Whether making an issue twice is a conflict; if not, it is looked for before it is made at all."""
        ...

    @property
    def settle_s(self) -> float:
        """Seconds."""
        ...

    @property
    def looks(self) -> int:
        """How often ``find`` must see nothing before it is believed."""
        ...

    async def find(self, draft: Draft) -> Issue | None:
        """The issue that was made of this draft, also an archived one; None where none is to be seen."""
        ...

    async def create(self, draft: Draft) -> Issue:
        """Make it, or adopt what an earlier attempt made. Raises ``Gone`` where people deleted that."""
        ...

    async def enrich(self, issue: Issue, draft: Draft) -> Sequence[str]:
        """Attach evidence and customers; again changes nothing. Notes on what this tracker does not offer."""
        ...

    async def read(self, external_id: str) -> Issue | None:
        """The issue as it is now; None where it was deleted."""
        ...

    async def comment(self, external_id: str, comment_id: str, text: str) -> None:
        """Add a comment (Markdown), once for each ``comment_id``."""
        ...

    async def reopen(self, external_id: str) -> bool:
        """Put it back among open issues; False where the tracker has no such state."""
        ...

    async def rewrite(self, external_id: str, fields: Mapping[str, Json]) -> Issue:
        """Change fields to what is given, and no others."""
        ...

    async def add_labels(self, issue: Issue, labels: Sequence[str]) -> None:
        """Add labels to an issue as it was just read; those of people stay."""
        ...

    async def relate(self, external_id: str, other_id: str) -> None:
        """Say that two issues are about the same."""
        ...

    async def copies(self, issue_id: str) -> Sequence[str]:
        """The tracker's ids of all that was made of an issue of ours, as far as it can be found."""
        ...

    async def standing(self, external_id: str, comments: Sequence[str]) -> Standing | None:
        """What stands there, of comments those with these ids of ours; None where the issue is no more.

        An issue that is archived or in the bin still holds what was said, so it is read too.
        """
        ...

    async def put_text(self, external_id: str, text: Json) -> Issue:
        """Replace the issue's text."""
        ...

    async def put_comment(self, external_id: str, comment: str, text: Json) -> None:
        """Replace the text of a comment, by the tracker's id of it."""
        ...

    async def drop_link(self, external_id: str, link: str) -> None:
        """Delete a link; one that is gone stays so."""
        ...

    async def drop_need(self, external_id: str, need: str) -> None:
        """Delete a customer's need; one that is gone stays so."""
        ...

    def rank(self, issue: Issue) -> int | None:
        """The issue's priority as 1 (urgent) to 5 (none); None where it is not one of ours."""
        ...

    def written(self, draft: Draft) -> Mapping[str, Json]:
        """The ``fields`` of the issue that a draft made, as ``read`` tells them while nobody has changed them."""
        ...

    def preview(self, draft: Draft) -> Json:
        """What would be sent to make it, without asking anybody."""
        ...

    async def sweep(self, draft: Draft, kept: str) -> int:
        """Close what a doubtful create made twice, but for ``kept``; how many."""
        ...


Clock = Callable[[], datetime]


def v4_shaped(*parts: str) -> str:
    """A UUID in the shape of version 4 that is a function of its parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))

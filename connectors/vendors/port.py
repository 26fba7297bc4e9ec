"""What a vendor's connector is: it checks webhooks, reads pages, and maps what it reads. It stores nothing.

A webhook is a hint and a poll is the truth: what both bring has the same record ids, so the journal's intake drops
what comes twice. Cursors, retries, rate limits and the journal are ``wiring.edge``'s work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from contracts.commands import IssueState
from contracts.feedback import Tier

if TYPE_CHECKING:
    from connectors.vendors.http import VendorHttp

Json = Any
"""What JSON can say."""

RefusedFor = Literal["missing", "malformed", "mismatch", "stale", "future"]


class SignatureRefused(Exception):
    """The request is not the vendor's, or too old; answered with 401, and nothing of it is kept."""

    def __init__(self, reason: RefusedFor) -> None:
        super().__init__(reason)
        self.reason: RefusedFor = reason


@dataclass(frozen=True, slots=True)
class Connection:
    """One account at a vendor, owned by one tenant, which is never taken from a payload.

    ``options`` are the vendor's own (field mappings, hosts, ids), checked by its ``check``. ``signing_secrets`` reads
    the secrets that are live now, the newest first (two while one is rotated); ``credential`` reads a named one.
    """

    name: str
    vendor: str
    tenant: str
    options: Mapping[str, Json] = field(default_factory=dict)
    signing_secrets: Callable[[], Sequence[bytes]] = tuple
    credential: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook request as it came: header names in lower case, the body's own bytes."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing that one person said: the fields of a ``FeedbackBody``, and where it stands at the vendor.

    ``record_id`` is the vendor's own and stays the same through edits; ``happened_at`` is when it was said. ``parent``
    is the record that it is a part of now (a conversation, a ticket): a ``Gone`` of that takes it along.
    """

    record_id: str
    body: Mapping[str, Json]
    happened_at: datetime
    origin: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The vendor deleted a record, and so do we, with its parts unless they stay: it was merged into another one.

    ``erase`` where the vendor says that a person is to be forgotten; none of ours says so yet.
    """

    record_id: str
    why: str
    author: str | None = None
    erase: bool = False
    parts_stay: bool = False


@dataclass(frozen=True, slots=True)
class CustomerSeen:
    """What the vendor knows of an account; ``mrr`` in whole currency units a month."""

    account: str
    tier: Tier | str = "unknown"
    mrr: float | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Something changed at the vendor: ask it (``Vendor.fetch``) what the record is now."""

    kind: str
    record_id: str


@dataclass(frozen=True, slots=True)
class IssueSeen:
    """What a tracker says of an issue of ours (``issue_id`` is our id), as of ``at``; see ``ReportIssue``."""

    tracker: Literal["linear", "jira"]
    issue_id: str
    key: str
    state: IssueState
    at: datetime
    by_people: bool = True
    duplicate_of: str | None = None
    priority: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that nothing could be made of; it goes to dead letters as it came."""

    record_id: str
    raw: bytes
    why: str


Taken = Utterance | Gone | CustomerSeen | IssueSeen | Hint | Unreadable
"""What a webhook or a page brings."""

Order = tuple[int | str, ...]
"""A place in a vendor's order of changes; of one stream all are of one shape, and later ones are greater."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a stream was read: what the vendor needs to go on (``state``), and its place in the order.

    Where a poll reads again what it has read (an overlap), its cursors are not before the one that it began at.
    """

    state: Mapping[str, Json]
    order: Order


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer of the vendor brought. ``cursor`` is saved once the records are durable.

    None where nothing may be saved yet, such as in the middle of a walk from new to old.
    """

    records: Sequence[Taken]
    cursor: Cursor | None
    about: str = ""
    """What a person is told of progress: a date, or ``1,200 of 40,000``."""
    owed: int = 0
    """Records that the stream passed over because their own request fails (``owed``); the cursor knows them."""


class Vendor(Protocol):
    """Everything that is the vendor's own. Stateless: one instance serves every connection."""

    @property
    def name(self) -> str:
        """As in the connection file and in addresses of webhooks; also the source of its feedback."""
        ...

    @property
    def streams(self) -> Sequence[str]:
        """What is polled, each with a cursor of its own, say ``("conversations", "deleted")``."""
        ...

    def check(self, connection: Connection) -> None:
        """Raise ``WrongUsage`` naming the option or credential that is missing or wrong."""
        ...

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:
        """The id of this delivery, equal when the vendor sends it again. Raises ``SignatureRefused``."""
        ...

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:
        """What a verified webhook says. Raises ``ValueError`` for a body that is none of the vendor's."""
        ...

    def poll(
        self, connection: Connection, http: VendorHttp, stream: str, since: Cursor | None, now: datetime
    ) -> AsyncIterator[Page]:
        """Pages from ``since`` on (None: from the connection's ``start``), until there is nothing more now."""
        ...

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:
        """What a record that a hint named is now; empty where the vendor knows it no more and says nothing else."""
        ...

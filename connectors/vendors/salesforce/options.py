"""What a connection to Salesforce is told: how to sign in, what to read, and what an account's fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from connectors.vendors.values import Options, Start
from contracts.feedback import Tier

ApiName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""Name of an object or a field; nothing else gets into a query."""

StreamName = Literal[
    "accounts", "cases", "comments", "emails", "tasks", "notes", "content_notes", "transcripts"
]


class Transcripts(Options):
    """Where call transcripts are. With ``speaker`` every row is a turn, without one a row is a whole call.

    A whole call is text of lines ``Name: words``; ``customers`` are the speakers whose turns count, and everybody else
    counts as an employee, so that nothing is taken for a customer's by mistake.
    """

    object: ApiName = "ConversationEntry"
    text: ApiName = "Message"
    speaker: ApiName | None = "ActorType"
    customers: tuple[str, ...] = ("EndUser", "Customer")
    call: ApiName | None = "ConversationId"
    at: ApiName = "EntryTime"
    account: ApiName | None = None
    author: ApiName | None = None


class SalesforceOptions(Options):
    """``url``: the organisation's own domain (generic sign-in addresses refuse client credentials).

    ``account_key`` is the field whose value names an account in other sources too; ``tier`` and ``mrr`` are the API
    names of those fields, ``tiers`` maps what the tier field says to ours, ``mrr_months`` is 12 where it holds a year.
    ``customer_origins``: cases that customers write themselves; others are an employee's words. ``fields``: fields of
    a case with facts of ours (``{"app_version": "App_Version__c"}``).
    """

    url: str = Field(pattern=r"^https?://")
    client_id: str
    sign_in: Literal["client_credentials", "jwt_bearer"] = "client_credentials"
    username: str | None = None
    audience: str = "https://login.salesforce.com"
    api_version: str = Field(default="v59.0", pattern=r"^v\d{2,3}\.0$")
    start: Start | None = None
    streams: tuple[StreamName, ...] = (
        "accounts",
        "cases",
        "comments",
        "emails",
        "tasks",
        "notes",
        "content_notes",
    )
    transcripts: Transcripts | None = None
    account_key: ApiName = "Id"
    tier: ApiName | None = None
    tiers: Mapping[str, Tier] = Field(default_factory=dict)
    mrr: ApiName | None = None
    mrr_months: Literal[1, 12] = 1
    customer_origins: tuple[str, ...] = ("Email", "Web", "Chat", "Community", "Mobile")
    fields: Mapping[Literal["app_version", "product", "language", "country", "device"], ApiName] = Field(
        default_factory=dict
    )
    page_size: int = Field(default=2000, ge=1, le=2000)
    leave_percent: int = Field(default=10, ge=0, le=90)
    """Part of the day's API calls that is left to others."""

    @model_validator(mode="after")
    def _jwt_needs_a_user(self) -> SalesforceOptions:
        if self.sign_in == "jwt_bearer" and not self.username:
            raise ValueError("sign_in jwt_bearer needs username, whom to act for")
        return self

    def wants(self, stream: str) -> bool:
        """Whether a stream is read."""
        return self.transcripts is not None if stream == "transcripts" else stream in self.streams

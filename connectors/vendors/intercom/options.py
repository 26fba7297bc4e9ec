"""What a connection to Intercom may say, and what every request carries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.vendors.http import Answer
from connectors.vendors.port import Connection
from connectors.vendors.values import Options, Start, options_of

HOSTS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}


class IntercomOptions(Options):
    """Options of a connection; the names of attributes are those of the workspace."""

    region: Literal["us", "eu", "au"] = "us"
    base_url: str = ""
    """Another address than the region's."""
    version: str = Field(default="2.16", pattern=r"^\d+\.\d+$")
    start: Start | None = None
    """Where the first poll begins; None: a day before it. History is ``undercurrent poll --since``."""
    per_page: int = Field(default=50, ge=1, le=150)
    """Searches of 100 and more were seen to time out."""
    overlap_s: int = Field(default=86_400, ge=0)
    """How far each poll reads back: in some versions the search knows whole days only."""
    workspace: str = ""
    """Its id, for links to conversations."""
    tier_attribute: str = ""
    """A custom attribute of companies that holds the tier, instead of the plan's name."""
    tiers: dict[str, str] = Field(default_factory=dict)
    """Plan, in lower case → free, pro, business or enterprise, where the names differ."""
    mrr_attribute: str = ""
    """A custom attribute of companies that holds the monthly revenue, instead of ``monthly_spend``."""
    app_version_attribute: str = ""
    product_attribute: str = ""
    """Custom attributes of conversations."""

    @property
    def base(self) -> str:
        """Where the API is."""
        return (self.base_url or HOSTS[self.region]).rstrip("/")


def told_by(connection: Connection) -> IntercomOptions:
    """The checked options. Raises ``WrongUsage``."""
    return options_of(connection, IntercomOptions)


def headers_of(connection: Connection, options: IntercomOptions) -> dict[str, str]:
    """What every request carries."""
    return {
        "authorization": f"Bearer {connection.credential('token')}",
        "intercom-version": options.version,
        "accept": "application/json",
    }


def quota(answer: Answer) -> float | None:
    """Quotas are of ten seconds: with none left, wait until the second that ``X-RateLimit-Reset`` names.

    A minute at most: that second is held against our clock, which may be behind.
    """
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return None
    try:
        left_s = float(answer.headers["x-ratelimit-reset"]) - answer.received_at.timestamp()
        return min(max(0.0, left_s), 60.0)
    except (KeyError, ValueError):
        return None

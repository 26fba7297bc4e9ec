"""What a connection to Zendesk may say, and what every request carries."""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import Field

from connectors.vendors.http import Answer
from connectors.vendors.port import Connection
from connectors.vendors.values import Options, Start, options_of
from contracts.errors import WrongUsage


class ZendeskOptions(Options):
    """Options of a connection; custom fields are named by their numbers, organization fields by their keys."""

    subdomain: str = Field(default="", pattern=r"^[a-z0-9-]*$")
    base_url: str = ""
    """Another address than the subdomain's."""
    email: str = ""
    """Whose API token the credential is; empty: it is an OAuth token."""
    start: Start | None = None
    """Where the first poll begins; None: a day before it. History is ``undercurrent poll --since``."""
    per_page: int = Field(default=500, ge=1, le=1000)
    export_per_minute: float = Field(default=10.0, gt=0)
    """Requests to the export; 30 with the High Volume add-on."""
    csat: Literal["legacy", "off"] = "legacy"
    """Whether ratings are listed; an account with the newer surveys has no legacy ones, and that is logged."""
    replay_window_s: float = Field(default=300.0, ge=0)
    """How old a webhook's stamp may be; 0: any age, where retries should turn out to keep their first stamp."""
    tier_field: str = ""
    mrr_field: str = ""
    """Keys of organization fields; naming one costs a request for each organization."""
    tiers: dict[str, str] = Field(default_factory=dict)
    """What ``tier_field`` holds, in lower case → free, pro, business or enterprise, where the names differ."""
    app_version_field: int | None = None
    product_field: int | None = None
    """Numbers of custom ticket fields."""

    @property
    def base(self) -> str:
        """Where the account is."""
        return (self.base_url or f"https://{self.subdomain}.zendesk.com").rstrip("/")


def told_by(connection: Connection) -> ZendeskOptions:
    """The checked options. Raises ``WrongUsage``."""
    options = options_of(connection, ZendeskOptions)
    if not options.subdomain and not options.base_url:
        raise WrongUsage(
            f"connection {connection.name}: options: subdomain: say the one of SUBDOMAIN.zendesk.com"
        )
    return options


def headers_of(connection: Connection, options: ZendeskOptions) -> dict[str, str]:
    """What every request carries."""
    token = connection.credential("token")
    if not options.email:
        return {"authorization": f"Bearer {token}"}
    pair = base64.b64encode(f"{options.email}/token:{token}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def quota(answer: Answer) -> float | None:
    """Seconds until the account's quota is whole again, where the headers say that none is left."""
    if answer.headers.get("ratelimit-remaining", answer.headers.get("x-rate-limit-remaining")) != "0":
        return None
    try:
        return max(0.0, float(answer.headers["ratelimit-reset"]))
    except (KeyError, ValueError):
        return None

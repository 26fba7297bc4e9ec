"""What a connection to Typeform may say, and what every request carries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from connectors.vendors.port import Connection
from connectors.vendors.values import Options, Start, options_of

HOSTS = {"us": "https://api.typeform.com", "eu": "https://api.eu.typeform.com"}

FormId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]

Fact = Literal["author", "account", "tier", "mrr", "app_version", "locale", "language", "country", "product"]


class TypeformOptions(Options):
    """Options of a connection."""

    forms: tuple[FormId, ...] = Field(min_length=1)
    """Which forms are polled; webhooks may bring others."""
    region: Literal["us", "eu"] = "us"
    base_url: str = ""
    """Another address than the region's."""
    start: Start | None = None
    """How far back the first poll goes; None: a day. History is ``undercurrent poll --since``."""
    page_size: int = Field(default=1000, ge=1, le=1000)
    overlap_s: int = Field(default=172_800, ge=0)
    """How far each poll looks back: responses of the last half hour may be missing from the list."""
    every_s: float = Field(default=0.5, ge=0)
    """The least time between two requests."""
    hidden: dict[Fact, str] = Field(default_factory=dict)
    """Fact about a customer → the hidden field that holds it."""
    tiers: dict[str, str] = Field(default_factory=dict)
    """What the tier's hidden field holds, in lower case → free, pro, business or enterprise, where the names differ."""
    left_out: tuple[str, ...] = ()
    """Refs of text questions whose answers are no feedback, such as a name."""
    scales: dict[str, Annotated[int, Field(ge=2, le=100)]] = Field(default_factory=dict)
    """Ref of a rating question → the end of its scale, where the form's definition does not say."""

    @property
    def base(self) -> str:
        """Where the API is."""
        return (self.base_url or HOSTS[self.region]).rstrip("/")


def told_by(connection: Connection) -> TypeformOptions:
    """The checked options. Raises ``WrongUsage``."""
    return options_of(connection, TypeformOptions)


def headers_of(connection: Connection) -> dict[str, str]:
    """What every request carries."""
    return {"authorization": f"Bearer {connection.credential('token')}"}

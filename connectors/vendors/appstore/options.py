"""What a connection to App Store Connect is told."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from connectors.vendors.values import Options, Start


class AppStoreOptions(Options):
    """``apps``: Apple's app id to the product's name. ``issuer``: none for the key of one person.

    ``start``: how far back the first walk goes; without it ``walk_days``.

    ``walk_days``: how far back every poll looks for edits. ``recent_versions``: of how many versions of an app the
    reviews are told apart, newest first; each costs requests in every poll. ``every_s``: seconds between requests.
    ``gone_after_hours``: how long a review must be missed before it is gone.
    """

    apps: Mapping[str, str] = Field(min_length=1)
    key_id: str
    issuer: str | None = None
    start: Start | None = None
    walk_days: int = Field(default=30, ge=30)
    recent_versions: int = Field(default=5, ge=0, le=50)
    gone_after_hours: float = Field(default=24, ge=0)
    page_size: int = Field(default=200, ge=1, le=200)
    every_s: float = Field(default=1.0, ge=0)
    url: str = "https://api.appstoreconnect.apple.com"

"""App Store reviews from App Store Connect: rating, territory and app version kept, the developer's reply beside them.

There is no cursor at Apple: every poll walks from the newest review back, a month beyond the last walk, because an
edited review keeps its id and only its content says that it changed. What is saved of that month is a digest for each
review (``remembered``); a walk that was interrupted goes on at its page. A review that walks miss for a day is
gone. Requests go one after the other, one a second: bursts are refused although quota is left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from connectors.vendors.appstore.options import AppStoreOptions
from connectors.vendors.appstore.token import Bearer, mint
from connectors.vendors.appstore.walking import AppWalk
from connectors.vendors.http import VendorHttp
from connectors.vendors.polled import Polled
from connectors.vendors.port import Connection, Cursor, Page
from connectors.vendors.values import options_of


class AppStore(Polled):
    """``port.Vendor`` for App Store Connect."""

    name = "appstore"
    streams: Sequence[str] = ("reviews",)

    def check(self, connection: Connection) -> None:
        """Options, and that the credential ``private_key`` can sign."""
        options = options_of(connection, AppStoreOptions)
        mint(
            connection.credential("private_key"),
            options.key_id,
            options.issuer,
            datetime(2026, 1, 1, tzinfo=UTC),
        )

    async def poll(
        self,
        connection: Connection,
        http: VendorHttp,
        stream: str,  # noqa: ARG002 - there is one
        since: Cursor | None,
        now: datetime,
    ) -> AsyncIterator[Page]:
        """One walk over each app; the cursor counts walks and pages."""
        options = options_of(connection, AppStoreOptions)
        bearer = Bearer(connection, options.key_id, options.issuer, http.now)
        async for page in AppWalk.resumed(http, bearer, options, since, now).pages():
            yield page


VENDOR = AppStore()

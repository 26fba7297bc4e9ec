"""The half of ``port.Vendor`` that a vendor without webhooks leaves empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.vendors.http import VendorHttp
from connectors.vendors.port import Connection, Hint, Request, SignatureRefused, Taken


class Polled:
    """Nothing is received, so nothing hints at a record; what claims to be a webhook is refused."""

    def verify(self, connection: Connection, request: Request, now: datetime) -> str:  # noqa: ARG002 - the port's
        """Raises ``SignatureRefused``: there is no signature that could be right."""
        raise SignatureRefused("missing")

    def received(self, connection: Connection, request: Request) -> Sequence[Taken]:  # noqa: ARG002 - the port's
        """Raises ``ValueError``."""
        raise ValueError("this vendor is polled and sends no webhooks")

    async def fetch(self, connection: Connection, http: VendorHttp, hint: Hint) -> Sequence[Taken]:  # noqa: ARG002
        """Nothing."""
        return ()

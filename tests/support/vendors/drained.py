"""Poll a vendor on loopback until it has nothing more, as the edge does, and keep what came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.vendors.port import (
    Connection,
    Cursor,
    CustomerSeen,
    Gone,
    Page,
    Taken,
    Unreadable,
    Utterance,
    Vendor,
)
from tests.support.vendors.clock import FakeTime, quick_http
from tests.support.vendors.server import Answering, VendorServer, vendor_server


@dataclass
class Drained:
    """What polls brought, in order, and every cursor that could be saved."""

    taken: list[Taken] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    @property
    def cursor(self) -> Cursor | None:
        return self.cursors[-1] if self.cursors else None

    @property
    def utterances(self) -> list[Utterance]:
        return [one for one in self.taken if isinstance(one, Utterance)]

    @property
    def said(self) -> dict[str, Mapping[str, Any]]:
        """The last body of each record that is not gone."""
        said: dict[str, Mapping[str, Any]] = {}
        for one in self.taken:
            if isinstance(one, Utterance):
                said[one.record_id] = one.body
            elif isinstance(one, Gone):
                said.pop(one.record_id, None)
        return said

    @property
    def gone(self) -> list[str]:
        return [one.record_id for one in self.taken if isinstance(one, Gone)]

    @property
    def customers(self) -> dict[str, CustomerSeen]:
        return {one.account: one for one in self.taken if isinstance(one, CustomerSeen)}

    @property
    def unreadable(self) -> list[Unreadable]:
        return [one for one in self.taken if isinstance(one, Unreadable)]

    @property
    def is_monotone(self) -> bool:
        orders = [cursor.order for cursor in self.cursors]
        return orders == sorted(orders)


def connected(vendor: Vendor, url: str, options: Mapping[str, Any], **credentials: str) -> Connection:
    """A connection to a vendor on loopback."""
    told = {**options, "url": url, "allow_private_hosts": ["127.0.0.1"]}
    connection = Connection("acme-one", vendor.name, "acme", told, credential=credentials.__getitem__)
    vendor.check(connection)
    return connection


async def poll(
    vendor: Vendor,
    connection: Connection,
    since: Cursor | None = None,
    time: FakeTime | None = None,
    stream: str = "",
    pages: int | None = None,
) -> Drained:
    """One poll of a stream; after ``pages`` pages it is cut off, as a kill would."""
    time, drained = time or FakeTime(), Drained()
    http = quick_http(connection, time)
    async with http.client:
        async for page in vendor.poll(connection, http, stream or vendor.streams[0], since, time.now()):
            drained.pages.append(page)
            drained.taken += page.records
            drained.cursors += [page.cursor] if page.cursor else []
            if pages is not None and len(drained.pages) >= pages:
                break
    return drained


def polled(
    vendor: Vendor,
    answering: Answering,
    options: Mapping[str, Any],
    credentials: Mapping[str, str],
    since: Cursor | None = None,
    time: FakeTime | None = None,
    stream: str = "",
    pages: int | None = None,
) -> tuple[Drained, Sequence[Any]]:
    """One poll against a vendor that answers so, and what it was asked."""
    with vendor_server(answering) as server:
        connection = connected(vendor, server.url, options, **credentials)
        return asyncio.run(poll(vendor, connection, since, time, stream, pages)), server.asked


__all__ = ["Drained", "VendorServer", "connected", "poll", "polled"]

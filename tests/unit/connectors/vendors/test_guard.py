"""Requests reach public addresses by HTTPS, and what a connection allows by name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from connectors.addresses import is_public
from connectors.vendors.errors import AddressRefused
from connectors.vendors.guard import GuardedTransport


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:0a00:0001::",
    ],
)
def test_addresses_of_private_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def send(url: str, addresses: Sequence[str], allowed: Sequence[str] = ()) -> list[httpx.Request]:
    """What reached the network when ``url`` was asked and its name stood for ``addresses``."""
    sent: list[httpx.Request] = []

    def network(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if request.url.host == "93.184.216.1":
            raise httpx.ConnectError("away")
        return httpx.Response(200)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    async def go() -> None:
        transport = GuardedTransport(httpx.MockTransport(network), allowed, resolve)
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get(url)

    asyncio.run(go())
    return sent


def test_a_name_that_stands_for_a_private_address_is_refused() -> None:
    with pytest.raises(AddressRefused, match="private network"):
        send("https://vendor.test/x", ["93.184.216.34", "10.0.0.1"])


def test_a_request_without_encryption_is_refused() -> None:
    with pytest.raises(AddressRefused, match="encryption"):
        send("http://vendor.test/x", ["93.184.216.34"])


def test_a_host_that_the_connection_allows_may_be_private() -> None:
    assert send("http://localhost:81/x", ["127.0.0.1"], ["localhost"])


def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    (sent,) = send("https://vendor.test/x", ["93.184.216.34"])
    assert sent.url.host == "93.184.216.34"
    assert (sent.headers["host"], sent.extensions["sni_hostname"]) == ("vendor.test", "vendor.test")


def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    sent = send("https://vendor.test/x", ["93.184.216.1", "93.184.216.34"])
    assert [one.url.host for one in sent] == ["93.184.216.1", "93.184.216.34"]

"""Addresses of the internet: whatever sends where a setting or an answer says must not ask our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

# Addresses of the old world inside the new one (RFC 6052): what they embed is what is reached.
_EMBEDDING = ipaddress.ip_network("64:ff9b::/96")


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the system says. Raises ``OSError`` where there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet.

    >>> is_public("93.184.216.34"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1"), is_public("::1")
    (True, False, False, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found in _EMBEDDING:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast

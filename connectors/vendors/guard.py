"""Where requests may go: to public addresses by HTTPS, so that no option or answer can make us ask our own network.

The name is resolved once and the connection goes to the very address that was looked at (a second look-up could
say another one). Hosts that a connection allows by name may be private and unencrypted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

import httpx

from connectors.addresses import is_public, resolved
from connectors.vendors.errors import AddressRefused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port; raises ``OSError`` where there are none."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """Another transport that only reaches what may be reached."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, allowed: Collection[str] = (), resolve: Resolve = resolved
    ) -> None:
        self._inner = inner
        self._allowed = frozenset(allowed)
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the first address that takes a connection. Raises ``AddressRefused``, ``httpx.TransportError``."""
        failed: httpx.TransportError | None = None
        for address in await self._addresses(request):
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
                failed = exc
        raise failed or httpx.ConnectError("the host has no address")

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()

    async def _addresses(self, request: httpx.Request) -> Sequence[str]:
        host, open_to_private = request.url.host, request.url.host in self._allowed
        if request.url.scheme != "https" and not open_to_private:
            raise AddressRefused(f"{host} is not asked without encryption; say https://")
        try:
            found = await self._resolve(host, request.url.port or 443)
        except OSError as exc:
            raise httpx.ConnectError(f"no address: {exc}") from None
        if not open_to_private and not all(is_public(address) for address in found):
            raise AddressRefused(
                f"{host} is an address of a private network; if you mean it, add it to allow_private_hosts"
            )
        return found


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to one address; the host's name stays in its header and in the certificate's check."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )

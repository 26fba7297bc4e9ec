"""Apple's proof of who asks: a short ES256 token, made anew before it ends and after Apple refuses one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from connectors.vendors.port import Connection
from contracts.errors import WrongUsage

# Apple refuses what lives longer than 20 minutes.
LIFE: Final = timedelta(minutes=15)
# Made anew while it lives for less than this, so that no request is on its way when it ends.
SPARE: Final = timedelta(minutes=2)


def mint(key: str, key_id: str, issuer: str | None, now: datetime) -> str:
    """A token for ``LIFE`` from ``now``; without ``issuer`` for the key of one person. Raises ``WrongUsage``.

    The signature is raw r‖s of 64 bytes (RFC 7518 §3.4), which is what Apple takes.
    """
    claims: dict[str, Any] = {"iss": issuer} if issuer else {"sub": "user"}
    claims |= {"iat": int(now.timestamp()), "exp": int((now + LIFE).timestamp()), "aud": "appstoreconnect-v1"}
    try:
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": key_id, "typ": "JWT"})
    except (ValueError, jwt.PyJWTError):
        raise WrongUsage(
            "the credential private_key is no ES256 key; give the .p8 file as Apple made it (PEM, P-256)"
        ) from None


@dataclass
class Bearer:
    """The header of one connection's requests; ``now`` is the clock of its HTTP client."""

    connection: Connection
    key_id: str
    issuer: str | None
    now: Callable[[], datetime]
    _token: str = ""
    _ends: datetime | None = field(default=None)

    def header(self) -> dict[str, str]:
        """With a token that lives for a while."""
        if self._ends is None or self.now() + SPARE >= self._ends:
            self._renew()
        return {"authorization": f"Bearer {self._token}"}

    async def renewed(self) -> Mapping[str, str]:
        """With a new token, after a 401."""
        self._renew()
        return self.header()

    def _renew(self) -> None:
        now = self.now()
        self._token = mint(self.connection.credential("private_key"), self.key_id, self.issuer, now)
        self._ends = now + LIFE

"""API keys: made, shown once, and asked about at every request.

A key is ``uc_ID_SECRET``: an open id of 12 hex digits, and 32 random bytes. The store holds an HMAC-SHA-256 (128 bits)
of the whole under a key of the tenant's, which lies in the key store: the store alone opens nothing.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from limits import RateLimitItemPerSecond
from pydantic import TypeAdapter, ValidationError

from connectors.store.keys import ApiKey, KeyStore
from contracts.envelope import Tenant
from contracts.errors import QuotaExceeded, WrongUsage
from contracts.unfit import first_unfit
from wiring.edge.recent import Recent

Scope = Literal["feedback:write", "uploads:write"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

Digest = Callable[[str, bytes], str]
"""The keyed hash of a tenant's content (``LocalVault.digest``)."""

_TENANT: TypeAdapter[str] = TypeAdapter(Tenant)
_FORM = re.compile(r"uc_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")

KNOWN_FOR_S = 5.0
"""How long a key is believed without asking the store again: the longest that a revoked one still opens."""

USED_EVERY = timedelta(minutes=1)
_MOST_KNOWN = 10_000


class KeyRefused(Exception):
    """The request shows no key that opens this; ``status`` is 401 or, for a key without the scope, 403."""

    def __init__(self, status: Literal[401, 403], why: str) -> None:
        super().__init__(why)
        self.status = status


def make_key(
    store: KeyStore,
    digest: Digest,
    tenant: str,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    *,
    expires_at: datetime | None = None,
    per_s: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and what its owner has to send, which is told only here. Raises ``WrongUsage``."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise WrongUsage(f"scope {', '.join(unknown) or '(none)'}: there are {', '.join(SCOPES)}")
    try:
        _TENANT.validate_python(tenant)
    except ValidationError as exc:  # what came with it would be accepted, and no record of the journal
        raise WrongUsage(f"tenant {tenant}: {first_unfit(exc).why}") from None
    key_id = secrets.token_hex(6)
    shown = f"uc_{key_id}_{secrets.token_urlsafe(32)}"
    kept = ApiKey(key_id, tenant, name, _digest(digest, tenant, shown), tuple(scopes), now, per_s, expires_at)
    store.add(kept)
    return kept, shown


@dataclass
class Keyring:
    """Tells whose request it is; ``clock`` gives seconds that never go back."""

    store: KeyStore
    digest: Digest
    now: Callable[[], datetime]
    clock: Callable[[], float]
    _known: OrderedDict[str, tuple[float, ApiKey | None]] = field(default_factory=OrderedDict)
    _used: dict[str, datetime] = field(default_factory=dict)
    _counts: Recent = field(default_factory=Recent)

    def holder(self, shown: str, scope: Scope) -> ApiKey:
        """The key that was shown. Raises ``KeyRefused``, ``QuotaExceeded``; ``RetryLater`` while the store is away."""
        form = _FORM.fullmatch(shown)
        key = self._find(form[1]) if form else None
        # A key that nobody made is hashed too: how long an answer takes does not tell which ids there are.
        made = _digest(self.digest, key.tenant if key else "nobody", shown)
        if key is None or not hmac.compare_digest(made, key.digest) or not key.lives(self.now()):
            raise KeyRefused(401, "no such key, or it is over")
        if scope not in key.scopes:
            raise KeyRefused(403, f"this key lacks the scope {scope}")
        if key.per_s and not self._counts.hit(RateLimitItemPerSecond(10 * key.per_s, 10, "key"), key.id):
            raise QuotaExceeded(f"this key may send {key.per_s} requests a second", retry_after_s=1.0)
        self._note_use(key.id)
        return key

    def _find(self, key_id: str) -> ApiKey | None:
        known = self._known.get(key_id)
        if known is None or known[0] + KNOWN_FOR_S <= self.clock():
            known = self.clock(), self.store.find(key_id)
            self._known[key_id] = known
            self._known.move_to_end(key_id)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return known[1]

    def _note_use(self, key_id: str) -> None:
        now = self.now()
        if key_id not in self._used or now - self._used[key_id] >= USED_EVERY:
            self._used[key_id] = now
            self.store.used(key_id, now)


def _digest(digest: Digest, tenant: str, shown: str) -> str:
    return digest(tenant, b"api key\x1f" + shown.encode())

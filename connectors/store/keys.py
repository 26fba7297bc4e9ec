"""API keys: what is kept of them is an open id and a keyed hash; a key itself is shown once and kept by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from connectors.store.engine import micros, moment_of, store_errors, writing
from connectors.store.tables import api_keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key; ``per_s`` is requests a second, None for no limit of its own."""

    id: str
    tenant: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    made_at: datetime
    per_s: int | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Whether it opens anything at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Keeps keys."""

    engine: Engine

    def add(self, key: ApiKey) -> None:
        """Keep a new one."""
        row = {
            "id": key.id,
            "tenant": key.tenant,
            "name": key.name,
            "digest": key.digest,
            "scopes": list(key.scopes),
            "per_s": key.per_s,
            "made_at": micros(key.made_at),
            "expires_at": None if key.expires_at is None else micros(key.expires_at),
        }
        with writing(self.engine) as writer:
            writer.execute(insert(api_keys).values(row))

    def find(self, key_id: str) -> ApiKey | None:
        """The key of that id, None if there is none."""
        with store_errors(), self.engine.connect() as reader:
            row = reader.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        return None if row is None else _key(row)

    def all(self, tenant: str | None = None) -> Sequence[ApiKey]:
        """Every key, of a tenant or of all, in the order in which they were made."""
        asked = select(api_keys).order_by(api_keys.c.made_at, api_keys.c.id)
        if tenant is not None:
            asked = asked.where(api_keys.c.tenant == tenant)
        with store_errors(), self.engine.connect() as reader:
            return [_key(row) for row in reader.execute(asked)]

    def revoke(self, key_id: str, now: datetime) -> bool:
        """Let a key open nothing any more; False where there is none, or it was revoked before."""
        which = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with writing(self.engine) as writer:
            return writer.execute(update(api_keys).where(*which).values(revoked_at=micros(now))).rowcount > 0

    def used(self, key_id: str, now: datetime) -> None:
        """Note that a key was used."""
        with writing(self.engine) as writer:
            writer.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=micros(now)))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        digest=row.digest,
        scopes=tuple(row.scopes),
        made_at=moment_of(row.made_at),
        per_s=row.per_s,
        expires_at=_moment(row.expires_at),
        revoked_at=_moment(row.revoked_at),
        used_at=_moment(row.used_at),
    )


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment_of(kept)

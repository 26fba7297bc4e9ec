"""What an effect carries, sealed under its tenant's key while it waits; and keyed hashes of what was written.

The key store is SQLite and synchronous: one call at a time, in a thread of the caller's choice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from connectors.alerting.port import Notice
from connectors.keys.vault import LocalVault
from connectors.store.outbox import Effect
from contracts.errors import StateCorrupt
from contracts.feedback import TENANT_SUBJECT, Sealed
from contracts.priority import LinearIssue
from contracts.registry import write_record
from wiring.dispatch.words import without_quotes


class Envelopes:
    """Seals and opens what effects carry."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault
        self._lock = threading.Lock()

    def of_issue(self, record: LinearIssue) -> str:
        """A sealed issue record."""
        return self._seal(record.tenant, write_record(record))

    def of_notice(self, notice: Notice) -> str:
        """A sealed notice."""
        return self._seal(notice.tenant, orjson.dumps(asdict(notice)))

    def issue(self, effect: Effect) -> LinearIssue:
        """The issue record that an effect carries. Raises ``StateCorrupt``."""
        with _readable(effect):
            return LinearIssue.model_validate_json(self._open(effect))

    def notice(self, effect: Effect) -> Notice:
        """The notice that an effect carries. Raises ``StateCorrupt``."""
        with _readable(effect):
            told = orjson.loads(self._open(effect))
            return Notice(**told | {"at": datetime.fromisoformat(told["at"])})

    def without_quotes(self, effect: Effect) -> str | None:
        """The payload again, without what customers said."""
        return None if effect.payload is None else self.of_issue(without_quotes(self.issue(effect)))

    def hashes(self, tenant: str, fields: Mapping[str, Any]) -> dict[str, str]:
        """A keyed hash of each field's value, to tell later whether people changed it."""
        with self._lock:
            return {
                name: self._vault.digest(tenant, orjson.dumps([name, value]))
                for name, value in fields.items()
                if value is not None
            }

    def digest(self, tenant: str, text: str) -> str:
        """A keyed hash of a text, to find it again without keeping it."""
        with self._lock:
            return self._vault.digest(tenant, b"said\x1f" + text.encode())

    def subject(self, tenant: str, name: str) -> str:
        """Whose data a person's own name for themselves stands for."""
        with self._lock:
            return self._vault.subject(tenant, name)

    def _seal(self, tenant: str, content: bytes) -> str:
        with self._lock:
            return self._vault.seal(tenant, TENANT_SUBJECT, content).model_dump_json()

    def _open(self, effect: Effect) -> bytes:
        if effect.payload is None:
            raise StateCorrupt(f"effect {effect.id}: what it carries is gone; cancel it")
        with self._lock:
            opened = self._vault.open(effect.tenant, Sealed.model_validate_json(effect.payload))
        if opened is None:
            raise StateCorrupt(f"effect {effect.id}: the tenant's key is gone; cancel it")
        return opened


@contextmanager
def _readable(effect: Effect) -> Iterator[None]:
    """Turn what a payload that is none raises into ``StateCorrupt``; no message holds what it says."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as exc:
        why = f"effect {effect.id}: what it carries is not what was put in ({type(exc).__name__}); cancel it"
        raise StateCorrupt(why) from None

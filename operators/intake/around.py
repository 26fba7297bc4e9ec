"""What surrounds feedback: telemetry and implicit signals joined to it, and how its sources live.

Accounts are spoken of as items do: by their id, or by a hash where that may be a person's address. Sessions are hashed
and never handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope, Out
from contracts.feedback import FeedbackBody, FeedbackReceived, Signal, Telemetry, Tick
from contracts.stages import ItemTelemetry
from operators.intake.facts import account_id, safe_label, session_id
from operators.intake.sources import Sources
from operators.intake.telemetry import Measured, Scope
from operators.numbering import Numbering
from operators.ports import Vault
from operators.state import Table


class Around:
    """The surroundings of one journal partition; ``tables`` is their bulk state."""

    def __init__(self, vault: Vault, numbering: Numbering, loading: Table[bool]) -> None:
        self._vault = vault
        self._numbering = numbering
        self._loading = loading
        self._sources = Sources()
        self._measured = Measured()
        self.tables: Mapping[str, Table[Any]] = {
            "source_rates": self._sources.rates,
            "tick_hours": self._sources.hours,
            "telemetry": self._measured.hours,
            "usual": self._measured.usual,
        }

    def delivered(self, record: FeedbackReceived) -> None:
        """A source delivered something; what is loaded as history does not count."""
        if record.tenant not in self._loading:
            self._sources.delivered(record)

    def ticked(self, tick: Tick) -> tuple[Out, ...]:
        """The tick, then what there is to tell of sources."""
        self._measured.ticked(tick, lambda tenant: tenant in self._loading)
        told = [
            Signal.model_construct(
                **self._numbering.header(tick, tenant),
                kind="signal",
                event_time=tick.event_time,
                name=f"source_{one.what}",
                value=one.count,
                about=source,
                expected_milli=one.expected_milli,
                schema_version="1.0",
            )
            for tenant, source, one in self._sources.ticked(tick, self._loading)
        ]
        return (Out("redacted", tick), *(Out("redacted", signal) for signal in told))

    def take(self, record: Telemetry | Signal) -> Envelope:
        """Keep what was measured; the record as the stages behind may see it."""
        account = self.account(record.tenant, record.account)
        if isinstance(record, Telemetry):
            self._measured.told(record, self._scopes(record.tenant, record.session, account, record.version))
            return _spoken_of(record, account=account, session=None, version=safe_label(record.version))
        self._measured.seen(record, self._scopes(record.tenant, record.session, account, None))
        return _spoken_of(record, account=account, session=None)

    def before(self, tenant: str, at: datetime, body: FeedbackBody) -> ItemTelemetry | None:
        """What was measured before an item."""
        account = self.account(tenant, body.account)
        return self._measured.before(
            tenant, at, self._scopes(tenant, body.session, account, body.app_version)
        )

    def account(self, tenant: str, account: str | None) -> str | None:
        """The account as items speak of it."""
        return account_id(account, self._hashed(tenant))

    def _hashed(self, tenant: str) -> Callable[[str], str]:
        return lambda value: self._vault.subject(tenant, value)

    def _scopes(
        self, tenant: str, session: str | None, account: str | None, version: str | None
    ) -> Sequence[Scope]:
        """What a record or an item names, the most telling first."""
        named = safe_label(version)
        spoken = session_id(session, self._hashed(tenant))
        hashed = spoken and self._vault.subject(tenant, f"session {spoken}")[:16]
        given = (("s", hashed), ("a", account), ("v", named))
        return [(kind, name) for kind, name in given if name]


def _spoken_of(record: Telemetry | Signal, **names: str | None) -> Envelope:
    """The record with these names in it; itself where it has them."""
    is_same = all(getattr(record, field) == name for field, name in names.items())
    return record if is_same else record.model_copy(update=names)

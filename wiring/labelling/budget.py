"""Tell people that a tenant's money for models runs out: a signal in the journal, which becomes an alert.

In: where the money stands after each turn, and that a cap stopped a call.   Out: one signal for each period and state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from connectors.labelling.store import LabellingStore
from contracts.answers import MODEL_BUDGET
from contracts.envelope import Envelope
from contracts.feedback import Signal
from models.llm.spending import Ledger, Standing

Append = Callable[[Sequence[Envelope]], None]
"""Make records durable in the journal, in order; they happen when they are appended."""


class Budget:
    """Remembers in ``store`` what people were told; without a ``ledger`` nothing is known and nothing told."""

    def __init__(
        self,
        store: LabellingStore,
        append: Append,
        ledger: Ledger | None,
        on_standing: Callable[[str, Standing], None] = lambda _tenant, _standing: None,
    ) -> None:
        self._store = store
        self._append = append
        self._ledger = ledger
        self._on_standing = on_standing

    def look(self, tenants: Iterable[str], now: datetime) -> None:
        """See where the money of these tenants stands, and tell at 80 % of a cap."""
        for tenant in sorted(tenants) if self._ledger is not None else ():
            assert self._ledger is not None
            standing = self._ledger.standing(tenant, now.date())
            self._on_standing(tenant, standing)
            if standing.state == "alert":  # at 100 % the next call is stopped, and that is told
                month, day = _percents(standing)
                period = f"{now:%Y-%m}" if month >= day else f"{now:%Y-%m-%d}"
                self._tell(tenant, f"{tenant} {period} alert", max(month, day), now)

    def stopped(self, tenant: str, until: date, now: datetime) -> None:
        """A call was not made because it could have passed a cap; models are asked again from ``until`` on."""
        self._tell(tenant, f"{tenant} until {until} stopped", 100, now)

    def _tell(self, tenant: str, what: str, percent: int, now: datetime) -> None:
        if self._store.was_told(what):
            return
        told = Signal(id="", tenant=tenant, event_time=now, ingested_at=now, name=MODEL_BUDGET, value=percent)
        self._append([told])
        self._store.tell(what)


def _percents(standing: Standing) -> tuple[int, int]:
    """How much of the month's cap is spent, and of the day's."""
    caps = standing.caps
    month = 100 * standing.month_micro // caps.monthly_micro if caps.monthly_micro else 100
    day = 100 * standing.day_micro // caps.daily_micro if caps.daily_micro else 0
    return month, day

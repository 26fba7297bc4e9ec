"""How much of a tenant's money may still be spent: reserved before a call, settled after it, and forecast.

Amounts are whole millionths of a US dollar (micro). A reservation is the most that a call may cost, and counts as
spent until it is settled; one that never is, because its process died, counts for ever. So no cap is overstepped,
whatever many callers do at once: the store decides and writes in one step. Days are UTC and are passed in.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

from models.llm.errors import CapReached
from models.llm.prices import DOLLAR_MICRO

MONTHLY_MICRO = 5_000 * DOLLAR_MICRO
"""What a tenant may spend a month when nobody says otherwise."""

ALERT_PERCENT = 80
"""From this share of a cap on, people are told."""

FORECAST_DAYS = 7
"""A forecast goes by the mean of so many days."""

State = Literal["ok", "alert", "reached"]


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that a tenant may spend in a calendar month, and in a day (None: no cap of its own)."""

    monthly_micro: int = MONTHLY_MICRO
    daily_micro: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A store's no: which cap, and what is spent or reserved already."""

    period: Literal["day", "month"]
    spent_micro: int


class SpendStore(Protocol):
    """Where spending is kept; durable, and safe for many threads and processes."""

    def reserve(self, tenant: str, day: date, amount_micro: int, caps: Caps) -> int | Refused:
        """Count ``amount_micro`` as spent if both caps allow it, in one step; the reservation's number."""
        ...

    def settle(self, reservation: int, spent_micro: int) -> None:
        """Put what was really spent in the place of a reservation; once."""
        ...

    def by_day(self, tenant: str, first: date, last: date) -> Mapping[date, int]:
        """What was spent or is reserved on each day, both ends included; days without anything may be left out."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a tenant stands on a day; micro-dollars. ``forecast_micro``: what the month will have cost at its end."""

    day_micro: int
    month_micro: int
    forecast_micro: int
    caps: Caps

    @property
    def state(self) -> State:
        """``alert`` from 80 % of a cap on, ``reached`` from 100 %."""
        states = [_state(self.month_micro, self.caps.monthly_micro)]
        if self.caps.daily_micro is not None:
            states.append(_state(self.day_micro, self.caps.daily_micro))
        return max(states, key=("ok", "alert", "reached").index)

    @property
    def will_reach(self) -> bool:
        """The month's cap will be reached before its end, if it goes on so."""
        return self.forecast_micro >= self.caps.monthly_micro

    @property
    def left_micro(self) -> int:
        """What may still be spent now."""
        left = self.caps.monthly_micro - self.month_micro
        if self.caps.daily_micro is not None:
            left = min(left, self.caps.daily_micro - self.day_micro)
        return max(0, left)


class Ledger:
    """Spending of all tenants; ``caps_of`` says what each may spend."""

    def __init__(self, store: SpendStore, caps_of: Callable[[str], Caps] = lambda _tenant: Caps()) -> None:
        self._store = store
        self._caps_of = caps_of

    def reserve(self, tenant: str, day: date, most_micro: int) -> int:
        """Set the most that a call may cost aside; the reservation's number. Raises ``CapReached``."""
        caps = self._caps_of(tenant)
        got = self._store.reserve(tenant, day, most_micro, caps)
        if isinstance(got, int):
            return got
        cap = caps.monthly_micro if got.period == "month" else (caps.daily_micro or 0)
        until = day + timedelta(days=1) if got.period == "day" else _next_month(day)
        raise CapReached(tenant, period=got.period, cap_micro=cap, spent_micro=got.spent_micro, until=until)

    def settle(self, reservation: int, spent_micro: int) -> None:
        """Tell what a call really cost."""
        self._store.settle(reservation, spent_micro)

    def standing(self, tenant: str, day: date) -> Standing:
        """Where ``tenant`` stands on ``day``."""
        month = day.replace(day=1)
        first = min(month, day - timedelta(days=FORECAST_DAYS))
        spent = self._store.by_day(tenant, first, day)
        month_micro = sum(micro for at, micro in spent.items() if at >= month)
        left_days = monthrange(day.year, day.month)[1] - day.day
        return Standing(
            day_micro=spent.get(day, 0),
            month_micro=month_micro,
            forecast_micro=month_micro + left_days * _a_day_micro(spent, day),
            caps=self._caps_of(tenant),
        )


def _a_day_micro(spent: Mapping[date, int], day: date) -> int:
    """What a day costs: the mean of up to seven days before, since something was spent, or today if that is more."""
    before = [day - timedelta(days=n) for n in range(FORECAST_DAYS, 0, -1)]
    while before and not spent.get(before[0], 0):
        before.pop(0)
    mean = -(-sum(spent.get(at, 0) for at in before) // len(before)) if before else 0
    return max(mean, spent.get(day, 0))


def _state(spent_micro: int, cap_micro: int) -> State:
    if spent_micro >= cap_micro:
        return "reached"
    return "alert" if spent_micro * 100 >= cap_micro * ALERT_PERCENT else "ok"


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)

"""Join product telemetry and implicit signals to feedback: what the product did before somebody complained.

In:    telemetry records (a metric of an account, session or version in one hour), signals, ticks.
Out:   for an item, what was measured in the hour that it happened in or the nearest of the three before.
State: the last hours of each scope, and what is usual for a tenant. Bounded: hours that no item can ask for any more
are dropped by ticks, and a tenant has a bounded number of scopes.
A session tells more than an account, and an account more than a version. Where two metrics differ in age, each is the
nearest of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import EVERYONE
from contracts.feedback import Signal, Telemetry, Tick
from contracts.signals import SIGNALS, ambiguity_weight
from contracts.stages import ItemTelemetry
from operators.state import Table

HOUR_S = 3600

LOOK_BACK_H = 3
"""Hours before the one of a complaint that it may be about."""

KEPT_H = 48
"""Hours kept behind the tenant's clock: feedback of yesterday still finds its hour."""

SCOPES_PER_TENANT = 20_000
"""Sessions, accounts and versions of a tenant; more are left out until older ones are dropped."""

ERRORS, LATENCY, DEPLOY = "error_ratio", "latency_p95_ms", "deploy"
"""The metrics that are joined; ``deploy`` has a SHA and no value. Others pass by."""

USUAL_OF = 64
"""Records that what is usual looks back to."""

MOST = {ERRORS: 1.0, LATENCY: 86_400_000.0}
"""What a ratio, and a latency in ms, can be at most. Programs send what they like: what cannot be is not kept."""

ELEVATED_TIMES, ELEVATED_PPM = 3, 10_000
"""An error ratio of so many times the usual one, and of 1 % at least, is elevated; a latency of twice the usual."""

Scope = tuple[str, str]
"""``("s", session)``, ``("a", account)`` or ``("v", version)``."""

Hours = dict[int, list[Any]]
"""By hour since 1970: errors in millionths, latency in ms, deploy, and counts of signals by name; None: not told."""

_NAMES = {"s": "session", "a": "account", "v": "version"}


def _encode(hours: Hours) -> list[Any]:
    return [[hour, *row[:3], dict(sorted(row[3].items()))] for hour, row in sorted(hours.items())]


def _decode(rows: list[Any]) -> Hours:
    return {hour: list(row) for hour, *row in rows}


class Measured:
    """What was measured for the tenants of one partition; ``hours`` and ``usual`` are bulk state."""

    def __init__(self) -> None:
        self.hours: Table[Hours] = Table(_encode, _decode)
        self.usual: Table[list[int]] = Table(list, list)
        self._scopes: dict[str, int] | None = None

    def told(self, record: Telemetry, scopes: Sequence[Scope]) -> None:
        """Keep a measurement under each scope that it names; one that cannot be is none."""
        if record.metric in MOST and not 0 <= record.value <= MOST[record.metric]:
            return
        hour = int(record.event_time.timestamp()) // HOUR_S
        place = {ERRORS: 0, LATENCY: 1, DEPLOY: 2}.get(record.metric)
        value = round(record.value * 1_000_000) if place == 0 else round(record.value)
        for scope in scopes:
            row = self._row(record.tenant, scope, hour)
            if row is None:
                continue
            if place in (0, 1):
                row[place] = value
            if record.deploy is not None:
                row[2] = record.deploy
        if place in (0, 1):
            self._learn(record.tenant, 2 * place, value)

    def seen(self, record: Signal, scopes: Sequence[Scope]) -> None:
        """Count an implicit sign whose meaning is known."""
        hour = int(record.event_time.timestamp()) // HOUR_S
        for scope in scopes:
            row = self._row(record.tenant, scope, hour) if record.name in SIGNALS else None
            if row is not None:
                row[3][record.name] = min(row[3].get(record.name, 0) + max(1, record.value), 1_000_000)

    def before(self, tenant: str, at: datetime, scopes: Sequence[Scope]) -> ItemTelemetry | None:
        """What was measured before ``at``, from the first of the scopes that has anything; None where nothing was."""
        hour = int(at.timestamp()) // HOUR_S
        for scope in scopes:
            kept = self.hours.get(_key(tenant, scope)) or {}
            near = [kept[h] for h in range(hour, hour - LOOK_BACK_H - 1, -1) if h in kept]
            if near:
                return self._facts(tenant, scope, near)
        return None

    def ticked(self, tick: Tick, is_loading: Callable[[str], bool]) -> None:
        """Drop the hours that no item can ask for any more."""
        until = int(tick.event_time.timestamp()) // HOUR_S - KEPT_H
        last = self.usual.get(f"*{tick.tenant}") or [0]
        if until <= last[0]:
            return
        self.usual.put(f"*{tick.tenant}", [until])
        for key in self.hours.keys():  # noqa: SIM118 - a Table is no dict; its keys are sorted
            tenant = key.partition("|")[0]
            if tick.tenant == tenant or (tick.tenant == EVERYONE and not is_loading(tenant)):
                self._drop_before(key, until)

    def _drop_before(self, key: str, until: int) -> None:
        kept = self.hours[key]
        old = [hour for hour in kept if hour < until]
        for hour in old:
            del kept[hour]
        if not kept:
            self.hours.drop(key)
            self._scopes = None
        elif old:
            self.hours.touch(key)

    def _row(self, tenant: str, scope: Scope, hour: int) -> list[Any] | None:
        key = _key(tenant, scope)
        kept = self.hours.get(key)
        if kept is None:
            if self._count(tenant) >= SCOPES_PER_TENANT:
                return None
            kept = {}
            self.hours.put(key, kept)
            self._scopes = {**self._known(), tenant: self._count(tenant) + 1}
        self.hours.touch(key)
        return kept.setdefault(hour, [None, None, None, {}])

    def _known(self) -> dict[str, int]:
        if self._scopes is None:
            self._scopes = {}
            for key in self.hours.keys():  # noqa: SIM118 - a Table is no dict
                tenant = key.partition("|")[0]
                self._scopes[tenant] = self._scopes.get(tenant, 0) + 1
        return self._scopes

    def _count(self, tenant: str) -> int:
        return self._known().get(tenant, 0)

    def _learn(self, tenant: str, place: int, value: int) -> None:
        """What is usual: a mean over the last records, integers."""
        row = self.usual.get(tenant) or [0, 0, 0, 0]
        row[place] = min(row[place] + 1, USUAL_OF)
        row[place + 1] += (value - row[place + 1]) // row[place]
        self.usual.put(tenant, row)

    def _facts(self, tenant: str, scope: Scope, near: Sequence[Sequence[Any]]) -> ItemTelemetry:
        errors, latency, deploy = (
            next((row[n] for row in near if row[n] is not None), None) for n in range(3)
        )
        usual = self.usual.get(tenant) or [0, 0, 0, 0]
        signals: dict[str, int] = {}
        for row in near:
            for name, count in row[3].items():
                signals[name] = signals.get(name, 0) + count
        return ItemTelemetry.made(
            scope=_NAMES[scope[0]],
            error_ppm=errors,
            usual_error_ppm=usual[1] if errors is not None else None,
            latency_p95_ms=latency,
            usual_latency_p95_ms=usual[3] if latency is not None else None,
            deploy=deploy,
            elevated=_elevated(errors, latency, usual),
            signals=dict(sorted(signals.items())) or None,
            signal_weight_milli=ambiguity_weight(signals) if signals else None,
        )


def _elevated(errors: int | None, latency: int | None, usual: Sequence[int]) -> str | None:
    """Which measurement is far above what is usual."""
    if errors is not None and errors >= max(ELEVATED_PPM, ELEVATED_TIMES * usual[1]):
        return "errors"
    if latency is not None and usual[2] > 1 and latency >= 2 * usual[3] > 0:
        return "latency"
    return None


def _key(tenant: str, scope: Scope) -> str:
    return f"{tenant}|{scope[0]}:{scope[1]}"

"""What dispatch tells Prometheus; label values are kinds of destinations, outcomes and states, never names or ids."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from connectors.store.outbox import State

TRACKERS = ("linear", "jira")
STATES: tuple[State, ...] = ("proposed", "pending", "sending", "manual")

_START: Mapping[str, tuple[str, ...]] = {"linear": ("created", "gave_up"), "jira": ("created", "gave_up")}


class DispatchMetrics:
    """Counters of attempts by what came of them, and how much waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._issues = Counter(
            "undercurrent_tracker_issues_total",
            "Effects at trackers by what came of them; created and adopted are new issues.",
            ("tracker", "outcome"),
            registry=registry,
        )
        self._alerts = Counter(
            "undercurrent_alerts_sent_total",
            "Alerts to sinks by what came of them.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._records = Counter(
            "undercurrent_dispatch_records_total",
            "Records that were read; without a destination nothing is made of them.",
            ("outcome",),
            registry=registry,
        )
        self._waiting = Gauge(
            "undercurrent_outbox_effects",
            "Effects that are not finished.",
            ("kind", "state"),
            registry=registry,
        )
        self._paused = Gauge(
            "undercurrent_outbox_paused_destinations", "Destinations that rest.", (), registry=registry
        )
        for kind, outcomes in _START.items():
            for outcome in outcomes:
                self._issues.labels(kind, outcome)

    def attempted(self, kind: str, outcome: str) -> None:
        """Count an attempt."""
        counter = self._issues if kind in TRACKERS else self._alerts
        counter.labels(kind, outcome).inc()

    def read(self, outcome: Literal["taken", "known", "no_destination"]) -> None:
        """Count a record."""
        self._records.labels(outcome).inc()

    def stands(self, counts: Mapping[tuple[str, State], int], kinds: Mapping[str, str], paused: int) -> None:
        """Tell how much waits; ``counts`` by destination, ``kinds`` of destinations."""
        told: Count[tuple[str, State]] = Count()
        for (destination, state), count in counts.items():
            told[kinds.get(destination, "removed"), state] += count
        for kind in {*kinds.values(), *(kind for kind, _ in told)}:
            for state in STATES:
                self._waiting.labels(kind, state).set(told[kind, state])
        self._paused.set(paused)

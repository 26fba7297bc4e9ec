"""Webhook → issue at the simulated Linear, while feedback comes at a steady rate; settings as shipped.

``undercurrent up`` runs, with a simulated Intercom that is polled beside its webhooks. An issue's time begins when the
webhook is sent that made its rule fire: the journal record that the issue's id names. Where a tick fired it (a theme
got its label meanwhile), it is the tenant's last report before that tick. It ends when Linear has the issue. All on
one clock.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from typing import Any

from bench.headline.edge import write_destinations
from bench.headline.found import Cause, delivered, fired, once_each, opened, steps
from bench.headline.intercom import IntercomSite, write_connections
from bench.headline.product import product
from bench.headline.stories import conversations
from bench.headline.webhooks import Sent, send
from bench.kafka.common import Bench, quantile
from bench.kafka.workload import tenants
from tests.support.trackers.linear import TEAM, TOKEN, LinearSite
from tests.support.trackers.server import Asked, Said, Scripted

RATE = 50.0
SECONDS = 90.0
WARM_S = 20.0
"""Before that nothing counts: clients connect, models warm up, tenants get a background."""

DRAIN_S = 20.0
TENANTS_EACH = 1


class Seen(LinearSite):
    """A simulated Linear that remembers when it had each issue."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    def answer(self, asked: Asked) -> Said:
        """As ``LinearSite``."""
        said = super().answer(asked)
        now = time.time()
        for name in self.issues.keys() - self.at.keys():
            self.at[name] = now
        return said


def measure(bench: Bench, *, rate: float = RATE) -> dict[str, Any]:
    """Latencies in seconds, and how many issues they are of. Raises ``AssertionError`` where something is lost."""
    ground = bench.ground("headline")
    names, secret = tenants(ground.partitions, TENANTS_EACH), secrets.token_hex(32).encode()
    plan = conversations(names, rate=rate, seconds=WARM_S + SECONDS * min(1.0, bench.scale))
    intercom, site = IntercomSite(), Seen()
    with Scripted(intercom).running() as vendor, Scripted(site).running() as linear:
        files = {
            "connections": write_connections(ground.data, names, secret, vendor.url),
            "destinations": write_destinations(ground.data, names, f"{linear.url}/graphql", TEAM, TOKEN),
        }
        with product(ground, files) as running:
            processes, before = sorted(running.processes), running.cpu_s()
            sent = asyncio.run(send(running.address, secret, plan, intercom.say))
            used = {name: s - before.get(name, 0.0) for name, s in running.cpu_s().items()}
            time.sleep(DRAIN_S)
            deliveries = delivered(ground)
            times = fired(deliveries, opened(ground))
            copies, by_step = once_each(ground, deliveries, sent), steps(ground, deliveries)
    warm = {said.number for said in plan if said.at_s >= WARM_S}
    return {
        "processes": ", ".join(processes),
        "polled": dict(intercom.asked),
        "copies in the journal of a webhook's conversation": copies,
        "cpu_s": {name: round(s, 1) for name, s in sorted(used.items())},
        "p95_by_step_s": by_step,
        **acknowledged(sent),
        **latencies(times, sent, site.at, counted=warm),
    }


def acknowledged(sent: Sent) -> dict[str, Any]:
    """How webhooks were answered."""
    return {
        "webhooks": len(sent.took_s),
        "refused": len(sent.refused),
        "late_s": round(sent.late_s, 3),
        "ack_p50_ms": round(1000 * statistics.median(sent.took_s), 1),
        "ack_p95_ms": round(1000 * quantile(sent.took_s, 0.95), 1),
        "ack_p99_ms": round(1000 * quantile(sent.took_s, 0.99), 1),
    }


def latencies(
    fired: dict[str, Cause | None], sent: Sent, seen: dict[str, float], *, counted: set[int]
) -> dict[str, Any]:
    """From the webhook that fired each issue to when Linear had it.

    ``fired`` has every issue that the product says is to be opened. Raises ``AssertionError`` where Linear lacks one:
    an issue that nobody can see has no latency, however fast the topics before it were.
    """
    lost = sorted(fired.keys() - seen.keys())
    assert not lost, f"of {len(fired)} issues {len(lost)} do not stand at Linear, the first {lost[0]}"
    causes = {issue: cause for issue, cause in fired.items() if cause and cause.number in counted}
    found = [seen[issue] - sent.at[cause.number] for issue, cause in causes.items()]
    assert found, "no issue fired after the first seconds"
    return {
        "issues": len(found),
        "not_counted": len(fired) - len(found),
        "p50_s": round(statistics.median(found), 2),
        "p95_s": round(quantile(found, 0.95), 2),
        "longest_s": round(max(found), 2),
    }

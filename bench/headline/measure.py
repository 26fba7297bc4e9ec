"""Webhook → issue at the simulated Linear, while feedback comes at a steady rate; settings as shipped.

An issue's time begins when the webhook is sent that made its rule fire: the journal record that the issue's id names.
Where a tick fired it (a theme got its label meanwhile), it is the tenant's last report before that tick. It ends when
Linear has the issue. All on one clock.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.headline.edge import await_edge, command, write_connections, write_destinations
from bench.headline.stories import Message, conversations
from bench.headline.webhooks import Sent, send
from bench.kafka.common import Bench, Ground, quantile
from bench.kafka.processes import Processes
from bench.kafka.workload import tenants
from connectors.kafka.reading import between
from contracts.feedback import FeedbackReceived
from contracts.identity import ordinal_of, partition_of
from contracts.priority import LinearIssue
from contracts.registry import read_record
from tests.support.trackers.linear import TEAM, TOKEN, LinearSite
from tests.support.trackers.server import Asked, Said, Scripted
from wiring.kafka.properties import free_port
from wiring.kafka.topics import apply_topics
from wiring.topics import STAGES

RATE = 50.0
SECONDS = 90.0
WARM_S = 20.0
"""Before that nothing counts: clients connect, models warm up, tenants get a background."""

DRAIN_S = 20.0
TENANTS_EACH = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """A journal record of feedback: which message it is of, and its tenant."""

    number: int
    tenant: str
    ordinal: int


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
    """Latencies in seconds, and how many issues they are of."""
    ground = bench.ground("headline")
    apply_topics(ground.cluster, ground.naming, partitions=ground.partitions)
    names, secret, port = (
        tenants(ground.partitions, TENANTS_EACH),
        secrets.token_hex(32).encode(),
        free_port(),
    )
    plan = conversations(names, rate=rate, seconds=WARM_S + SECONDS * min(1.0, bench.scale))
    site = Seen()
    with Scripted(site).running() as linear:
        env = {
            "UNDERCURRENT_CONNECTIONS": str(write_connections(ground.data, names, secret)),
            "UNDERCURRENT_DESTINATIONS": str(
                write_destinations(ground.data, names, f"{linear.url}/graphql", TEAM, TOKEN)
            ),
        }
        with (
            Processes(ground, dict.fromkeys(STAGES, 1)) as stages,
            command(ground, "edge", "--port", str(port), "--no-poll", env=env) as edge,
            command(ground, "publish"),
            command(ground, "dispatch", env=env),
            command(ground, "ticker"),
            command(ground, "feeder"),
        ):
            stages.await_ready()
            await_edge(port, edge, ground.data / "edge.log")
            address = f"http://127.0.0.1:{port}/webhooks/intercom/{{tenant}}-intercom"
            sent = asyncio.run(send(address, secret, plan))
            time.sleep(DRAIN_S)
            return _figures(ground, plan, sent, site.at)


def _figures(ground: Ground, plan: list[Message], sent: Sent, seen: Mapping[str, float]) -> dict[str, Any]:
    causes = _causes(ground)
    found, without, unseen = [], 0, 0
    for issue in _opened(ground):
        number, ended = _number(causes, issue), seen.get(issue.issue_id)
        if ended is None:
            unseen += 1
        elif number is None or number not in sent.at or plan[number].at_s < WARM_S:
            without += 1
        else:
            found.append(ended - sent.at[number])
    assert found, f"of {unseen + without} issues none stands at Linear that can be counted, see {ground.data}"
    return {
        "webhooks": len(sent.took_s),
        "refused": len(sent.refused),
        "late_s": round(sent.late_s, 3),
        "ack_p50_ms": round(1000 * statistics.median(sent.took_s), 1),
        "ack_p99_ms": round(1000 * quantile(sent.took_s, 0.99), 1),
        "issues": len(found),
        "not_counted": without,
        "not_at_linear": unseen,
        "p50_s": round(statistics.median(found), 2) if found else None,
        "p95_s": round(quantile(found, 0.95), 2) if found else None,
        "longest_s": round(max(found), 2) if found else None,
    }


def _causes(ground: Ground) -> dict[tuple[int, int], Cause]:
    """Feedback of the journal by its place; its origin names the conversation."""
    found = {}
    for p, there in ground.held("journal").items():
        for ordinal, message in enumerate(
            between(ground.cluster, ground.naming.journal, p, there.first, there.end), there.first
        ):
            record = read_record("journal", message.value() or b"")
            if isinstance(record, FeedbackReceived):
                number = int(record.found_at.origin.rpartition(" ")[2])
                found[p, ordinal] = Cause(number, record.tenant, ordinal)
    return found


def _opened(ground: Ground) -> list[LinearIssue]:
    """Issues that are to be opened, as the topic says."""
    found = []
    name = ground.naming.topic("linear")
    for p, there in ground.held("linear").items():
        for message in between(ground.cluster, name, p, there.first, there.end):
            record = read_record("linear", message.value() or b"")
            if isinstance(record, LinearIssue) and record.change == "open":
                found.append(record)
    return found


def _number(causes: Mapping[tuple[int, int], Cause], issue: LinearIssue) -> int | None:
    """The message that fired an issue: its cause, or the tenant's last before the tick that was."""
    place = partition_of(issue.id), ordinal_of(issue.id)
    if place in causes:
        return causes[place].number
    before = [
        cause
        for (p, ordinal), cause in causes.items()
        if p == place[0] and ordinal < place[1] and cause.tenant == issue.tenant
    ]
    return max(before, key=lambda cause: cause.ordinal).number if before else None

"""How long a webhook waits for its answer, which comes when a real broker has its records.

``python -m bench.edge_ack [--rate 200] [--seconds 40]``

The edge is ``undercurrent edge`` as people run it; webhooks are signed Intercom's, open loop, each by a new author, to
12 tenants in turn. The sender and the broker run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.headline.edge import await_edge, command
from bench.headline.intercom import write_connections
from bench.headline.stories import Message
from bench.headline.webhooks import Sent, send
from bench.kafka.common import Bench, quantile
from bench.kafka.workload import tenants
from connectors.kafka.reading import held
from settings import load_settings
from wiring.kafka.broker import open_broker
from wiring.kafka.properties import free_port
from wiring.kafka.topics import apply_topics

WARM_S = 5.0
TEXT = "Since the update of last week the export to CSV stops at row {n} and says nothing"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=40.0)
    told = parser.parse_args()
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        with TemporaryDirectory(prefix="undercurrent-bench-") as folder:
            for name, value in measure(Bench(broker.cluster, Path(folder)), told.rate, told.seconds).items():
                print(f"{name}: {value}")
    finally:
        broker.stop()


def measure(bench: Bench, rate: float, seconds: float) -> dict[str, Any]:
    """Seconds to an answer, and how many records lie in the journal and the bulk lane of what was answered with 200."""
    ground = bench.ground("edge-ack")
    apply_topics(ground.cluster, ground.naming, partitions=ground.partitions)
    names, secret, port = tenants(ground.partitions, 1), secrets.token_hex(32).encode(), free_port()
    env = {"UNDERCURRENT_CONNECTIONS": str(write_connections(ground.data, names, secret))}
    with command(ground, "edge", "--port", str(port), "--no-poll", env=env) as edge:
        await_edge(port, edge, ground.data / "edge.log")
        address = f"http://127.0.0.1:{port}/webhooks/intercom/{{tenant}}-intercom"
        warm = asyncio.run(send(address, secret, _plan(names, rate / 2, WARM_S, first=0)))
        sent = asyncio.run(send(address, secret, _plan(names, rate, seconds, first=10_000_000)))
    places = [
        (ground.naming.topic(short), p) for short in ("journal", "bulk") for p in range(ground.partitions)
    ]
    there = sum(place.end for place in held(ground.cluster.admin(), places).values())
    return _told(sent, seconds) | {
        "not answered with 200": len(sent.refused) + len(warm.refused),
        "records there beyond those answered with 200": there - _taken(sent) - _taken(warm),
    }


def _plan(names: list[str], rate: float, seconds: float, *, first: int) -> list[Message]:
    return [
        Message(
            n / rate, names[n % len(names)], first + n, f"a-{n % 97}", "pro", TEXT.format(n=n), is_story=False
        )
        for n in range(int(rate * seconds))
    ]


def _told(sent: Sent, seconds: float) -> dict[str, Any]:
    return {
        "webhooks a second": round(len(sent.took_s) / seconds, 1),
        **{f"p{round(100 * q)} ms": round(1000 * quantile(sent.took_s, q), 1) for q in (0.5, 0.95, 0.99)},
        "slowest ms": round(1000 * max(sent.took_s), 1),
        "sender late by at most ms": round(1000 * sent.late_s, 1),
    }


def _taken(sent: Sent) -> int:
    return len(sent.took_s) - len(sent.refused)


if __name__ == "__main__":
    main()

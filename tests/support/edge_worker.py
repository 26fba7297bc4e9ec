"""A process with an edge before Kafka and the made-up vendor: ``edge_worker BOOTSTRAP PREFIX DATA PORT``."""

from __future__ import annotations

import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from connectors.faust.app import Message, Reader, Serving, run_app
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.store.engine import open_store, sqlite_url
from connectors.vendors.port import Connection
from tests.support.edge import SECRET, Desk
from wiring.edge.app import Edge, open_edge
from wiring.edge.quotas import Quota
from wiring.kafka.running import Site

TENANTS = 20
PARTITIONS = 2


class ToldDesk(Desk):
    """Says on standard output that it is polled: this process leads."""

    def poll(self, *_: object) -> object:  # type: ignore[override]
        print("polled", flush=True)
        return super().poll(*_)  # type: ignore[arg-type]


async def take(message: Message) -> None:
    """Say what came; ``bad`` cannot be taken."""
    if message.value == b"bad":
        raise ValueError("bad")
    print(f"took {message.offset}", flush=True)


async def set_aside(message: Message, _error: Exception) -> None:
    """Say what was set aside."""
    print(f"aside {message.offset}", flush=True)


def main(bootstrap: str, prefix: str, data: str, port: str) -> None:
    naming = Naming(prefix=prefix)
    connections = {
        f"t{n}-desk": Connection(f"t{n}-desk", "desk", f"t{n}", signing_secrets=lambda: (SECRET,))
        for n in range(TENANTS)
    }
    edge = Edge(
        site=Site(Cluster(bootstrap), naming, Path(data), PARTITIONS),
        connections=connections,
        store=open_store(sqlite_url(Path(data) / "store.sqlite3")),
        quota=Quota(),
        serving=Serving(int(port)),
        vendors={"desk": ToldDesk()},
        readers=[Reader("dispatcher", naming.public("linear"), take, set_aside)],
        poll_every_s=3600.0,
    )
    with open_edge(edge, CollectorRegistry()) as opened:
        run_app(opened.app)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How a broker of our own is set up: one node, KRaft, 127.0.0.1, small."""

from __future__ import annotations

import platform
import socket
from collections.abc import Mapping

from connectors.kafka.cluster import LARGEST_RECORD
from wiring.supervising.plan import LOOPBACK, free_addresses

# What a batch adds to the largest record: its header, the key, CloudEvents headers.
BATCH_OVERHEAD = 64 << 10

_FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "message.max.bytes": str(LARGEST_RECORD + BATCH_OVERHEAD),
    # After a kill the controller waits this long before it believes the broker that comes back: 9 s otherwise.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    # 128 MB of a 512 MB heap otherwise; 8 MB hold 350,000 keys a pass.
    "log.cleaner.dedupe.buffer.size": str(8 << 20),
    # 10 MB are set aside for each segment's index otherwise; 1 MB indexes 512 MB of log.
    "log.index.size.max.bytes": str(1 << 20),
}


def broker_properties(
    bind: str, port: int, controller: int, advertised: str, log_dirs: str | None
) -> dict[str, str]:
    """The broker's settings; ``port`` is where it listens, ``advertised`` is ``host:port`` for clients."""
    properties = {
        **_FIXED,
        "listeners": f"BROKER://{bind}:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"BROKER://{advertised}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
    }
    return properties if log_dirs is None else {**properties, "log.dirs": log_dirs}


def as_environment(properties: Mapping[str, str]) -> dict[str, str]:
    """The same settings as Kafka's image takes them: ``KAFKA_NODE_ID`` for ``node.id``."""
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in properties.items()}


def free_ports(count: int) -> tuple[int, ...]:
    """``count`` different ports of 127.0.0.1 that nothing has. Raises ``OSError`` when there are none."""
    return tuple(int(address.rpartition(":")[2]) for address in free_addresses(count))


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def hold(port: int) -> int | None:
    """Keep a port for a server that comes to it later: an open file, to be closed, or None if it cannot be kept.

    On Linux a socket that is bound and listens to nothing bars who looks for a free port (``free_ports``), but not a
    server that asks for just this one with ``SO_REUSEADDR``, as Java's do. Elsewhere nothing is kept.
    """
    if platform.system() != "Linux":
        return None
    with socket.socket() as keeper:
        try:
            keeper.bind((LOOPBACK, port))
        except OSError:  # somebody has it, or has let go of it a moment ago
            return None
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return keeper.detach()


def is_free(port: int) -> bool:
    """Whether something could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True

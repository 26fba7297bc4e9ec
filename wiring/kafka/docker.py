"""A broker in Docker, through testcontainers: Kafka's own image, reached on 127.0.0.1 alone."""

from __future__ import annotations

import gc
import time
import warnings
from typing import Any, Final

from connectors.kafka.cluster import Cluster
from contracts.errors import StopWorker
from wiring.kafka.jars import KAFKA_VERSION
from wiring.kafka.properties import as_environment, broker_properties, free_port
from wiring.kafka.server import answers

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_INSIDE = 9092

# A daemon that is there answers in milliseconds.
_DAEMON_WITHIN_S = 2

# A container is new: it has no logs to look through.
READY_WITHIN_S = 60.0


def no_docker() -> str | None:
    """Why Docker is no choice here, or None when its daemon answers."""
    try:
        from docker.errors import DockerException
        from testcontainers.core.docker_client import DockerClient
    except ImportError:
        return "testcontainers is not installed"
    with warnings.catch_warnings():
        # The client forgets to close the socket on which nobody answered.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            client = DockerClient(timeout=_DAEMON_WITHIN_S).client
            client.ping()
            client.close()
        except (DockerException, OSError):  # the client's errors; its HTTP library's are OSErrors
            answered = False
        else:
            answered = True
        gc.collect()
    return None if answered else "no Docker daemon answers"


class DockerBroker:
    """One container, removed at the end; ``pid`` is None, as it is no process of ours."""

    pid: Final = None

    def __init__(self, why: str) -> None:
        """Choose the port. ``start`` pulls the image and starts it."""
        self.why: Final = why
        self.port: Final = free_port()
        self.bootstrap: Final = f"127.0.0.1:{self.port}"
        self._container: Any = None

    @property
    def cluster(self) -> Cluster:
        """Clients for this broker."""
        return Cluster(self.bootstrap)

    def start(self) -> None:
        """Start and wait until it answers. Raises ``StopWorker``."""
        from docker.errors import DockerException
        from testcontainers.core.container import DockerContainer

        try:
            self._container = DockerContainer(IMAGE, env=environment(self.port))
            # Not with_bind_ports: it takes no address, and would listen on every one.
            self._container.ports[f"{_INSIDE}/tcp"] = ("127.0.0.1", self.port)
            self._container.start()
        except (DockerException, OSError) as exc:  # no image, no rights, no room
            raise StopWorker(f"Docker cannot start {IMAGE}: {exc}") from exc
        deadline = time.monotonic() + READY_WITHIN_S
        while not answers(self.cluster):
            if time.monotonic() > deadline:
                self.stop()
                raise StopWorker(f"{IMAGE} in Docker does not answer after {READY_WITHIN_S:.0f} s")
            time.sleep(0.1)

    def stop(self) -> None:
        """End and remove it, its data with it."""
        if self._container is not None:
            self._container.stop()
            self._container = None


def environment(port: int) -> dict[str, str]:
    """What Kafka's image is told; clients reach it on ``port`` of 127.0.0.1."""
    inside = "0.0.0.0"  # noqa: S104 - inside the container, which publishes it on 127.0.0.1
    properties = broker_properties(inside, _INSIDE, _INSIDE + 1, f"127.0.0.1:{port}", None)
    return {**as_environment(properties), "KAFKA_HEAP_OPTS": "-Xmx512m"}

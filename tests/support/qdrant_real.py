"""A real Qdrant server for tests: the one that is configured, else Docker's, else a skip that says why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from qdrant_client import QdrantClient

from settings import Settings
from wiring.kafka.docker import no_docker
from wiring.kafka.properties import free_port

IMAGE = "qdrant/qdrant:v1.20.0"
READY_WITHIN_S = 60.0


@contextmanager
def real_server(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Its address and key. A server that is configured and does not answer fails the test: it was asked for."""
    key = settings.qdrant_api_key
    if settings.qdrant_url:
        yield settings.qdrant_url, key.get_secret_value() if key else None
        return
    if why := no_docker():
        pytest.skip(f"no Qdrant server: UNDERCURRENT_QDRANT_URL is not set, and {why}")
    from testcontainers.core.container import DockerContainer

    port = free_port()
    container: Any = DockerContainer(IMAGE)
    # Not with_bind_ports: it takes no address, and would listen on every one.
    container.ports["6333/tcp"] = ("127.0.0.1", port)
    container.start()
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", None
    finally:
        container.stop()


def wait_for(url: str) -> None:
    """Return when the server at ``url`` answers."""
    deadline = time.monotonic() + READY_WITHIN_S
    with closing(QdrantClient(url=url, check_compatibility=False, timeout=2)) as client:
        while True:
            try:
                client.info()
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


def remove_generation(url: str, api_key: str | None, generation: str) -> None:
    """Leave a server that others use as it was."""
    with closing(QdrantClient(url=url, api_key=api_key, check_compatibility=False)) as client:
        for found in client.get_collections().collections:
            if f"_{generation}_v" in found.name:
                client.delete_collection(found.name)

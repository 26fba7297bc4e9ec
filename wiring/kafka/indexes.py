"""The vector index of a stage on Kafka: one Qdrant server for all, or an embedded Qdrant for each partition.

An embedded one is held open by one process, so a partition takes its own along when it moves to another process.
"""

from __future__ import annotations

from functools import cache

from connectors.jsonl.layout import part_name
from models.themes.policy import ThemePolicy
from operators.ports import VectorIndex
from settings import Settings
from wiring.kafka.running import Site
from wiring.stages.made import OpenIndex


def indexes(site: Site, settings: Settings) -> OpenIndex:
    """How a stage opens the index of a partition; see ``UNDERCURRENT_QDRANT_URL``."""
    generation = site.data / site.naming.generation

    @cache
    def server(encoder_version: str, dims: int) -> VectorIndex:
        from connectors.qdrant.server import open_server_index

        key = settings.qdrant_api_key
        return open_server_index(
            settings.qdrant_url,
            key.get_secret_value() if key else None,
            site.naming.generation,
            encoder_version,
            dims,
            ThemePolicy().components,
            generation / "themes" / "outbox",
        )

    def opened(partition: int, encoder_version: str, dims: int) -> VectorIndex:
        if settings.qdrant_url:
            return server(encoder_version, dims)
        from wiring.stages.themes import open_index  # only the stage that asks loads what it takes

        return open_index(generation / "qdrant" / part_name(partition), encoder_version, dims)

    return opened

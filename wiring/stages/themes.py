"""What themes asks: a vector index."""

from __future__ import annotations

from pathlib import Path

from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from connectors.qdrant.edge import EdgeIndex
from models.encoders.base import Encoder
from models.encoders.load import encoder_identity
from models.themes.policy import ThemePolicy
from operators.ports import VectorIndex
from operators.themes.audit import AuditTally
from operators.themes.step import ThemesStep
from settings import Settings
from wiring.stages.made import Made, OpenIndex


def open_index(folder: Path, encoder_version: str, dims: int) -> EdgeIndex:
    """The embedded Qdrant in a folder, for one encoder."""
    return EdgeIndex(
        folder, encoder_version=encoder_version, item_dims=dims, theme_dims=ThemePolicy().components
    )


def memory_index(encoder: Encoder) -> MemoryIndex:
    """An index that is gone with the process, for the reference runner."""
    return MemoryIndex(item_dims=encoder.dims, theme_dims=ThemePolicy().components)


def open_alone(
    vault: LocalVault, settings: Settings, open_index: OpenIndex, opened: list[VectorIndex]
) -> Made:
    """Themes as a flow of its own; the indexes that it opens are added to ``opened``."""
    version, dims = encoder_identity(settings.encoder)
    audit = AuditTally()

    def step(partition: int) -> ThemesStep:
        opened.append(open_index(partition, version, dims))
        return ThemesStep(vault, opened[-1], version, ThemePolicy(), audit)

    return Made(step)

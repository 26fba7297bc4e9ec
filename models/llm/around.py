"""What stands around another provider is called as that one is."""

from __future__ import annotations

from models.llm.base import Provider


class Around:
    """The name and model of ``inner``."""

    def __init__(self, inner: Provider) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The inner provider's."""
        return self._inner.name

    @property
    def model(self) -> str:
        """The inner provider's."""
        return self._inner.model

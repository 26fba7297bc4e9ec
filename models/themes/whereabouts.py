"""Where concerns and themes are in a theme engine."""

from __future__ import annotations

from models.themes.members import concern_hash
from models.themes.state import EngineState


class StatePlaces:
    """Where everything is in an engine."""

    def __init__(self, state: EngineState) -> None:
        self._state = state

    def theme_of(self, concern_id: str) -> str | None:
        """See ``Places.theme_of``."""
        ordinal = self._ordinal(concern_id)
        return None if ordinal is None else self._state.themes.root(ordinal).theme_id

    def origin_of(self, concern_id: str) -> str | None:
        """See ``Places.origin_of``."""
        ordinal = self._ordinal(concern_id)
        return None if ordinal is None else self._state.themes.origins[ordinal].theme_id

    def knows(self, concern_id: str) -> bool:
        """See ``Places.knows``."""
        return self._state.members.get(concern_hash(concern_id)) is not None

    def has_theme(self, theme_id: str) -> bool:
        """See ``Places.has_theme``."""
        return theme_id in self._state.themes.by_id

    def chain(self, theme_id: str) -> tuple[str, ...]:
        """See ``Places.chain``."""
        origin = self._state.themes.by_id.get(theme_id)
        found = [theme_id]
        while origin is not None and origin.parent is not None:
            origin = self._state.themes.origins[origin.parent]
            found.append(origin.theme_id)
        return tuple(found)

    def resolve(self, theme_id: str) -> str:
        """See ``Places.resolve``."""
        return self.chain(theme_id)[-1]

    def group_of(self, theme_id: str) -> str | None:
        """See ``Places.group_of``."""
        origin = self._state.themes.by_id.get(theme_id)
        return None if origin is None else origin.group

    def speaks(self, concern_id: str) -> str | None:
        """See ``Places.speaks``."""
        slot = self._state.shelf.slot_of.get(concern_id)
        if slot is not None:
            return self._state.shelf.groups[slot]
        theme = self.origin_of(concern_id)
        return None if theme is None else self.group_of(theme)

    def _ordinal(self, concern_id: str) -> int | None:
        ordinal = self._state.members.get(concern_hash(concern_id))
        return None if ordinal is None or ordinal < 0 else ordinal

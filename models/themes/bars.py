"""How alike two themes of a group must be to be one, as its themes lie now."""

from __future__ import annotations

import numpy as np

from models.themes.merges import Bars, kept_share, likeness_needed, nearest_themes
from models.themes.quanta import product_us
from models.themes.state import EngineState

_TYPICAL_OF = range(64, 513)
"""How many themes tell how near a typical one is to its nearest: the first by id, so any, and always the same; …"""
_TYPICAL_PAIRS = 2**21
"""… fewer when there are very many to compare each with."""


def bars_of(state: EngineState, group: str) -> tuple[Bars, int]:
    """At which likeness two themes of a group are one, and the cost of finding out in microseconds."""
    assert state.space is not None
    book, joining = state.themes.books[group], state.space.level(group).threshold
    asked = _TYPICAL_PAIRS // max(len(book.roots), 1)
    rows = np.arange(min(max(asked, _TYPICAL_OF[0]), _TYPICAL_OF[-1], len(book.roots)))
    _, nearest = nearest_themes(book.units, kept_share(np.maximum(book.total_n, 1.0), joining), rows)
    bars = likeness_needed(nearest, len(book.roots), joining, state.policy)
    return bars, product_us(len(rows), len(book.roots), 2 * state.policy.components)

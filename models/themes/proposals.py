"""Merges and splits that the engine would do and people want to be asked about.

A theme that a person pinned, named or muted, and any of a tenant whose autonomy is ``suggest``, is not merged or
split: that is proposed, once, until it is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from models.themes.centroids import Origin
from models.themes.changes import Proposed
from models.themes.constraints import By
from models.themes.state import EngineState
from models.themes.whereabouts import StatePlaces

MOST = 200
"""Proposals of a tenant that wait; beyond that nothing is proposed until some are decided."""

_ENGINE = By("", "proposal", "themes")


def may_merge(state: EngineState, one: Origin, other: Origin) -> Literal["act", "propose", "never"]:
    """What the engine may do of its own accord about two themes that it takes for one."""
    constraints, ids = state.constraints, (one.theme_id, other.theme_id)
    if not len(constraints):
        return "act"
    if constraints.parted(*ids, StatePlaces(state)) is not None:
        return "never"
    if not any(map(constraints.is_guarded, ids)):
        return "act"
    return "never" if all(constraints.get("pinned", theme) for theme in ids) else "propose"


def may_split(state: EngineState, root: Origin) -> Literal["act", "propose", "never"]:
    """What the engine may do of its own accord about a theme that it takes for two."""
    constraints = state.constraints
    if not len(constraints):
        return "act"
    if constraints.keeps_whole(root.theme_id, StatePlaces(state)):
        return "never"
    return "propose" if constraints.is_guarded(root.theme_id) else "act"


def propose_merge(
    state: EngineState, gone: Origin, into: Origin, similarity: float, needed: float
) -> list[Proposed]:
    """Say that two themes look like one, if that was not said before; a pinned one is the one that stays."""
    if state.constraints.get("pinned", gone.theme_id):
        gone, into = into, gone
    ids = gone.theme_id, into.theme_id
    if not _is_new(state, f"merge {' '.join(sorted(ids))}", *ids):
        return []
    return [Proposed("merge", *ids, (), similarity, needed)]


def propose_split(
    state: EngineState, root: Origin, concerns: Sequence[str], similarity: float, needed: float
) -> list[Proposed]:
    """Say that these concerns look like a theme of their own, if that was not said before."""
    if not _is_new(state, f"split {root.theme_id}", root.theme_id):
        return []
    return [Proposed("split", root.theme_id, None, tuple(concerns), similarity, needed)]


def _is_new(state: EngineState, name: str, *themes: str) -> bool:
    rows = state.constraints.rows["proposed"]
    if name in rows or len(rows) >= MOST:
        return False
    state.constraints.put("proposed", name, _ENGINE, *themes)
    return True

"""What an assignment says besides its theme: whether it repeats another, how fast the theme grows, a precedent.

In: a concern's change, and the profiles as they were before it.   Out: optional fields of ``Assignment``.
Elsewhere: the alert that a precedent leads to (``operators.prioritise``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.stages import Decision, Precedent
from models.themes.changes import Assigned
from models.themes.pace import velocity
from operators.calendar import moment
from operators.themes.profiles import Profile, Profiles

CRITICAL_SHARE = 0.5
"""A theme is critical when so many of its concerns are, …"""
CRITICAL_LEAST = 3
"""… and at least so many: one angry customer makes no incident."""
VERY_CLOSE = 0.70
"""Cosine to the centroid, in decision space, from which a concern is very close to a theme."""


def is_critical(decision: Decision) -> bool:
    """Whether a concern counts as critical; praise does not, whatever words it uses."""
    return decision.severity == "critical" and decision.sentiment != "positive"


def precedent(change: Assigned, profiles: Profiles) -> Precedent | None:
    """The critical theme that a concern is very close to on arrival, as it stood before; None if there is none."""
    if not change.arrival or change.similarity < VERY_CLOSE:
        return None
    theme = profiles.root(change.theme_id)
    parts = [profiles.table[part] for part in profiles.family(theme)]
    critical = sum(part.critical for part in parts)
    marked = next((part.marked_by for part in parts if part.marked_by is not None), None)
    concerns = sum(part.concerns for part in parts)
    if marked is None and (critical < CRITICAL_LEAST or critical < CRITICAL_SHARE * concerns):
        return None
    example, at_s = _incident(parts)
    return Precedent.made(
        theme_id=theme,
        concern_id=example,
        at=moment(at_s),
        similarity_milli=round(1000 * change.similarity),
        critical=critical,
        concerns=concerns,
        marked_by=marked,
    )


def _incident(parts: Sequence[Profile]) -> tuple[str, int]:
    """The latest critical concern and its time; where none is known any more, the concern that shows the theme best."""
    incidents = [part.incident for part in parts if part.incident]
    if incidents:
        concern, at_s = max(incidents, key=lambda incident: (incident[1], incident[0]))
        return concern, at_s
    shown = [(part.gallery.representatives(1), part.last_s) for part in parts]
    return next(((names[0], at_s) for names, at_s in shown if names), ("", parts[0].last_s))


def speed(theme: str, profiles: Profiles) -> dict[str, Any]:
    """How fast a theme and what merged into it grow, at its latest concern."""
    parts = [profiles.table[part] for part in profiles.family(profiles.root(theme))]
    now, before = velocity((part.pace for part in parts), max(part.last_s for part in parts))
    return {"velocity_milli": now, "velocity_before_milli": before}

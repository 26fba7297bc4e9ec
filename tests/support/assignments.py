"""Assignments as the engine says them, for tests that only care who went where."""

from __future__ import annotations

from models.themes.changes import Assigned, Moved
from models.themes.evidence import Evidence

_PLAIN = Evidence(size=500, words=None, company=None, likeness=None)


def assignment(concern: str, theme: str, *, p_milli: int = 900) -> Assigned:
    """The concern joined the theme on arrival."""
    return Assigned(concern, theme, 0.8, 5000, None, None, True, p_milli, _PLAIN)


def move(concern: str, from_theme: str, to_theme: str) -> Moved:
    """The concern went to a nearer theme."""
    return Moved(concern, from_theme, to_theme, 0.8, "nearer", 5000, from_theme, 0.7, 900, _PLAIN)

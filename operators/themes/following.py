"""Bring what is kept of concerns and themes to where the engine's changes leave them.

In: a change, and what is kept.   Out: the concern as it is known from here on; what is kept is changed in place.
State: none of its own. Elsewhere: how a change is told (``telling``), which says what was before and what is after.
"""

from __future__ import annotations

from models.themes.changes import (
    Assigned,
    Born,
    Merged,
    Moved,
    Retired,
    Retracted,
    Returned,
    Split,
    Steered,
    Unmerged,
    Unthemed,
    Waiting,
)
from models.themes.representatives import Candidate
from operators.themes.concerns import NARROW, Known, changed
from operators.themes.kept import Kept

# What becomes of a concern, as against what becomes of a theme.
Placed = Assigned | Moved | Steered | Waiting | Unthemed | Retracted
ThemeChange = Born | Merged | Split | Unmerged | Retired | Returned


def theme_after(change: Placed) -> str | None:
    """The theme that a concern is in now."""
    match change:
        case Assigned(theme_id=theme) | Moved(to_theme=theme) | Steered(to_theme=theme):
            return theme
    return None


def themes_of(change: ThemeChange) -> tuple[str, ...]:
    """The themes of which a change makes something else."""
    match change:
        case Merged(from_theme=source, into_theme=target):
            return source, target
        case Unmerged(theme_id=theme, from_theme=source):
            return theme, source
        case Split(theme_id=theme, new_theme=new):
            return theme, new
        case Born(theme_id=theme) | Retired(theme_id=theme) | Returned(theme_id=theme):
            return (theme,)


def follow_concern(kept: Kept, change: Placed, before: Known) -> Known:
    """A concern changed its place: so do its row, the profiles and the terms of the themes it left and joined."""
    concern, terms = change.concern_id, kept.concerns.terms(before)
    if before.theme is not None:
        kept.profiles.leave(before.theme, concern, before)
        kept.terms.subtract(before.theme, terms)
    theme, near = theme_after(change), before.near
    if isinstance(change, Waiting) and change.nearest is not None and change.similarity is not None:
        near = change.nearest
        kept.profiles.miss(near, Candidate(concern, change.similarity, before.who & NARROW))
    after = changed(before, theme, near)
    if isinstance(change, Retracted):
        kept.concerns.drop(concern)
        if near is not None:
            kept.profiles.forget(near, concern)
    else:
        kept.concerns.put(concern, after, waits=isinstance(change, Waiting))
    if theme is not None and isinstance(change, Assigned | Moved | Steered):
        member = Candidate(concern, change.similarity or 0.0, before.who & NARROW)
        kept.profiles.join(theme, member, before, new=before.sequence == 0)
        kept.terms.add(theme, terms)
    return after


def follow_theme(kept: Kept, change: ThemeChange) -> None:
    """A theme began, became part of another or its own again, ended or came back: its profile says so."""
    match change:
        case Born():
            times = [kept.concerns.table[one].at_s for one in change.members]
            kept.profiles.open(change.theme_id, change.group, times[0] or max(times))
        case Split():
            founder = kept.concerns.table[change.members[0]]
            kept.profiles.open(change.new_theme, change.group, founder.at_s)
        case Merged():
            kept.profiles.redirect(change.from_theme, change.into_theme)
            kept.stale_centroids.add(change.from_theme)  # it has none of its own any more
        case Unmerged():
            kept.profiles.redirect(change.theme_id, None)
        case Retired() | Returned():
            profile = kept.profiles.table[change.theme_id]
            profile.status = "retired" if isinstance(change, Retired) else "active"
            kept.profiles.touch(change.theme_id)

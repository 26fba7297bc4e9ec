"""Tell what the engine's changes mean: assignments, lines of the ledger, what a theme is now.

In: changes in their order.   Out: records in the same order, after them each new or other theme as it is now.
State: none of its own; what is kept follows each change as it is told (``following``), because a record says
what was before and what is after. Elsewhere: how a record reads (``records``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from contracts.envelope import Envelope
from contracts.stages import Assignment
from models.themes.changes import (
    Assigned,
    Born,
    CentroidsChanged,
    Change,
    Merged,
    Moved,
    Ordered,
    Proposed,
    Retired,
    Retracted,
    Returned,
    Split,
    Steered,
    Unmerged,
    Unthemed,
    Waiting,
)
from operators.themes.arrivals import Arrived
from operators.themes.concerns import Known
from operators.themes.following import Placed, follow_concern, follow_theme, theme_after, themes_of
from operators.themes.kept import Kept
from operators.themes.names import Names
from operators.themes.notes import precedent, speed
from operators.themes.reasons import SHARED_WORDS, reason, tells_words
from operators.themes.records import Teller
from operators.themes.words import Words


class Telling:
    """What is told of one tenant's themes."""

    def __init__(self, kept: Kept, words: Words, names: Names, encoder: str) -> None:
        self._kept = kept
        self._words = words
        self._names = names
        self._encoder = encoder

    def tell(
        self,
        changes: Sequence[Change],
        tell: Teller,
        arrived: Arrived | None = None,
        item_id: str = "",
        why: str = "",
    ) -> Iterator[Envelope]:
        """Records of the engine's changes, in their order; new themes are shown at once with their label.

        ``arrived`` is the concern that brought the changes about, ``item_id`` the item that took one back
        and ``why``, if not because it was revised.
        """
        shown: dict[str, None] = {}
        for change in changes:
            match change:
                case CentroidsChanged(theme_ids=themes):
                    self._kept.stale_centroids.update(themes)
                case Assigned() | Moved() | Steered() | Waiting() | Unthemed() | Retracted():
                    yield self._assignment(change, tell, arrived, item_id, why)
                case Born() | Merged() | Split() | Unmerged() | Retired() | Returned():
                    follow_theme(self._kept, change)
                    yield tell.theme_event(change)
                    shown |= dict.fromkeys(themes_of(change))
                case Ordered() | Proposed():
                    yield self._ordered(change, tell)
                    shown |= dict.fromkeys(self._to_show(change))
        for theme in shown:
            yield from self.show(theme, tell)

    def show(self, theme: str, tell: Teller) -> Iterator[Envelope]:
        """What the theme is now, after its new name if it has one; a merged one points on."""
        kept = self._kept
        profile = kept.profiles.table[theme]
        family = kept.profiles.family(theme) if profile.redirect is None else [theme]
        members = [kept.profiles.table[part] for part in family]
        concerns = sum(part.concerns for part in members)
        constraints = kept.engine.constraints
        pinned, muted = constraints.get("pinned", theme), constraints.get("muted", theme)
        marks = {
            "pinned": True if pinned else None,
            "muted": True if muted else None,
            "critical": True if any(part.marked_by for part in members) else None,
        }
        renaming = None if pinned and profile.label else self._names.refresh(theme, family, concerns)
        if renaming is not None:
            yield tell.renamed(theme, renaming, profile.gallery.representatives())
        yield tell.theme(
            theme,
            profile,
            concerns=concerns,
            accounts=kept.profiles.people.distinct(family),
            first_s=min(part.first_s for part in members),
            last_s=max(part.last_s for part in members),
            encoder=self._encoder,
            family=kept.families.of(profile),
            marks=marks,
        )

    # -- a concern ------------------------------------------------------------------------------------

    def _assignment(
        self, change: Placed, tell: Teller, arrived: Arrived | None, item_id: str, why: str
    ) -> Assignment:
        kept, concern = self._kept, change.concern_id
        before = kept.concerns.get(concern, item_id)
        is_it = arrived is not None and arrived.point.concern_id == concern
        first = is_it and arrived is not None and before.sequence == arrived.sequence
        notes: dict[str, Any] = {"duplicate_of": self._duplicate_of(change, before) if first else None}
        if isinstance(change, Assigned):
            notes["escalation"] = precedent(change, kept.profiles)
        if isinstance(change, Assigned | Moved):
            notes["reason"] = self._reason(change, before)
        if first and arrived is not None and isinstance(change, Assigned):
            about = arrived.about
            notes["ask_milli"] = kept.questions.ask(change.p_milli, about.decision.severity, about.facts.tier)
        if why and isinstance(change, Retracted):
            notes["reason"] = why
        after = follow_concern(kept, change, before)
        if after.theme is not None:
            notes |= speed(after.theme, kept.profiles)
        return tell.assignment(change, before, after, arrived.about if first and arrived else None, notes)

    def _reason(self, change: Assigned | Moved, known: Known) -> str:
        theme = change.theme_id if isinstance(change, Assigned) else change.to_theme
        factors = self._kept.engine.factors(change.evidence)
        shared = self._words.shared(known.terms, theme, SHARED_WORDS) if tells_words(factors) else ()
        return reason(change, factors, shared)

    def _duplicate_of(self, change: Placed, known: Known) -> str | None:
        """The earliest concern held, of another item, that says nearly the same."""
        kept = self._kept
        theme = change.nearest if isinstance(change, Waiting) else theme_after(change)
        among = kept.profiles.family(kept.profiles.root(theme)) if theme is not None else []
        others = kept.engine.twins(change.concern_id, among, waiting=isinstance(change, Waiting))
        return next((o for o in others if kept.concerns.get(o, "").item_id != known.item_id), None)

    # -- an order -------------------------------------------------------------------------------------

    def _ordered(self, change: Ordered | Proposed, tell: Teller) -> Envelope:
        theme = change.theme_id
        if isinstance(change, Ordered) and change.event == "split":
            return tell.split(change)
        if isinstance(change, Ordered) and change.event == "renamed":
            return tell.renamed(theme, self._names.order(theme, change.name), ())
        is_known = self._kept.profiles.get(theme) is not None
        if isinstance(change, Ordered) and change.event == "lifted" and is_known:
            name = self._kept.engine.constraints.get("name", theme)
            self._names.order(theme, name.values[0] if name else None)
        if isinstance(change, Ordered) and change.event in ("marked", "unmarked", "lifted") and is_known:
            self._mark(self._kept.profiles.root(theme))
        return tell.ordered(change)

    def _mark(self, root: str) -> None:
        """Who says of the parts of a theme that they are critical, if anybody does from here on."""
        profiles, constraints = self._kept.profiles, self._kept.engine.constraints
        for part in profiles.family(root):
            row = constraints.get("critical", part)
            profiles.mark(part, None if row is None else row.by.author)

    def _to_show(self, change: Ordered | Proposed) -> list[str]:
        """The theme of which what is published is another now."""
        shows = isinstance(change, Ordered) and change.event not in ("refused", "unresolved")
        return [change.theme_id] if shows and self._kept.profiles.get(change.theme_id) is not None else []

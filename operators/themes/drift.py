"""Watch the themes of one tenant for drift, and tell it with examples and with the business events near it.

In:    what the engine said of each concern, labels, confidences, ticks, business events; in the order of the records.
Out:   ``DriftEvent``s.
State: a row per theme, one of the tenant, and the latest business events. A retraction un-learns nothing here: what
       a detector has seen, it has seen.
Elsewhere: the detectors (``models.drift``), how an event reads (``drift_records``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from contracts.business import BusinessEvent
from contracts.stages import Decision
from contracts.themes import DriftEvent
from models.drift.family import LOOKS
from models.drift.newcomers import Asked, agreed
from models.drift.policy import DriftPolicy
from models.drift.season import HOUR_S, Season
from models.drift.seen import Seen
from models.drift.tenant import TenantWatch
from models.drift.theme import Came, ThemeWatch
from models.drift.wording import Ints, fold
from models.themes.changes import (
    Assigned,
    Born,
    Change,
    Merged,
    Moved,
    Ordered,
    Point,
    Reran,
    Retired,
    Unmerged,
    Waiting,
)
from operators.state import Table
from operators.themes.drift_records import Near, drift_record, near_of, rebuilt_record, reran_records
from operators.themes.records import Teller

BUSINESS_EVENTS = 64
"""Business events that a tenant keeps, the latest told."""

TENANT = "tenant"

Arrival = Callable[[str], int | None]
"""Answers which place a concern has among all that came; None where that is not known any more."""


class DriftWatch:
    """What is watched of one tenant; ``tables`` is the bulk state."""

    def __init__(self, policy: DriftPolicy | None = None) -> None:
        policy = policy or DriftPolicy()
        self._policy = policy
        self.themes: Table[ThemeWatch] = Table(ThemeWatch.encode, lambda row: ThemeWatch.decode(row, policy))
        self.whole: Table[TenantWatch] = Table(
            TenantWatch.encode, lambda row: TenantWatch.decode(row, policy)
        )
        self.families: Table[list[int]] = Table()
        """Of each new theme, the places of its concerns among all that came."""
        self.business: Table[list[Any]] = Table()
        self.tables: dict[str, Table[Any]] = {
            "drift": self.themes,
            "drift_tenant": self.whole,
            "drift_families": self.families,
            "business": self.business,
        }
        # Themes whose window of labels is to be closed at the next tick; derived.
        self._due: set[str] = set()
        self._rebuilt: int | None = None

    # -- what happens ----------------------------------------------------------------------------------

    def heard(
        self,
        point: Point,
        decision: Decision,
        person: int,
        changes: Sequence[Change],
        tell: Teller,
        alike: Asked = lambda _concern, _most: None,
        folded: Ints | None = None,
    ) -> Iterator[DriftEvent]:
        """A concern came, and this is what the engine made of it; ``alike`` is asked which are most like it.

        ``folded``: its vector folded, if that is known.
        """
        tenant = self._tenant()
        if not tenant.ticked:
            tenant.season.advance(point.at_s // HOUR_S)
        yield from self._tell_rebuilt(tell)
        label = f"{decision.category}/{decision.sentiment}"
        folded = fold(point.vector) if folded is None else folded
        placed = _placed(point.concern_id, changes)
        told = tenant.update(point.concern_id, folded, label, joined=isinstance(placed, Assigned))
        for detector, seen in told:
            yield self._tenant_event(detector, seen, tell)
        recent = tenant.season.hour is not None and 0 <= tenant.season.hour - point.at_s // HOUR_S <= 1
        if recent:
            tenant.season.update()
        if tenant.looks_around:
            yield from self._look_around(point.concern_id, placed, tell, alike)
        if placed is not None:
            theme, similarity = (
                placed.theme_id if isinstance(placed, Assigned) else placed.nearest,
                placed.similarity,
            )
            if theme is not None and similarity is not None:
                joined = isinstance(placed, Assigned)
                came = Came(point.concern_id, similarity, folded, label, person, joined, recent)
                yield from self._watch(theme, came, tenant.season, tell)

    def _look_around(
        self, concern: str, placed: Assigned | Waiting | None, tell: Teller, asked: Asked
    ) -> Iterator[DriftEvent]:
        """Hold a concern against those most like it: did they come lately, too?"""
        found = agreed(concern, asked, self._policy.suspect_p, self._policy.newcomer_p)
        seen = self._tenant().judge_newcomers(found.look, found.near.arrivals) if found is not None else None
        if found is not None and seen is not None:
            theme = placed.theme_id if isinstance(placed, Assigned) else None
            yield self._event("newcomers", seen, [found.concern, *found.late], tell, theme)

    def labelled(
        self, concern: str, person: int, confidence_milli: int, tell: Teller
    ) -> Iterator[DriftEvent]:
        """A concern was labelled, whether it goes on to a theme or to review."""
        for detector, seen in self._tenant().hear(concern, person, confidence_milli):
            yield self._tenant_event(detector, seen, tell)

    def changed(
        self, changes: Sequence[Change], arrival_of: Arrival, now: int, tell: Teller
    ) -> Iterator[DriftEvent]:
        """Themes were born, merged, taken apart or retired; ``now``: how many concerns had come."""
        for change in changes:
            match change:
                case Born():
                    self._tenant().born()
                    if change.outgrown:
                        continue
                    places = [place for place in map(arrival_of, change.members) if place is not None]
                    self.families.put(change.theme_id, places)
                    yield from self._family(change.theme_id, change.members, now, tell)
                case Assigned() | Moved():
                    yield from self._grown(change, arrival_of, now, tell)
                case Merged():
                    self.themes.drop(change.from_theme)
                    self.families.drop(change.from_theme)
                    self.families.drop(change.into_theme)
                    self._restart(change.into_theme)
                case Unmerged():
                    self._restart(change.theme_id)
                    self._restart(change.from_theme)
                case Ordered(event="split", theme_id=theme, other_theme=other):
                    self._restart(theme)
                    self.families.drop(other or "")
                case Reran():
                    yield from reran_records(tell, change, self._near(tell))
                case Retired():
                    self.themes.drop(change.theme_id)
                    self.families.drop(change.theme_id)

    def _grown(
        self, change: Assigned | Moved, arrival_of: Arrival, now: int, tell: Teller
    ) -> Iterator[DriftEvent]:
        """A concern came into a theme, which may be new."""
        theme = change.theme_id if isinstance(change, Assigned) else change.to_theme
        places = self.families.get(theme)
        if places is None:
            return
        arrival = arrival_of(change.concern_id)
        if arrival is None or arrival in places:
            return
        self.families.put(theme, [*places, arrival])
        if len(places) + 1 in LOOKS:
            watch = self.themes.get(theme)
            shown = watch.latest if watch is not None else [change.concern_id]
            yield from self._family(theme, shown, now, tell)

    def _family(self, theme: str, shown: Sequence[str], now: int, tell: Teller) -> Iterator[DriftEvent]:
        """Judge a new theme; once it was told of, or has grown, it is new no longer."""
        places = self.families[theme]
        seen = self._tenant().judge_family(places, now)
        if seen is not None:
            yield self._event("new_family", seen, shown, tell, theme)
        if seen is not None or len(places) >= LOOKS[-1]:
            self.families.drop(theme)

    def tick(self, now_s: int, tell: Teller) -> Iterator[DriftEvent]:
        """Time has come to ``now_s``: windows of labels are closed."""
        tenant = self._tenant()
        tenant.ticked = True
        tenant.season.advance(now_s // HOUR_S)
        yield from self._tell_rebuilt(tell)
        for detector, seen in tenant.close():
            yield self._tenant_event(detector, seen, tell)
        due, self._due = sorted(self._due), set()
        for theme in due:
            watch = self.themes.get(theme)
            if watch is not None:
                self.themes.touch(theme)
                yield from (
                    self._event(name, seen, watch.latest, tell, theme) for name, seen in watch.close()
                )

    def happened(self, event: BusinessEvent) -> None:
        """The business did something; the oldest told is let go beyond ``BUSINESS_EVENTS``."""
        order = 1 + max((self.business[key][0] for key in self.business), default=-1)
        at_s = int(event.event_time.timestamp())
        self.business.put(event.id, [order, event.event, event.name, at_s, event.url])
        if len(self.business) > BUSINESS_EVENTS:
            self.business.drop(min(self.business, key=lambda key: int(self.business[key][0])))

    def finish_load(self, arrivals: int) -> None:
        """The tables are loaded, of a tenant with so many concerns: see what was lost and had to be rebuilt."""
        self._due = {theme for theme in self.themes if self.themes[theme].is_due}
        rebuilt = sum(self.themes[theme].is_rebuilt for theme in self.themes)
        for theme in [theme for theme in self.themes if self.themes[theme].is_lost]:
            self.themes.drop(theme)
            rebuilt += 1
        tenant = self.whole.get(TENANT)
        is_lost = tenant is None and arrivals > 0
        rebuilt += is_lost or (tenant is not None and tenant.is_rebuilt)
        self._rebuilt = rebuilt or None

    # -- what is told ----------------------------------------------------------------------------------

    def _tenant(self) -> TenantWatch:
        tenant = self.whole.get(TENANT)
        if tenant is None:
            tenant = TenantWatch(self._policy)
            self.whole.put(TENANT, tenant)
        self.whole.touch(TENANT)
        return tenant

    def _watch(self, theme: str, came: Came, season: Season, tell: Teller) -> Iterator[DriftEvent]:
        watch = self.themes.get(theme)
        if watch is None:
            watch = ThemeWatch(self._policy, season.hour or 0)
            self.themes.put(theme, watch)
        self.themes.touch(theme)
        told = watch.update(came, season)
        if watch.is_due:
            self._due.add(theme)
        for detector, seen in told:
            yield self._event(detector, seen, watch.latest or [came.concern_id], tell, theme)

    def _restart(self, theme: str) -> None:
        watch = self.themes.get(theme)
        if watch is not None:
            watch.restart()
            self.themes.touch(theme)

    def _tenant_event(self, detector: str, seen: Seen, tell: Teller) -> DriftEvent:
        tenant = self._tenant()
        shown = (
            [concern for concern, _ in tenant.unsure[-5:]] if detector == "low_confidence" else tenant.waiting
        )
        return self._event(detector, seen, shown, tell, None)

    def _event(
        self, detector: str, seen: Seen, examples: Sequence[str], tell: Teller, theme: str | None
    ) -> DriftEvent:
        return drift_record(tell, detector, seen, examples, theme, self._near(tell))

    def _near(self, tell: Teller) -> Near:
        rows = {key: self.business[key] for key in self.business}
        return near_of(rows, int(tell.at.timestamp()), self._policy.near_s)

    def _tell_rebuilt(self, tell: Teller) -> Iterator[DriftEvent]:
        """Say once that detectors had to start anew, however many."""
        if self._rebuilt is not None:
            rebuilt, self._rebuilt = self._rebuilt, None
            yield rebuilt_record(tell, rebuilt)


def _placed(concern: str, changes: Sequence[Change]) -> Assigned | Waiting | None:
    """What became of the concern when it came; a pass that it brought about may say more of it later."""
    for change in changes:
        if isinstance(change, Waiting) and change.concern_id == concern:
            return change
        if isinstance(change, Assigned) and change.concern_id == concern and change.arrival:
            return change
    return None

"""The themes of one tenant: the engine, and what is told of its changes.

In:    concerns and retractions in order.   Out: assignments, theme records and ledger events.
State: the engine's, the concerns', the themes' profiles, the terms, the vocabulary and the drift detectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from contracts.envelope import Envelope
from contracts.naming import AnswerRefused, ThemeAnswer
from contracts.stages import Assignment, AssignmentFacts
from contracts.steering import ThemeOrder
from contracts.themes import ThemeEvent
from contracts.vectors import GridVector, ThemePoint
from models.themes.changes import (
    Assigned,
    Born,
    CentroidsChanged,
    Change,
    Merged,
    Moved,
    Ordered,
    Point,
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
from models.themes.columns import Columns
from models.themes.constraints import By
from models.themes.engine import ThemeEngine
from models.themes.keywords import ThemeTerms
from models.themes.orders import in_space_of, refs
from models.themes.policy import ThemePolicy
from models.themes.representatives import Candidate
from operators.ports import Vault
from operators.state import Table, Tables
from operators.themes.concerns import Concerns, Known, changed, mark_of, who_is
from operators.themes.drift import DriftWatch
from operators.themes.families import Families
from operators.themes.names import Names
from operators.themes.naming import ASKED_A_TICK, Naming
from operators.themes.notes import is_critical, precedent, speed
from operators.themes.profiles import Profiles
from operators.themes.questions import Questions
from operators.themes.reasons import SHARED_WORDS, reason
from operators.themes.records import Teller
from operators.themes.vocabulary import Vocabulary
from operators.themes.words import Words

# What becomes of a concern, as against what becomes of a theme.
Placed = Assigned | Moved | Steered | Waiting | Unthemed | Retracted
ThemeChange = Born | Merged | Split | Unmerged | Retired | Returned


class Arrived(NamedTuple):
    """A concern on its way into the engine."""

    point: Point
    item_id: str
    person: str
    subject: str
    about: AssignmentFacts


class TenantThemes:
    """One tenant's themes; ``tell`` turns what happened into records."""

    def __init__(self, tenant: str, vault: Vault, policy: ThemePolicy, encoder: str) -> None:
        self.engine = ThemeEngine(tenant, policy)
        self._concerns = Concerns(self.engine)
        self._profiles = Profiles()
        self._terms = ThemeTerms()
        self._vocabulary = Vocabulary(tenant, vault)
        self._words = Words(self._concerns, self._profiles, self._terms, self._vocabulary)
        self.engine.listen_to(self._words)
        self._questions = Questions()
        self._names = Names(self._profiles, self._terms, self._vocabulary)
        self._families = Families(tenant, self._profiles, self._terms, self._vocabulary)
        self._naming = Naming(self._profiles, self._names, self._concerns, self._vocabulary, vault)
        self.drift = DriftWatch()
        self._encoder = encoder
        self._arrivals = 0
        self._stale_centroids: set[str] = set()

    # -- what happens ----------------------------------------------------------------------------------

    def knows(self, concern: str) -> bool:
        """Whether the concern has been seen and not been retracted."""
        return self.engine.knows(concern)

    def add(self, arrived: Arrived, terms: list[str], tell: Teller) -> Iterator[Envelope]:
        """A concern arrived: it joins, founds or waits."""
        hashes = self._vocabulary.learn(terms, arrived.subject)
        point = arrived.point
        whose = (arrived.item_id, arrived.person, who_is(arrived.person))
        critical = is_critical(arrived.about.decision)
        mark = mark_of(arrived.about.quote)
        known = Known(*whose, point.at_s, 0, None, self._arrivals, hashes, critical=critical, mark=mark)
        self._arrivals += 1
        self._concerns.settle()
        self._concerns.add(point.concern_id, known)
        changes = self.engine.add(point)
        yield from self._tell(changes, tell, arrived)
        yield from self.drift.heard(point, arrived.about.decision, known.who, changes, tell)
        yield from self._watch(changes, tell)

    def remove(self, concern: str, item_id: str, tell: Teller) -> Iterator[Envelope]:
        """A concern is taken back; only the item that it came in does that."""
        changes = self.engine.remove(concern)
        yield from self._tell(changes, tell, None, item_id)
        yield from self._watch(changes, tell)

    def steer(self, order: ThemeOrder, by: By, tell: Teller) -> Iterator[Envelope]:
        """A person ordered something of the themes; it holds from here on, or the ledger says why not."""
        for ref in refs(order):
            self._concerns.reopen(ref.concern_id, ref.item_id)
        yield from self._tell(self.engine.steer(in_space_of(order, self._encoder), by), tell, None)

    def tick(self, now_s: int, tell: Teller) -> Iterator[Envelope]:
        """Time has come to ``now_s``: retire, give up, publish what changed."""
        changes = self.engine.tick(now_s)
        yield from self._tell(changes, tell, None)
        self._families.follow(self.engine)
        asked = 0
        yield from self._watch(changes, tell)
        yield from self.drift.tick(now_s, tell)
        for root in self._profiles.changed_roots():
            yield from self._show(root, tell)
            question = self._naming.question(root, tell) if asked < ASKED_A_TICK else None
            if question is not None:
                asked += 1
                yield question

    def answered(self, answer: ThemeAnswer, tell: Teller) -> Iterator[Envelope]:
        """A model's name for a theme came back."""
        told = self._naming.answered(answer, tell)
        if isinstance(told, AnswerRefused):
            yield told
            return
        yield from told
        yield from self._show(self._profiles.root(answer.theme_id), tell)

    def take_stale_centroids(self) -> tuple[list[ThemePoint], list[str]]:
        """Centroids that changed since the last call, and themes that have none any more."""
        fresh, gone = [], []
        for theme in sorted(self._stale_centroids):
            point = self._theme_point(theme)
            if point is None:
                gone.append(theme)
            else:
                fresh.append(point)
        self._stale_centroids.clear()
        return fresh, gone

    def centroids(self) -> list[ThemePoint]:
        """The mirror: every theme that concerns can join."""
        points = (self._theme_point(theme) for theme in self._profiles.table)
        return [point for point in points if point is not None]

    def question(self, vector: GridVector, group: str) -> tuple[str, GridVector] | None:
        """A concern's group and its vector in decision space; None before the first pass."""
        unit = self.engine.decision_vector(vector, group)
        return None if unit is None else (group, unit.astype(np.int16))

    def _theme_point(self, theme: str) -> ThemePoint | None:
        unit = self.engine.centroid(theme)
        profile = self._profiles.get(theme)
        if unit is None or profile is None:
            return None
        return ThemePoint(theme, profile.group, unit.astype(np.int16))

    def _watch(self, changes: list[Change], tell: Teller) -> Iterator[Envelope]:
        """Let the detectors know what became of themes, and when the concerns came of which they are made."""
        named: list[str] = []
        for change in changes:
            if isinstance(change, Assigned | Moved):
                named.append(change.concern_id)
            elif isinstance(change, Born):
                named += change.members
        rows = {name: self._concerns.table.get(name) for name in named}
        arrivals = {name: known.arrival for name, known in rows.items() if known is not None}
        yield from self.drift.changed(changes, arrivals, self._arrivals, tell)

    # -- what is told ----------------------------------------------------------------------------------

    def _tell(
        self, changes: list[Change], tell: Teller, arrived: Arrived | None, item_id: str = ""
    ) -> Iterator[Envelope]:
        """Records of the engine's changes, in their order; new themes are shown at once with their label."""
        shown: dict[str, None] = {}
        for change in changes:
            match change:
                case CentroidsChanged(theme_ids=themes):
                    self._stale_centroids.update(themes)
                case Assigned() | Moved() | Steered() | Waiting() | Unthemed() | Retracted():
                    yield self._assignment(change, tell, arrived, item_id)
                case Born() | Merged() | Split() | Unmerged() | Retired() | Returned():
                    yield self._ledger(change, tell)
                    shown |= dict.fromkeys(_themes_of(change))
                case Ordered() | Proposed():
                    yield self._ordered(change, tell)
                    shown |= dict.fromkeys(self._to_show(change))
        for theme in shown:
            yield from self._show(theme, tell)

    def _assignment(self, change: Placed, tell: Teller, arrived: Arrived | None, item_id: str) -> Assignment:
        concern = change.concern_id
        before = self._concerns.get(concern, item_id)
        first = arrived is not None and arrived.point.concern_id == concern and before.sequence == 0
        notes: dict[str, Any] = {"duplicate_of": self._duplicate_of(change, before) if first else None}
        if isinstance(change, Assigned):
            notes["escalation"] = precedent(change, self._profiles)
        if isinstance(change, Assigned | Moved):
            notes["reason"] = self._reason(change, before)
        if first and arrived is not None and isinstance(change, Assigned):
            notes["ask_milli"] = self._questions.ask(change.p_milli, arrived.about.decision.severity)
        after = self._follow(change, before)
        if after.theme is not None:
            notes |= speed(after.theme, self._profiles)
        return tell.assignment(change, before, after, arrived.about if first and arrived else None, notes)

    def _reason(self, change: Assigned | Moved, known: Known) -> str:
        theme = change.theme_id if isinstance(change, Assigned) else change.to_theme
        shared = self._words.shared(known.terms, theme, SHARED_WORDS)
        return reason(change, self.engine.factors(change.evidence), shared)

    def _duplicate_of(self, change: Placed, known: Known) -> str | None:
        """The earliest concern held, of another item, that says nearly the same."""
        theme = change.nearest if isinstance(change, Waiting) else _theme_after(change)
        among = self._profiles.family(self._profiles.root(theme)) if theme is not None else []
        others = self.engine.twins(change.concern_id, among, waiting=isinstance(change, Waiting))
        return next((o for o in others if self._concerns.get(o, "").item_id != known.item_id), None)

    def _follow(self, change: Placed, before: Known) -> Known:
        """Bring concern, profile and terms to where the change leaves them."""
        concern, terms = change.concern_id, self._concerns.terms(before)
        if before.theme is not None:
            self._profiles.leave(before.theme, concern, before)
            self._terms.subtract(before.theme, terms)
        theme, near = _theme_after(change), before.near
        if isinstance(change, Waiting) and change.nearest is not None and change.similarity is not None:
            near = change.nearest
            self._profiles.miss(near, Candidate(concern, change.similarity, before.person))
        after = changed(before, theme, near)
        if isinstance(change, Retracted):
            self._concerns.drop(concern)
            if near is not None:
                self._profiles.forget(near, concern)
        else:
            self._concerns.put(concern, after, waits=isinstance(change, Waiting))
        if theme is not None and isinstance(change, Assigned | Moved | Steered):
            member = Candidate(concern, change.similarity or 0.0, before.person)
            self._profiles.join(theme, member, before, new=before.sequence == 0)
            self._terms.add(theme, terms)
        return after

    def _ledger(self, change: ThemeChange, tell: Teller) -> ThemeEvent:
        match change:
            case Born():
                times = [self._concerns.table[one].at_s for one in change.members]
                self._profiles.open(change.theme_id, change.group, times[0] or max(times))
            case Split():
                founder = self._concerns.table[change.members[0]]
                self._profiles.open(change.new_theme, change.group, founder.at_s)
            case Merged():
                self._profiles.redirect(change.from_theme, change.into_theme)
                self._stale_centroids.add(change.from_theme)  # it has none of its own any more
            case Unmerged():
                self._profiles.redirect(change.theme_id, None)
            case Retired() | Returned():
                self._profiles.table[change.theme_id].status = (
                    "retired" if isinstance(change, Retired) else "active"
                )
                self._profiles.touch(change.theme_id)
        return tell.theme_event(change)

    def _to_show(self, change: Ordered | Proposed) -> list[str]:
        """The theme of which what is published is another now."""
        shows = isinstance(change, Ordered) and change.event not in ("refused", "unresolved")
        return [change.theme_id] if shows and self._profiles.get(change.theme_id) is not None else []

    def _ordered(self, change: Ordered | Proposed, tell: Teller) -> Envelope:
        if isinstance(change, Ordered) and change.event == "split":
            return tell.split(change)
        if isinstance(change, Ordered) and change.event == "renamed":
            return tell.renamed(change.theme_id, self._names.order(change.theme_id, change.name), ())
        theme = change.theme_id
        if isinstance(change, Ordered) and change.event == "lifted" and self._profiles.get(theme) is not None:
            name = self.engine.constraints.get("name", theme)
            self._names.order(theme, name.values[0] if name else None)
        return tell.ordered(change)

    def _show(self, theme: str, tell: Teller) -> Iterator[Envelope]:
        """What the theme is now, after its new name if it has one; a merged one points on."""
        profile = self._profiles.table[theme]
        family = self._profiles.family(theme) if profile.redirect is None else [theme]
        members = [self._profiles.table[part] for part in family]
        concerns = sum(part.concerns for part in members)
        pinned, muted = (self.engine.constraints.get(kind, theme) for kind in ("pinned", "muted"))
        renaming = None if pinned and profile.label else self._names.refresh(theme, family, concerns)
        if renaming is not None:
            yield tell.renamed(theme, renaming, profile.gallery.representatives())
        yield tell.theme(
            theme,
            profile,
            concerns=concerns,
            accounts=self._profiles.people.distinct(family),
            first_s=min(part.first_s for part in members),
            last_s=max(part.last_s for part in members),
            encoder=self._encoder,
            family=self._families.of(profile),
            marks={"pinned": True if pinned else None, "muted": True if muted else None},
        )

    # -- state -----------------------------------------------------------------------------------------

    def bulk(self) -> Tables:
        """All bulk state of the tenant."""
        tables: dict[str, Table[Any]] = {
            "concerns": self._concerns.table,
            "families": self._families.table,
            "themes": self._profiles.table,
            "candidates": self._vocabulary.candidates,
            "words": self._vocabulary.words,
            **self.drift.tables,
        }
        return Tables(tables, _ModelState(self.engine, self._terms, self._concerns.settled, self._derive))

    def _derive(self) -> None:
        self._profiles.finish_load()
        self._vocabulary.finish_load()

    def small_state(self) -> dict[str, Any]:
        """The small rest."""
        return {
            "engine": self.engine.small_state(),
            "arrivals": self._arrivals,
            "unpublished": self._profiles.small_state(),
            "families": self._families.small_state(),
            "question_bar": self._questions.bar,
        }

    def restore_small(self, small: dict[str, Any]) -> None:
        """Take up the small rest; the bulk is loaded."""
        self.engine.restore_small(small["engine"])
        self.engine.rebuild()
        self._arrivals = small["arrivals"]
        self._concerns.finish_load(self._arrivals)
        for theme, who in self._concerns.places():
            self._profiles.people.count(theme, who, 1)
        self._profiles.restore_small(small["unpublished"])
        self._families.restore_small(small["families"])
        self._questions.bar = int(small["question_bar"])
        self.drift.finish_load(self._arrivals)
        self._stale_centroids.clear()


class _ModelState:
    """The engine's, the term counts' and the settled concerns' rows, under names of their own."""

    def __init__(
        self, engine: ThemeEngine, terms: ThemeTerms, settled: Columns, derive: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._terms = terms
        self._settled = settled
        self._derive = derive

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        for table, key, value in self._engine.state_changes():
            yield f"engine.{table}", key, value
        for key, value in self._settled.state_changes():
            yield "settled", key, value
        for key, value in self._terms.state_changes():
            yield "terms", key, value

    def load(self, table: str, key: str, value: Any) -> None:
        if table == "terms":
            self._terms.load(key, value)
        elif table == "settled":
            self._settled.load(key, value)
        else:
            self._engine.load(table.removeprefix("engine."), key, value)

    def finish_load(self) -> None:
        self._derive()


def _theme_after(change: Placed) -> str | None:
    match change:
        case Assigned(theme_id=theme) | Moved(to_theme=theme) | Steered(to_theme=theme):
            return theme
    return None


def _themes_of(change: ThemeChange) -> tuple[str, ...]:
    match change:
        case Merged(from_theme=source, into_theme=target):
            return source, target
        case Unmerged(theme_id=theme, from_theme=source):
            return theme, source
        case Split(theme_id=theme, new_theme=new):
            return theme, new
        case Born(theme_id=theme) | Retired(theme_id=theme) | Returned(theme_id=theme):
            return (theme,)

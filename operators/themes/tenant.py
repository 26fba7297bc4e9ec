"""The themes of one tenant: what happens to them.

In:    concerns and retractions in order, orders, ticks, answers.   Out: assignments, theme records, ledger events.
State: all in ``kept``; ``telling`` tells of the engine's changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from contracts.commands import ReportIssue
from contracts.envelope import Envelope
from contracts.naming import AnswerRefused, ThemeAnswer
from contracts.priority import Alert
from contracts.steering import JudgeAlert, ThemeOrder
from contracts.themes import DriftEvent
from contracts.vectors import GridVector, ThemePoint
from models.themes.changes import Change, Ordered
from models.themes.constraints import By
from models.themes.orders import in_space_of, refs
from models.themes.policy import ThemePolicy
from operators.ports import Vault
from operators.state import Tables
from operators.themes.arrivals import Arrived
from operators.themes.concerns import Known, mark_of, who_is
from operators.themes.drift_alerts import Theme
from operators.themes.kept import Kept
from operators.themes.names import Names, name_of
from operators.themes.naming import ASKED_A_TICK, Naming
from operators.themes.notes import is_critical
from operators.themes.records import Teller
from operators.themes.telling import Telling
from operators.themes.words import Words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TenantThemes:
    """One tenant's themes; ``tell`` turns what happened into records."""

    def __init__(
        self, tenant: str, vault: Vault, policy: ThemePolicy, encoder: str, *, stands_in: bool = False
    ) -> None:
        """``stands_in``: beside the tenant's own themes, while their encoder is away (``standing_in``)."""
        self._kept = kept = Kept(tenant, vault, policy, encoder if stands_in else "")
        self.engine, self.drift = kept.engine, kept.drift
        words = Words(kept.concerns, kept.profiles, kept.terms, kept.vocabulary)
        kept.engine.listen_to(words)
        names = Names(kept.profiles, kept.terms, kept.vocabulary)
        self._naming = Naming(kept.profiles, names, kept.concerns, kept.vocabulary, vault)
        self._telling = Telling(kept, words, names, encoder)
        self._encoder = encoder

    # -- what happens ----------------------------------------------------------------------------------

    def knows(self, concern: str) -> bool:
        """Whether the concern has been seen and not been retracted."""
        return self.engine.knows(concern)

    def known(self, concern: str, item_id: str) -> Known:
        """What is known of a concern that ``knows`` knows; ``item_id`` is the item it came in."""
        return self._kept.concerns.get(concern, item_id)

    def expect_back(self, concern: str, sequence: int) -> None:
        """A concern that is about to come, or may, had changed so often before: its changes are counted on."""
        self._kept.away.put(concern, sequence)

    def add(self, arrived: Arrived, tell: Teller) -> Iterator[Envelope]:
        """A concern arrived: it joins, founds or waits."""
        kept, point = self._kept, arrived.point
        hashes = kept.vocabulary.learn(arrived.words, arrived.subject)
        whose = (arrived.item_id, arrived.person, who_is(arrived.person))
        critical = is_critical(arrived.about.decision)
        mark, again = mark_of(arrived.about.quote), kept.away.get(point.concern_id)
        if again is not None:
            kept.away.drop(point.concern_id)
            arrived = arrived._replace(sequence=again)
        known = Known(
            *whose, point.at_s, arrived.sequence, None, kept.arrivals, hashes, critical=critical, mark=mark
        )
        kept.arrivals += 1
        kept.concerns.settle()
        kept.concerns.add(point.concern_id, known)
        changes = self.engine.add(point)
        yield from self._telling.tell(changes, tell, arrived)
        said = arrived.about.decision
        yield from self.drift.heard(point, said, known.who, changes, tell, self.engine.alike, arrived.folded)
        yield from self._watch(changes, tell)

    def remove(self, concern: str, item_id: str, tell: Teller, why: str = "") -> Iterator[Envelope]:
        """A concern is taken back: by the item that it came in, or because somebody doubts it (``why``).

        One that is doubted may come back, and its changes are counted on then.
        """
        if why:
            self._kept.away.put(concern, self._kept.concerns.get(concern, item_id).sequence + 1)
        changes = self.engine.remove(concern)
        yield from self._telling.tell(changes, tell, item_id=item_id, why=why)
        yield from self._watch(changes, tell)

    def forget(self, concern: str) -> None:
        """A concern that was taken out can come back no more: its item was revised."""
        self._kept.away.drop(concern)

    def relabel(self, arrived: Arrived, tell: Teller) -> Iterator[Envelope]:
        """Another decision about a concern that is known: it stays where it is, and counts as what it is now."""
        kept, point = self._kept, arrived.point
        before = kept.concerns.get(point.concern_id, arrived.item_id)
        critical = is_critical(arrived.about.decision)
        after = before._replace(sequence=before.sequence + 1, critical=critical)
        kept.concerns.put(point.concern_id, after, waits=self.engine.waits(point.concern_id))
        if after.theme is not None and critical != before.critical:
            kept.profiles.relabel(after.theme, point.concern_id, point.at_s, critical=critical)
        yield tell.relabelled(point.concern_id, after, arrived.about)

    def steer(self, order: ThemeOrder, by: By, tell: Teller) -> Iterator[Envelope]:
        """A person ordered something of the themes; it holds from here on, or the ledger says why not."""
        for ref in refs(order):
            self._kept.concerns.reopen(ref.concern_id, ref.item_id)
        changes = self.engine.steer(in_space_of(order, self._encoder), by)
        if isinstance(order, JudgeAlert):
            self._judge(order, changes)
        yield from self._telling.tell(changes, tell)

    def _judge(self, order: JudgeAlert, changes: Sequence[Change]) -> None:
        """After a false alarm its detector is quiet."""
        for change in changes:
            if isinstance(change, Ordered) and change.event == "alert_dismissed":
                self._kept.alerts.dismiss(order.detector, change.theme_id, int(order.at.timestamp()))

    def reported(self, report: ReportIssue, tell: Teller) -> Iterator[Envelope]:
        """A tracker said what became of an issue; a duplicate's theme may be the other's, which people are asked."""
        at_ms = (report.at - _EPOCH) // timedelta(milliseconds=1)
        if report.state == "duplicate" and report.duplicate_of is not None:
            said_ms = at_ms if report.by_people else None
            changes = self.engine.call_duplicate(report.issue_id, report.duplicate_of, said_ms)
            yield from self._telling.tell(changes, tell)
        elif report.state not in ("duplicate", "deleted"):  # who tidies up takes nothing back
            self.engine.call_off(report.issue_id, at_ms)

    def tick(self, now_s: int, tell: Teller) -> Iterator[Envelope]:
        """Time has come to ``now_s``: retire, give up, publish what changed."""
        changes = self.engine.tick(now_s)
        yield from self._telling.tell(changes, tell)
        self._kept.families.follow(self.engine)
        asked = 0
        yield from self._watch(changes, tell)
        yield from self.drift.tick(now_s, tell)
        for root in self._kept.profiles.changed_roots():
            yield from self._telling.show(root, tell)
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
        yield from self._telling.show(self._kept.profiles.root(answer.theme_id), tell)

    def _watch(self, changes: Sequence[Change], tell: Teller) -> Iterator[Envelope]:
        """Let the detectors know what became of themes."""
        yield from self.drift.changed(changes, self._kept.concerns.arrival, self._kept.arrivals, tell)

    def alert(self, event: DriftEvent, tell: Teller) -> Alert | None:
        """The alert that a drift event is worth, if it is."""
        kept = self._kept
        known = event.theme_id is not None and kept.profiles.get(event.theme_id) is not None
        if event.theme_id is None or not known:
            return kept.alerts.alert(event, None, tell)
        root = kept.profiles.root(event.theme_id)
        parts = kept.profiles.family(root)
        profile = kept.profiles.table[root]
        theme = Theme(
            root,
            name_of(root, profile),
            sum(kept.profiles.table[part].concerns for part in parts),
            kept.profiles.people.distinct(parts),
            kept.engine.constraints.get("muted", root) is not None,
        )
        return kept.alerts.alert(event, theme, tell)

    # -- where themes are ------------------------------------------------------------------------------

    def take_stale_centroids(self) -> tuple[list[ThemePoint], list[str]]:
        """Centroids that changed since the last call, and themes that have none any more."""
        fresh, gone = [], []
        for theme in sorted(self._kept.stale_centroids):
            point = self._theme_point(theme)
            if point is None:
                gone.append(theme)
            else:
                fresh.append(point)
        self._kept.stale_centroids.clear()
        return fresh, gone

    def centroids(self) -> list[ThemePoint]:
        """The mirror: every theme that concerns can join."""
        points = (self._theme_point(theme) for theme in self._kept.profiles.table)
        return [point for point in points if point is not None]

    def question(self, vector: GridVector, group: str) -> tuple[str, GridVector] | None:
        """A concern's group and its vector in decision space; None before the first pass."""
        unit = self.engine.decision_vector(vector, group)
        return None if unit is None else (group, unit.astype(np.int16))

    def _theme_point(self, theme: str) -> ThemePoint | None:
        unit = self.engine.centroid(theme)
        profile = self._kept.profiles.get(theme)
        if unit is None or profile is None:
            return None
        return ThemePoint(theme, profile.group, unit.astype(np.int16))

    # -- state -----------------------------------------------------------------------------------------

    def bulk(self) -> Tables:
        """All bulk state of the tenant."""
        return self._kept.bulk()

    def small_state(self) -> dict[str, Any]:
        """The small rest."""
        return self._kept.small_state()

    def restore_small(self, small: dict[str, Any]) -> None:
        """Take up the small rest; the bulk is loaded."""
        self._kept.restore_small(small)

"""What is known of themes, of what the engine proposes, and of alerts of drift, for people to judge.

In:    the records of ``assignments`` and ``alerts``, each topic in its order.   Out: rows, of which ``news_cases`` are.
State: a row per theme with its latest words (sealed as they came), one per concern that waits for a theme, one per
       proposal and alert (``rows``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from contracts.commands import Order
from contracts.envelope import Envelope
from contracts.priority import Alert
from contracts.stages import Assignment
from contracts.steering import (
    DecideProposal,
    JudgeAlert,
    MarkTheme,
    MergeThemes,
    MuteTheme,
    PinTheme,
    RenameTheme,
    SplitTheme,
    UnmergeTheme,
)
from contracts.themes import ThemeEvent, ThemeOrdered, ThemeRecord
from models.review.worth import worth
from wiring.reviewing.clocks import Clock
from wiring.reviewing.rows import Row, Rows

ALERTED_FOR = timedelta(days=7)
"""As long as the topic holds alerts."""

LATEST = 5
"""Concerns of a theme whose words are kept."""

_JUDGES = frozenset({"pinned", "unpinned", "muted", "unmuted", "marked", "unmarked"})

_TOLD = ("label", "label_source", "status", "redirect_to", "concerns", "accounts", "muted", "pinned")
"""What is kept of a theme's record."""

Judged = tuple[str, str]
"""What a person has judged: ``theme``, ``proposal`` or ``alert``, and its id."""


def judged_by(order: Order) -> list[Judged]:
    """What an order settles."""
    match order:
        case DecideProposal(proposal=name):
            return [("proposal", name)]
        case JudgeAlert(alert_id=name):
            return [("alert", name)]
        case MergeThemes(theme=theme, into=into):
            return [("theme", theme.theme_id), ("theme", into.theme_id)]
        case RenameTheme() | PinTheme() | MuteTheme() | MarkTheme() | UnmergeTheme() | SplitTheme():
            return [("theme", order.theme.theme_id)]
    return []


class News:
    """What is known of themes and alerts."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    # -- what is taken -----------------------------------------------------------------------------------

    def take(self, record: Envelope) -> None:
        """Take one record into account."""
        match record:
            case Assignment():
                self._assigned(record)
            case ThemeRecord():
                self._change(record, record.theme_id, **{name: getattr(record, name) for name in _TOLD})
            case ThemeEvent():
                self._happened(record)
            case ThemeOrdered(event="proposed"):
                self.rows.put("proposal", Row(record.id, record.tenant, _data(record)))
            case ThemeOrdered(event=event) if record.theme_id and event in _JUDGES:
                self._change(record, record.theme_id, judged=True)
            case Alert(severity="warn" | "page") if record.drift_id is not None:
                self.rows.put("alert", Row(record.alert_id, record.tenant, _data(record)))

    def _happened(self, event: ThemeEvent) -> None:
        """Themes that come of something are new, unless a person made them."""
        made = {"born": event.theme_id, "split": event.other_theme}.get(event.event)
        if made is not None:
            self._change(event, made, born=event.event_time.isoformat(), why=event.reason)
        if event.order_id is not None:
            for name in filter(None, (event.theme_id, event.other_theme)):
                self._change(event, name, judged=True)

    def _assigned(self, record: Assignment) -> None:
        """The words of a concern go with it from theme to theme; what it is worth is counted where it comes."""
        said = self._said(record)
        if record.change == "relabelled":
            return
        if record.theme is None:
            if record.change == "waiting" and said is not None:
                self.rows.put("waiting", Row(record.concern_id, record.tenant, said))
            return
        if said is None:
            return
        told = self._theme(record, record.theme).told
        stake = worth(record.p_milli if record.p_milli is not None else 500, said["severity"], said["tier"])
        came, stakes = told.get("came", 0) + 1, told.get("stakes", 0) + stake
        latest = [*told.get("latest", []), said][-LATEST:]
        self._change(record, record.theme, came=came, stakes=stakes, latest=latest)

    def _said(self, record: Assignment) -> dict[str, Any] | None:
        """The words of a concern, taken from where it was; None where they are not among the latest any more."""
        about, name = record.about, record.concern_id
        if about is not None:
            quote = None if about.quote is None else about.quote.model_dump(mode="json")
            severity, tier = about.decision.severity, about.facts.tier
            return {"concern": name, "quote": quote, "severity": severity, "tier": tier}
        waited = self.rows.get("waiting", name)
        if waited is not None:
            self.rows.drop("waiting", name)
            return waited.told
        before = None if record.from_theme is None else self.rows.get("theme", record.from_theme)
        latest = [] if before is None else before.told.get("latest", [])
        found = next((one for one in latest if one["concern"] == name), None)
        if before is not None and found is not None:
            self._change(record, before.id, latest=[one for one in latest if one is not found])
        return found

    def _theme(self, record: Envelope, name: str) -> Row:
        return self.rows.get("theme", name) or Row(name, record.tenant, {})

    def _change(self, record: Envelope, name: str, **told: Any) -> None:
        row = self._theme(record, name)
        self.rows.put("theme", row._replace(told=row.told | told))

    def tidy(self, now: Clock) -> None:
        """Let go of alerts that are told no more."""
        for row in list(self.rows.every("alert")):
            since = datetime.fromisoformat(row.told["event_time"])
            if is_past(now(row.tenant), since, ALERTED_FOR):
                self.rows.drop("alert", row.id)


def is_past(now: datetime | None, since: datetime, span: timedelta) -> bool:
    """Whether it is later by more than that; not where nobody knows how late it is."""
    return now is not None and now - since > span


def _data(record: Envelope) -> dict[str, Any]:
    return record.model_dump(mode="json", by_alias=True)

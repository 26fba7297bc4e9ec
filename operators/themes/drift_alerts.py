"""Which drift events are worth an alert, each once in its quiet time; small themes are quiet by default.

In:    drift events in their order, and what is known of their themes.   Out: ``Alert``s, right after their events.
State: when each detector alerted last about each theme or the tenant; rows older than the longest quiet time go. After
a false alarm that time is set ahead.
Elsewhere: the detectors (``models.drift``), alerts about critical concerns and growth (``operators.prioritise``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import uuid5

from contracts.identity import NAMESPACE
from contracts.priority import Alert
from contracts.themes import DriftEvent
from operators.linear_issue import plain, shortened
from operators.state import Table
from operators.themes.records import Teller

HOUR_S = 3600
DISMISSED_H = 30 * 24
"""For how long a detector is quiet about a theme of which a person says that its alert was false."""
TITLE_CHARS = 255


class Theme(NamedTuple):
    """What is known of the theme that an event is about."""

    theme_id: str
    label: str
    concerns: int
    accounts: int
    is_muted: bool


class _Kind(NamedTuple):
    """How a detector's alerts begin, how loud they are, and for how long one of them is enough."""

    title: str
    severity: Literal["warn", "info"]
    quiet_h: int
    of_any_size: bool = False


_DAY_H, _WEEK_H = 24, 7 * 24
KINDS: Mapping[str, _Kind] = {
    "burst_hour": _Kind("Many at once", "warn", _DAY_H, of_any_size=True),
    "burst_day": _Kind("Many in a day", "warn", _DAY_H, of_any_size=True),
    "new_family": _Kind("Something new", "warn", _WEEK_H, of_any_size=True),
    "newcomers": _Kind("Something new", "warn", _WEEK_H, of_any_size=True),
    "label_mix": _Kind("Labels mixed differently", "info", _WEEK_H),
    "adwin_similarity": _Kind("Moving away from its centre", "info", _WEEK_H),
    "floor_similarity": _Kind("Moving away from its centre", "info", _WEEK_H),
    "wording": _Kind("Other words", "info", _WEEK_H),
    "background": _Kind("Feedback as a whole is about something else", "info", _WEEK_H),
    "unassigned": _Kind("More and more finds no theme", "info", _WEEK_H),
    "low_confidence": _Kind("Labels are less sure", "warn", _WEEK_H),
    "births": _Kind("Many new themes", "info", _WEEK_H),
    "quality": _Kind("Themes hold together less well", "info", _WEEK_H),
}
"""The detectors whose events become alerts; others (``warm_up``, ``rerun``) are for those who read ``drift``."""


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """What a theme must be for its drift to be worth an alert."""

    accounts: int = 5
    """Distinct accounts, whatever the detector."""
    concerns: int = 30
    """Concerns, but for bursts and new families: those are about how many came."""


class DriftAlerts:
    """The alerts of one tenant."""

    def __init__(self, tenant: str, policy: AlertPolicy | None = None) -> None:
        self._tenant = tenant
        self._policy = policy or AlertPolicy()
        self.told: Table[int] = Table()
        """Second of event time of the last alert, by detector and theme (empty: the tenant)."""

    def alert(self, event: DriftEvent, theme: Theme | None, tell: Teller) -> Alert | None:
        """The alert that an event is worth, None if none; ``theme`` is what its theme is read as now."""
        kind = KINDS.get(event.detector)
        if kind is None or event.warming or (event.theme_id is not None and not self._is_worth(theme, kind)):
            return None
        about = theme.theme_id if theme else ""
        at_s = int(event.event_time.timestamp())
        if not self._is_due(f"{event.detector}|{about}", at_s, kind.quiet_h * HOUR_S):
            return None
        near = ", ".join(f"{one.event.replace('_', ' ')} {plain(one.name)}" for one in event.near)
        name = f": {plain(theme.label)}" if theme else ""
        reason = event.reason[:1].upper() + event.reason[1:]
        return tell.alert(
            alert_id=str(
                uuid5(NAMESPACE, "\x1f".join(("drift", self._tenant, event.detector, about, str(at_s))))
            ),
            rule=f"drift-{event.detector}",
            severity=kind.severity,
            title=shortened(f"{kind.title}{name}", TITLE_CHARS),
            body=f"{reason}.{f' Near it: {near}.' if near else ''} Drift event {event.id}.",
            theme_id=about or None,
            drift_id=event.id,
            detector=event.detector,
        )

    def dismiss(self, detector: str, theme: str, at_s: int) -> None:
        """An alert of ``at_s`` was false: nothing of this for 30 days; ``theme`` is empty for the tenant."""
        kind = KINDS.get(detector)
        if kind is not None:
            self.told.put(f"{detector}|{theme}", at_s + (DISMISSED_H - kind.quiet_h) * HOUR_S)

    def _is_worth(self, theme: Theme | None, kind: _Kind) -> bool:
        if theme is None or theme.is_muted or theme.accounts < self._policy.accounts:
            return False
        return kind.of_any_size or theme.concerns >= self._policy.concerns

    def _is_due(self, key: str, at_s: int, quiet_s: int) -> bool:
        """Whether nothing was told of this in its quiet time; if so, that starts anew."""
        last = self.told.get(key)
        if last is not None and at_s - last < quiet_s:
            return False
        for old in [name for name in self.told if at_s - self.told[name] >= _WEEK_H * HOUR_S]:
            self.told.drop(old)
        self.told.put(key, at_s)
        return True

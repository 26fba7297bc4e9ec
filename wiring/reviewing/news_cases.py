"""What of new themes, proposals and alerts waits for a person now, as cases.

In:    the rows that ``news`` keeps, the keys of the words, how late it is, and what people have judged.
A theme is new for 14 days after its birth, or after the split that made it, and is told from five concerns on, unless a
person has named, pinned, muted, marked, merged or split it. Of each tenant the 20 of most worth are told at a time. An
alert is told for seven days, and of a muted theme not at all; a proposal until its themes are no longer what they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from contracts.feedback import Sealed
from contracts.priority import Alert
from contracts.stages import Severity
from contracts.themes import ThemeOrdered
from models.priority.impact import counted
from models.review.worth import worth, worth_of_theme
from models.themes.redirects import root
from operators.ports import Vault
from wiring.reviewing.case import Case, Kind
from wiring.reviewing.clocks import Clock
from wiring.reviewing.news import ALERTED_FOR, Judged, is_past
from wiring.reviewing.rows import Kind as RowKind
from wiring.reviewing.rows import Row, Rows

NEW_FOR = timedelta(days=14)
SMALLEST = 5
"""Concerns of a theme that people are asked about; below that it is a handful that may join another by itself."""

MOST_THEMES = 20
"""Of one tenant at a time: the first days of a tenant bring hundreds."""

SHOWN = 5
"""Words that a theme is shown by."""


def cases_of(
    rows: Rows, vault: Vault, tenant: str | None, now: Clock, judged: Collection[Judged]
) -> list[Case]:
    """What nobody has judged, of everybody or of one tenant."""
    kinds: tuple[RowKind, ...] = ("theme", "proposal", "alert")
    themes, proposals, alerts = (
        [row for row in rows.every(kind) if tenant in (None, row.tenant)] for kind in kinds
    )
    found = _Told({row.id: row for row in themes}, vault, now, judged)
    return [*found.themes(), *found.proposals(proposals), *found.alerts(alerts)]


class _Told:
    """What is known now, and what of it waits."""

    def __init__(
        self,
        themes: Mapping[str, Row],
        vault: Vault,
        now: Clock,
        judged: Collection[Judged],
    ) -> None:
        self._themes = themes
        self._vault = vault
        self._now = now
        self._judged = judged
        self._parts: dict[str, list[Row]] = {}
        for row in themes.values():
            self._parts.setdefault(self._root(row.id), []).append(row)

    def themes(self) -> Iterator[Case]:
        waiting = [row for row in self._themes.values() if self._is_open(row)]
        told: Counter[str] = Counter()
        for row in sorted(waiting, key=lambda row: (-self._worth(row), row.id)):
            told[row.tenant] += 1
            if told[row.tenant] <= MOST_THEMES:
                why = f"new since {row.told['born'][:10]}, {self._size(row)}: {row.told['why']}"
                yield self._case("theme", row.id, row.tenant, why, self._worth(row), row.id)

    def proposals(self, rows: Iterable[Row]) -> Iterator[Case]:
        for row in rows:
            asked = ThemeOrdered.model_validate(row.told)
            named = [name for name in (asked.theme_id, asked.other_theme) if name is not None]
            if ("proposal", row.id) in self._judged or any(self._root(name) != name for name in named):
                continue
            what = f"merge it into {self._name(asked.other_theme)}" if asked.act == "merge" else "split it"
            case = self._case(
                "proposal",
                row.id,
                row.tenant,
                f"{what}? {asked.reason}",
                worth(500, "medium"),
                asked.theme_id,
            )
            yield replace(case, runner_up=asked.other_theme, proposal=asked)

    def alerts(self, rows: Iterable[Row]) -> Iterator[Case]:
        for row in rows:
            alert = Alert.model_validate(row.told)
            theme = None if alert.theme_id is None else self._themes.get(self._root(alert.theme_id))
            is_muted = theme is not None and theme.told.get("muted")
            late = is_past(self._now(row.tenant), alert.event_time, ALERTED_FOR)
            if ("alert", row.id) in self._judged or is_muted or late:
                continue
            severity: Severity = "critical" if alert.severity == "page" else "high"
            about = alert.theme_id and self._root(alert.theme_id)
            case = self._case(
                "anomaly", row.id, row.tenant, f"{alert.title}. {alert.body}", worth(500, severity), about
            )
            yield replace(case, alert=alert)

    def _case(self, kind: Kind, name: str, tenant: str, why: str, value: int, theme: str | None) -> Case:
        words = self._words(tenant, theme) if theme else ()
        return Case(
            kind,
            name,
            tenant,
            why,
            value,
            quote=words[0] if words else None,
            by="themes",
            theme=theme,
            name=self._name(theme) if theme else None,
            examples=words,
        )

    def _is_open(self, row: Row) -> bool:
        told = row.told
        is_theirs = told.get("judged") or told.get("muted") or told.get("pinned")
        is_alive = told.get("status") == "active" and told.get("redirect_to") is None and "born" in told
        if is_theirs or not is_alive or told["label_source"] == "person" or told["concerns"] < SMALLEST:
            return False
        born = datetime.fromisoformat(told["born"])
        return ("theme", row.id) not in self._judged and not is_past(self._now(row.tenant), born, NEW_FOR)

    def _worth(self, row: Row) -> int:
        return worth_of_theme(row.told.get("stakes", 0), row.told.get("came", 0))

    def _size(self, row: Row) -> str:
        return f"{counted(row.told['concerns'], 'concern')} of {counted(row.told['accounts'], 'account')}"

    def _root(self, name: str) -> str:
        return root(name, self._into)

    def _into(self, name: str) -> str | None:
        row = self._themes.get(name)
        return None if row is None else row.told.get("redirect_to")

    def _name(self, theme: str | None) -> str:
        row = None if theme is None else self._themes.get(self._root(theme))
        return row.told.get("label") or "" if row is not None else ""

    def _words(self, tenant: str, theme: str) -> tuple[str, ...]:
        """The latest words of a theme, then of what was merged into it; what nobody may read is left out."""
        parts = self._parts.get(self._root(theme), [])
        own = sorted(parts, key=lambda row: (row.id != theme, row.id))
        said = chain.from_iterable(reversed(row.told.get("latest", [])) for row in own)
        opened = (self._opened(tenant, one["quote"]) for one in said if one["quote"] is not None)
        return tuple(words for words in opened if words)[:SHOWN]

    def _opened(self, tenant: str, quote: dict[str, Any]) -> str:
        said = self._vault.open(tenant, Sealed.model_validate(quote))
        return "" if said is None else said.decode()

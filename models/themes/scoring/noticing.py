"""How soon is a new topic noticed, in items of that topic?

A topic is noticed with the first theme that holds at least three of its items and is at least half its own,
counted after everything that one arrival brought about. Only topics of ten items or more count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.themes.changes import Assigned, Change, Merged, Moved, Retracted, Unthemed

TOPIC_ITEMS = 10
LATER_TOPICS = 5
NOTICED_ITEMS = 3
NOTICED_PURITY = 0.5


class Watch:
    """Follows who is in which theme, by the changes alone, and remembers when each label was noticed."""

    def __init__(self, label_of: Mapping[str, int]) -> None:
        self._label_of = label_of
        self._theme_of: dict[str, str] = {}
        self._into: dict[str, str] = {}
        self._counts: dict[str, Counter[int]] = {}
        self.seen: Counter[int] = Counter()
        self.first: dict[int, int] = {}
        """Arrivals of any label before the first one of each."""
        self.noticed: dict[int, int] = {}
        """Items of a label until it was noticed, that one included."""

    def learn_one(self, concern_id: str, changes: Sequence[Change]) -> None:
        """One arrival and all that it brought about."""
        label = self._label_of[concern_id]
        self.first.setdefault(label, self.seen.total())
        self.seen[label] += 1
        for theme in {theme for change in changes if (theme := self._apply(change)) is not None}:
            self._look(self._root(theme))

    def _apply(self, change: Change) -> str | None:
        """The theme that has gained by a change."""
        if isinstance(change, Assigned):
            return self._place(change.concern_id, change.theme_id)
        if isinstance(change, Moved):
            return self._place(change.concern_id, change.to_theme)
        if isinstance(change, Retracted | Unthemed):
            return self._place(change.concern_id, None)
        if isinstance(change, Merged):
            into = self._root(change.into_theme)
            gained = self._counts.pop(self._root(change.from_theme), Counter())
            self._into[change.from_theme] = into
            self._counts.setdefault(into, Counter()).update(gained)
            return into
        return None

    def _place(self, concern_id: str, theme: str | None) -> str | None:
        label, old = self._label_of[concern_id], self._theme_of.pop(concern_id, None)
        if old is not None:
            self._counts[self._root(old)][label] -= 1
        if theme is not None:
            self._theme_of[concern_id] = theme
            self._counts.setdefault(self._root(theme), Counter())[label] += 1
        return theme

    def _root(self, theme: str) -> str:
        while theme in self._into:
            theme = self._into[theme]
        return theme

    def _look(self, theme: str) -> None:
        counts = self._counts.get(theme, Counter())
        for label, count in counts.items():
            if count >= NOTICED_ITEMS and count >= NOTICED_PURITY * counts.total():
                self.noticed.setdefault(label, self.seen[label])

    def scores(self, warm_up: int) -> dict[str, Any]:
        """Medians over the topics; one that was never noticed took forever, and the median may be None.

        ``delay_later``: of the topics whose first item came after ``warm_up`` arrivals, when themes exist;
        left out when there are fewer than five.
        """
        topics = [label for label, count in self.seen.items() if count >= TOPIC_ITEMS]
        later = [label for label in topics if self.first[label] >= warm_up]
        found = sum(label in self.noticed for label in topics)
        return {
            "delay": self._median(topics),
            "topics_later": len(later),
            **({"delay_later": self._median(later)} if len(later) >= LATER_TOPICS else {}),
            "noticed_share": round(found / len(topics), 4) if topics else 0.0,
        }

    def _median(self, topics: Sequence[int]) -> float | None:
        delays = [float(self.noticed.get(label, np.inf)) for label in topics]
        middle = float(np.median(delays)) if delays else np.inf
        return middle if np.isfinite(middle) else None

"""What is kept of one tenant's themes, and how it is saved.

In: rows and small numbers, as they were saved.   Out: the same, when they changed.
State: the engine's, the concerns', the themes' profiles, the terms, the vocabulary, the families, the questions'
bar and the drift detectors. Elsewhere: what changes it (``tenant``, ``following``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.themes.engine import ThemeEngine
from models.themes.keywords import ThemeTerms
from models.themes.policy import ThemePolicy
from operators.ports import Vault
from operators.state import Table, Tables
from operators.themes.concerns import Concerns
from operators.themes.drift import DriftWatch
from operators.themes.drift_alerts import DriftAlerts
from operators.themes.families import Families
from operators.themes.profiles import Profiles
from operators.themes.questions import Questions
from operators.themes.vocabulary import Vocabulary


class Kept:
    """The state of one tenant; ``stale_centroids`` are to be written to the index before anything is saved."""

    def __init__(self, tenant: str, vault: Vault, policy: ThemePolicy, space: str = "") -> None:
        """``space`` makes ids of themes that differ from the tenant's own, which are of the same concerns."""
        self.engine = ThemeEngine(f"{tenant}\x1f{space}" if space else tenant, policy)
        self.concerns = Concerns(self.engine)
        self.profiles = Profiles()
        self.terms = ThemeTerms()
        self.vocabulary = Vocabulary(tenant, vault)
        self.families = Families(tenant, self.profiles, self.terms, self.vocabulary)
        self.questions = Questions()
        self.drift = DriftWatch()
        self.alerts = DriftAlerts(tenant)
        self.away: Table[int] = Table()
        """How often a concern had changed that was taken out of its theme but may come back."""
        self.arrivals = 0
        self.stale_centroids: set[str] = set()

    def bulk(self) -> Tables:
        """All that is rows: tables, and beside them the rows of the models."""
        tables: dict[str, Table[Any]] = {
            "away": self.away,
            "concerns": self.concerns.table,
            "drift_alerts": self.alerts.told,
            "families": self.families.table,
            "themes": self.profiles.table,
            "candidates": self.vocabulary.candidates,
            "words": self.vocabulary.words,
            **self.drift.tables,
        }
        return Tables(tables, _ModelRows(self))

    def small_state(self) -> dict[str, Any]:
        """The small rest."""
        return {
            "engine": self.engine.small_state(),
            "arrivals": self.arrivals,
            "unpublished": self.profiles.small_state(),
            "families": self.families.small_state(),
            "question_bar": self.questions.bar,
        }

    def restore_small(self, small: dict[str, Any]) -> None:
        """Take up the small rest; the bulk is loaded."""
        self.engine.restore_small(small["engine"])
        self.engine.rebuild()
        self.arrivals = small["arrivals"]
        self.concerns.finish_load(self.arrivals)
        for theme, who in self.concerns.places():
            self.profiles.people.count(theme, who, 1)
        self.profiles.restore_small(small["unpublished"])
        self.families.restore_small(small["families"])
        self.questions.bar = int(small["question_bar"])
        self.drift.finish_load(self.arrivals)
        self.stale_centroids.clear()


class _ModelRows:
    """The engine's, the settled concerns' and the term counts' rows, under names of their own."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        for table, key, value in self._kept.engine.state_changes():
            yield f"engine.{table}", key, value
        for key, value in self._kept.concerns.settled.state_changes():
            yield "settled", key, value
        for key, value in self._kept.terms.state_changes():
            yield "terms", key, value

    def load(self, table: str, key: str, value: Any) -> None:
        if table == "terms":
            self._kept.terms.load(key, value)
        elif table == "settled":
            self._kept.concerns.settled.load(key, value)
        else:
            self._kept.engine.load(table.removeprefix("engine."), key, value)

    def finish_load(self) -> None:
        self._kept.profiles.finish_load()
        self._kept.vocabulary.finish_load()

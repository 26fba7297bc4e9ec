"""One thing that waits for a person, and in which order such things are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from contracts.diversions import Quarantined
from contracts.priority import Alert
from contracts.stages import Decision, EnrichedItem
from contracts.themes import ThemeOrdered

Kind = Literal["concern", "category", "assignment", "theme", "proposal", "anomaly", "quarantined"]
_ORDER: dict[Kind, int] = {name: place for place, name in enumerate(get_args(Kind))}


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that waits; ``by`` is the model or labeller that decided, ``quote`` None where words are withheld.

    ``theme`` and ``runner_up`` are those of an assignment, or what a new theme, a proposal or an alert is about: its
    ``name``, and in ``examples`` its latest words. ``p_milli``: how likely an assignment is right; ``category_milli``:
    how likely the newest version of the tenant's own model has the category right.
    """

    kind: Kind
    id: str
    tenant: str
    reason: str
    worth: int = 0
    due: datetime | None = None
    quote: str | None = None
    decision: Decision | None = None
    options: tuple[str, ...] = ()
    by: str = ""
    language: str | None = None
    theme: str | None = None
    runner_up: str | None = None
    p_milli: int | None = None
    category_milli: int | None = None
    item_id: str = ""
    item: EnrichedItem | None = None
    held: Quarantined | None = None
    name: str | None = None
    examples: tuple[str, ...] = ()
    proposal: ThemeOrdered | None = None
    alert: Alert | None = None


def by_worth(cases: Iterable[Case]) -> list[Case]:
    """The most valuable first, in an order that is the same in every run."""
    return sorted(
        cases, key=lambda case: (case.kind == "quarantined", -case.worth, _ORDER[case.kind], case.id)
    )


def is_due(case: Case, *clocks: datetime | None) -> bool:
    """Whether no model is waited for any more, by the latest of the clocks; where there is none, nobody is."""
    known = [clock for clock in clocks if clock is not None]
    return case.due is None or not known or case.due <= max(known)

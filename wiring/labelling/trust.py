"""How far models are believed: what no model could or would answer goes to people, as long as that is rare.

In:    outcomes of a turn, with the concerns that each is about.   Out: the same; where too many were not believed, the
local decision stands instead; a signal to the journal, once a day, that the models are of no use.
Law:   a model that talks nonsense or refuses everything sends at most ``RARE`` of a tenant's concerns to review,
restarts included, and then none until its answers are believed again: it fills no queue and empties no theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.labelling.store import LabellingStore
from contracts.answers import MODEL_UNBELIEVED
from contracts.feedback import Signal
from models.labelling.asking import Outcome
from wiring.labelling.budget import Append

LAST = 200
"""Concerns of a tenant that are looked back upon."""

RARE = 10
"""So many of these may have had no answer that could be believed, or a refusal."""


class Trust:
    """Remembers in ``store`` what became of the latest questions of each tenant."""

    def __init__(self, store: LabellingStore, append: Append) -> None:
        self._store = store
        self._append = append

    def weigh(self, tenant: str, asked: Mapping[str, int], outcomes: dict[str, Outcome]) -> list[bool]:
        """Let local decisions stand where too many were not believed; ``asked``: how many concerns each key has.

        What is returned is to be kept when the answers are in the journal.
        """
        before, new = self._store.outcomes(tenant), list[bool]()
        for key, concerns in asked.items():
            outcome = outcomes[key]
            if outcome.verdict == "answered" or outcome.faults:
                new += [outcome.verdict == "answered"] * concerns
            if outcome.verdict in ("unbelieved", "left_to_people") and _doubted([*before, *new]) > RARE:
                outcomes[key] = Outcome("local_stands", faults=outcome.faults)
        return new

    def keep(self, tenant: str, believed: Sequence[bool], now: datetime) -> None:
        """Remember a turn's outcomes, and tell people where models are of no use."""
        self._store.keep_outcomes(tenant, believed, LAST)
        known = self._store.outcomes(tenant)
        doubted, what = _doubted(known), f"{tenant} {now:%Y-%m-%d} unbelieved"
        if doubted <= RARE or all(believed) or self._store.was_told(what):
            return
        percent = 100 * doubted // len(known)
        told = Signal(
            id="", tenant=tenant, event_time=now, ingested_at=now, name=MODEL_UNBELIEVED, value=percent
        )
        self._append([told])
        self._store.tell(what)


def _doubted(believed: Sequence[bool]) -> int:
    return believed[-LAST:].count(False)

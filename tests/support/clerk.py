"""A language model that answers honestly, over any wire; and a labeller beside a product flow in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from connectors.keys.vault import LocalVault
from connectors.labelling.store import LabellingStore
from contracts.envelope import Envelope
from contracts.registry import write_record
from contracts.stages import Concern
from models.labellers.bound import ReviewBound
from models.labelling.asking import Asker
from models.labelling.routes import RoutePolicy
from models.llm.base import Call, Provider, Reply, Usage
from models.llm.errors import NobodyAnswers
from models.llm.prompts import load_prompt
from tests.support.concerns import entry, question, reply, taxonomy
from tests.support.steps import NOON, Journey
from wiring.labelling.inbox import Inbox
from wiring.labelling.labeller import Labeller, Turn
from wiring.labelling.opening import Open, labels_in
from wiring.reviewing.classes import Taxonomies

Shown = dict[str, Any]
"""What a model is shown of a concern: its number, language, text."""

ASK_ALL = RoutePolicy(sure=1001, names_may_leave=True)
"""Every concern is asked about: the journeys of tests recognise no names."""


def shown_in(user: str) -> list[Shown]:
    """The concerns that a call asks about."""
    lines = (json.loads(line) for line in user.splitlines() if line.startswith("{"))
    return [line for line in lines if "number" in line]


def honest(user: str, **changes: Any) -> str:
    """The reply of a model that agrees with the local decisions."""
    return reply(*(honest_entry(shown, **changes) for shown in shown_in(user)))


def honest_entry(shown: Shown, **changes: Any) -> dict[str, Any]:
    """What it says of one concern; it is the opposite of provisional."""
    asked = question(shown["text"], shown["language"], shown.get("stars"))
    return entry(asked, shown["number"], **changes)


@dataclass
class Clerk:
    """A provider that answers what ``says`` makes of the user's message; ``away`` it does not answer at all."""

    says: Callable[[str], str] = honest
    name: str = "compatible"
    model: str = "small"
    away: bool = False
    asked: list[list[Shown]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def ask(self, call: Call) -> Reply:
        if self.away:
            raise NobodyAnswers([], retry_after_s=30.0)
        with self.lock:
            self.asked.append(shown_in(call.user))
        text = self.says(call.user)
        usage = Usage(len(call.system + call.user) // 4, 0, len(text) // 4)
        return Reply("answered", text, self.model, self.model, self.name, usage, cost_micro=40)


class Desk:
    """A labeller that reads what a journey enriched and answers into its journal."""

    def __init__(
        self,
        journey: Journey,
        directory: Path,
        small: Provider,
        large: Provider | None = None,
        policy: RoutePolicy = ASK_ALL,
        **how: Any,
    ) -> None:
        self.journey = journey
        self.now = NOON
        self.directory = directory
        self.store = LabellingStore(directory / "labelling" / "answers.sqlite3")
        self.inbox = Inbox(policy)
        self.vault = LocalVault(directory / "keys")
        taxonomies = Taxonomies(taxonomy(), lambda: labels_in(self.store))
        self.asker = Asker(
            small, large, load_prompt("decide-1"), taxonomies.of, policy, review_below=ReviewBound()
        )
        self.labeller = Labeller(self.store, self.vault, self.asker, self.append, self.clock, **how)
        self.opened = Open(self.labeller, self.inbox, self.store, self.asker, taxonomies, ())
        self._read = self.store.positions().get("enriched/0", 0)

    def clock(self) -> datetime:
        return self.now

    def append(self, records: Sequence[Envelope]) -> None:
        for record in records:
            self.journey.put(write_record(record))

    def read(self) -> None:
        """Take up what was enriched since."""
        fresh = self.journey.topics.get("enriched", [])[self._read :]
        self._read += len(fresh)
        self.opened.take([self.inbox.change(one) for one in fresh], {"enriched/0": self._read})

    def work(self, turns: int = 50) -> Turn:
        """Read and ask until nothing can be done; the last turn."""
        for _ in range(turns):
            self.read()
            turn = self.labeller.turn()
            if turn.wait_s is not None:
                return turn
        raise AssertionError(f"{turns} turns and no end")

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    def close(self) -> None:
        self.store.close()
        self.vault.close()


def latest(journey: Journey) -> dict[str, Concern]:
    """Every concern as it was told last."""
    return {concern.concern_id: concern for item in journey.enriched() for concern in item.concerns}


def provisional(journey: Journey, among: Iterable[str] | None = None) -> list[str]:
    """The concerns that local models alone have decided."""
    told = latest(journey)
    return [name for name in (told if among is None else among) if told[name].decision.provisional]

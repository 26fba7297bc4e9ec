"""The labeller of a data directory: read what is enriched, ask, append; the flow acts on it when it runs again.

In: topic ``enriched``, read whole each time.   Out: answers at the journal's end, appended a turn at a time, so that
orders of people find the journal free in between. What nobody answered waits in the labeller's memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from connectors.labelling.store import Change
from contracts.envelope import Envelope
from settings import Settings
from wiring.appending import embedded_orders
from wiring.datadir import DataDir
from wiring.labelling.inbox import Inbox
from wiring.labelling.opening import Open, open_labeller
from wiring.views.topics import Topics

READ_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Labelled:
    """What came of it: answers by how they were come by, what was asked of models, and how many wait on, and why."""

    answers: int
    seen: int
    counts: dict[str, int]
    calls: int
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int
    unpriced: int
    waiting: int
    why: str
    total: int
    notices: tuple[str, ...]


def label(
    directory: Path,
    settings: Settings,
    partitions: int,
    now: Callable[[], datetime],
    *,
    patience_s: float = 0.0,
    pause: Callable[[float], None] = time.sleep,
) -> Labelled:
    """Ask about everything that waits; for at most ``patience_s`` seconds wait for somebody to answer.

    Raises ``WrongUsage`` where no model is set up.
    """

    def append(records: Sequence[Envelope]) -> None:
        with embedded_orders(directory, partitions, now) as orders:
            orders.put(records)

    with open_labeller(directory, settings, append, now) as opened:
        for changes in _changes(directory, opened.inbox):
            opened.take(changes, {})
        answers, why = _turns(opened, patience_s, pause)
        with embedded_orders(directory, partitions, now) as orders:
            total = orders.total(settings.tenant)
        return _labelled(opened, answers, why, total)


def _changes(directory: Path, inbox: Inbox) -> Iterator[list[Change]]:
    records = (record for _place, record in Topics(DataDir(directory).logs).records("enriched"))
    changes = map(inbox.change, records)
    while together := list(islice(changes, READ_TOGETHER)):
        yield together


def _turns(opened: Open, patience_s: float, pause: Callable[[float], None]) -> tuple[int, str]:
    """Turns until nothing can be asked; how many answers came, and why what still waits does."""
    answers = 0
    while True:
        turn = opened.labeller.turn()
        answers += turn.answers
        left = opened.store.count()
        if not left:
            return answers, ""
        if turn.wait_s is None:
            continue
        if turn.is_idle or turn.wait_s > patience_s:
            return answers, turn.why
        patience_s -= turn.wait_s
        pause(turn.wait_s)


def _labelled(opened: Open, answers: int, why: str, total: int) -> Labelled:
    tally = opened.labeller.tally
    counts = {**opened.labeller.counts, "local": opened.inbox.counts["local"]}
    return Labelled(
        answers=answers,
        seen=opened.inbox.counts["seen"],
        counts=dict(sorted(counts.items())),
        calls=tally.calls,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost_micro_usd=tally.cost_micro_usd,
        unpriced=tally.unpriced,
        waiting=opened.store.count(),
        why=why,
        total=total,
        notices=opened.notices,
    )

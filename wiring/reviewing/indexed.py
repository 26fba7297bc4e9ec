"""What waits for a person on Kafka, by way of the index: only what is new since the last look is read.

The file lies beside the keys, ``review/<prefix>-<generation>.sqlite3``, readable by its owner alone. It is made anew
if it is missing, damaged, of another form, or of topics that were deleted and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

import orjson

from connectors.holding import in_turn
from connectors.kafka.admin import topic_ids
from connectors.kafka.messages import header
from connectors.keys.vault import LocalVault
from contracts.errors import StateCorrupt
from wiring.deadletters.kafka import KafkaTopics, Mark, Source, Told
from wiring.reviewing.case import Case
from wiring.reviewing.classes import Orders, ordered_in
from wiring.reviewing.index import FORMAT, ReviewIndex
from wiring.reviewing.queue import open_cases
from wiring.views.topics import Records

# Downstream first: what a running flow writes meanwhile is then never an output without its input. What says that an
# item has gone on comes before the quarantine that it went on from.
TOPICS = (
    "alerts", "assignments", "reviews", "enriched", "receipts", "dead-letters", "redacted", "quarantine", "journal",
)  # fmt: skip

FORGOTTEN = ("reviews", "quarantine")
"""What these no longer hold is let go of."""

T = TypeVar("T")

_COMMAND = "undercurrent.journal.command.v1"

# Records that are kept together; a first look that is interrupted goes on behind them.
TOGETHER = 2_000


def waiting(
    topics: Records, folder: Path, vault: LocalVault, tenant: str | None, *, early: bool
) -> list[Case]:
    """As ``queue.open_cases``, of a data directory or of Kafka."""
    if not isinstance(topics, KafkaTopics):
        return open_cases(topics, vault, tenant, early=early)
    return _asked(topics, folder, vault, lambda index: index.cases(tenant, early=early))


def ordered(topics: Records, folder: Path, vault: LocalVault) -> Orders:
    """Categories that people added, of a data directory or of Kafka."""
    if not isinstance(topics, KafkaTopics):
        return ordered_in(topics)
    return _asked(topics, folder, vault, ReviewIndex.labels)


def _asked(topics: KafkaTopics, folder: Path, vault: LocalVault, ask: Callable[[ReviewIndex], T]) -> T:
    """What the index says once it has taken what is new."""
    path = folder / "review" / f"{topics.naming.prefix}-{topics.naming.generation}.sqlite3"
    with in_turn(path.with_suffix(".lock")):
        try:
            return _look(topics, path, vault, ask)
        except StateCorrupt:
            delete(path)  # if it was not the index that is wrong, it is said again
            return _look(topics, path, vault, ask)


def delete(path: Path) -> None:
    """Let go of an index and of what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _look(topics: KafkaTopics, path: Path, vault: LocalVault, ask: Callable[[ReviewIndex], T]) -> T:
    identity = _identity(topics)
    with closing(ReviewIndex(path, vault)) as index:
        is_known = index.marks("").get(0) in (None, identity)
        if is_known:
            with index.together():
                index.put_mark("", 0, identity)
            _refresh(index, topics)
            return ask(index)
    delete(path)
    return _look(topics, path, vault, ask)


def _identity(topics: KafkaTopics) -> str:
    names = {source.name for topic in TOPICS for source in _sources(topics, topic)}
    ids = {name: list(told) for name, told in topic_ids(topics.cluster, sorted(names)).items()}
    return orjson.dumps({"format": FORMAT, "topics": ids}, option=orjson.OPT_SORT_KEYS).decode()


def _refresh(index: ReviewIndex, topics: KafkaTopics) -> None:
    """Take what is new."""
    for topic in TOPICS:
        for source in _sources(topics, topic):
            _take(index, source)
    forgetting = [source for topic in FORGOTTEN for source in _sources(topics, topic)]
    with index.together():
        index.tidy({source.name: source.firsts() for source in forgetting})


def _sources(topics: KafkaTopics, topic: str) -> list[Source]:
    """What was asked about items before this generation began is still asked, whoever shows the themes."""
    return topics.sources(topic, earlier=True)


def _take(index: ReviewIndex, source: Source) -> None:
    marks = {part: Mark(**orjson.loads(told)) for part, told in index.marks(source.name).items()}
    new = iter(source.since(marks))
    while some := list(islice(new, TOGETHER)):
        with index.together():
            for told in _wanted(source.short, some):
                index.take(source.short, told.place, source.read(told), source.name)
            for part, mark in marks.items():
                index.put_mark(source.name, part, orjson.dumps(mark).decode())


def _wanted(topic: str, some: Iterable[Told]) -> Iterable[Told]:
    """Of the journal, which is the longest, only what people ordered."""
    return (one for one in some if topic != "journal" or header(one.headers, "ce_type") == _COMMAND)

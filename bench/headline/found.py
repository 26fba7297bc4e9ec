"""What a run of the headline left in the topics: every delivery of a conversation, and the issues that came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.headline.webhooks import Sent
from bench.kafka.common import Ground, quantile
from bench.kafka.latency import TOPICS, first_times
from connectors.kafka.reading import between
from contracts.envelope import Envelope
from contracts.feedback import FeedbackReceived
from contracts.identity import ordinal_of, partition_of
from contracts.priority import LinearIssue
from contracts.registry import read_record
from contracts.stages import RedactedItem

Place = tuple[int, int]
"""Partition and ordinal in the journal."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A journal record of feedback: which message it is of, and its tenant."""

    number: int
    tenant: str
    ordinal: int


def delivered(ground: Ground) -> dict[Place, Cause]:
    """Feedback of the journal by its place; its origin names the conversation."""
    return {
        (p, ordinal): Cause(int(record.found_at.origin.rpartition(" ")[2]), record.tenant, ordinal)
        for p, ordinal, record in _records(ground, "journal")
        if isinstance(record, FeedbackReceived)
    }


def opened(ground: Ground) -> list[LinearIssue]:
    """Issues that are to be opened, as the topic says."""
    records = (record for _p, _ordinal, record in _records(ground, "linear"))
    return [record for record in records if isinstance(record, LinearIssue) and record.change == "open"]


def fired(causes: Mapping[Place, Cause], issues: Sequence[LinearIssue]) -> dict[str, Cause | None]:
    """What fired each issue: the record that its id names, or the tenant's last before the tick that was."""
    return {issue.issue_id: _cause(causes, issue) for issue in issues}


def once_each(ground: Ground, causes: Mapping[Place, Cause], sent: Sent) -> dict[int, int]:
    """How many conversations lie how often in the journal. Raises ``AssertionError`` where one counts twice, or never.

    What intake let through counts; of the copies that polls bring it drops all but the first.
    """
    copies = Counter(cause.number for cause in causes.values())
    let_through = Counter(
        record.item_id
        for _p, _ordinal, record in _records(ground, "redacted")
        if isinstance(record, RedactedItem)
    )
    twice = [item for item, times in let_through.items() if times > 1]
    assert not twice, f"{len(twice)} of {len(let_through)} items count more than once"
    missing = sent.at.keys() - sent.refused.keys() - copies.keys()
    assert not missing, f"{len(missing)} conversations that were answered with 200 are not in the journal"
    assert len(let_through) <= len(copies), f"{len(let_through)} items of {len(copies)} conversations"
    return dict(sorted(Counter(copies.values()).items()))


def steps(ground: Ground, causes: Mapping[Place, Cause]) -> dict[str, float]:
    """The p95 of each stage's part of the way, seconds, by the broker's clock: of what went all the way."""
    at = {short: first_times(ground, short, dict.fromkeys(range(ground.partitions), 0)) for short in TOPICS}
    whole = [place for place in causes if all(place in found for found in at.values())]
    return {
        there: round(quantile([at[there][place] - at[here][place] for place in whole], 0.95), 2)
        for here, there in pairwise(TOPICS)
    }


def _cause(causes: Mapping[Place, Cause], issue: LinearIssue) -> Cause | None:
    place = partition_of(issue.id), ordinal_of(issue.id)
    if place in causes:
        return causes[place]
    before = [
        cause
        for (p, ordinal), cause in causes.items()
        if p == place[0] and ordinal < place[1] and cause.tenant == issue.tenant
    ]
    return max(before, key=lambda cause: cause.ordinal, default=None)


def _records(ground: Ground, short: str) -> Iterable[tuple[int, int, Envelope]]:
    """Everything that a topic holds, with its partition and offset."""
    name = ground.naming.topic(short)
    for p, there in ground.held(short).items():
        messages = between(ground.cluster, name, p, there.first, there.end)
        for ordinal, message in enumerate(messages, there.first):
            yield p, ordinal, read_record(short, message.value() or b"")

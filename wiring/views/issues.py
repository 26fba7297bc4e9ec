"""What became of issues, as the topic ``issues`` tells: each issue as it is now, and rates by rule and theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contracts.priority import Interval, IssueStatus
from models.priority.wilson import wilson_interval
from wiring.views.topics import Records

ENDED = ("done", "cancelled", "duplicate")
"""States that count in a rate; what is in work says nothing yet, and what was deleted says nothing at all."""


def issues(topics: Records, tenant: str | None = None) -> list[IssueStatus]:
    """Each issue as it was told of last, by tenant, the latest opened first."""
    latest: dict[tuple[str, str], IssueStatus] = {}
    for _, record in topics.records("issues"):
        if isinstance(record, IssueStatus) and tenant in (None, record.tenant):
            latest[record.tenant, record.issue_id] = record
    return sorted(latest.values(), key=lambda one: (one.tenant, -one.opened_at.timestamp(), one.issue_id))


def rates(
    found: Sequence[IssueStatus], key: Callable[[IssueStatus], str]
) -> dict[tuple[str, str], tuple[int, Interval]]:
    """By tenant and ``key``: how many issues there are, and the share of those that ended which were done."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in found:
        grouped.setdefault((one.tenant, key(one)), []).append(one.state)
    return {
        name: (len(states), wilson_interval(states.count("done"), sum(map(states.count, ENDED))))
        for name, states in sorted(grouped.items())
    }

"""Compare two runs of one journal, wherever their records lie: up to where both have come, or to an ordinal given.

In:    two ``Run``s.   Out: a ``Comparison``.
Elsewhere: runs on Kafka (``on_kafka``) and in data directories (``on_files``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.registry import NOBODY
from wiring.comparing.compare import compare_tenant
from wiring.comparing.matching import MIN_CONFIDENCE
from wiring.comparing.model import Comparison, TenantComparison
from wiring.comparing.standing import FOLDED, Fold

EVERY = -1
"""Instead of a partition: all of them."""


class Run(Protocol):
    """The records of one run of the stages."""

    @property
    def name(self) -> str:
        """What people call it."""

    def ends(self) -> Mapping[int, int]:
        """The journal ordinal that every stage has come to, by partition; -1 where nothing has come through."""

    def issues_since(self) -> Mapping[int, int]:
        """The first journal ordinal from which all issues are there, by partition; 0 where it is left out."""

    def records(self, topic: str) -> Iterator[Envelope]:
        """A topic's records, those of a partition in order."""


def compare_runs(
    before: Run,
    after: Run,
    *,
    tenant: str | None = None,
    up_to: Mapping[int, int] | None = None,
    min_confidence: float = MIN_CONFIDENCE,
) -> Comparison:
    """What ``after`` would change. Both are folded up to the same ordinal of each partition.

    Raises ``WrongUsage`` for an ordinal in ``up_to`` that one of them has not come to, or an unknown tenant.
    """
    ends = dict(before.ends()), dict(after.ends())
    common = common_ordinals(before.name, after.name, *ends, up_to or {})
    folds = _folded(before, common, tenant), _folded(after, common, tenant)
    since = before.issues_since(), after.issues_since()
    found = tuple(_tenants(folds, since, min_confidence))
    if tenant is not None and not found:
        raise WrongUsage(f"nothing of tenant {tenant} is in {before.name} or {after.name}")
    notices = tuple(_notices(before.name, after.name, *ends, common))
    return Comparison(before.name, after.name, common, ends, found, notices)


def _tenants(
    folds: tuple[Fold, Fold], since: tuple[Mapping[int, int], Mapping[int, int]], min_confidence: float
) -> Iterator[TenantComparison]:
    for name in sorted((folds[0].tenants.keys() | folds[1].tenants.keys()) - {NOBODY}):
        standings = folds[0].standing(name), folds[1].standing(name)
        place = max(one.partition for one in standings)  # one that knows nothing of the tenant says 0
        first = max(one.get(place, 0) for one in since)
        yield compare_tenant(name, *standings, issues_since=first, min_confidence=min_confidence)


def common_ordinals(
    before: str, after: str, ends: Mapping[int, int], other_ends: Mapping[int, int], wanted: Mapping[int, int]
) -> dict[int, int]:
    """The ordinal up to which both are compared, by partition: the lowest of both ends, or a lower one given.

    A partition that only one of them has is not compared.
    """
    common = {}
    for partition in sorted(ends.keys() & other_ends.keys()):
        lowest = min(ends[partition], other_ends[partition])
        asked = wanted.get(partition, wanted.get(EVERY, lowest))
        if asked > lowest and ends[partition] != other_ends[partition]:
            slow = before if ends[partition] == lowest else after
            raise WrongUsage(
                f"{slow} has come to ordinal {lowest} of partition {partition}, not to {asked}: let it run on, or "
                f"compare up to {lowest}"
            )
        common[partition] = min(asked, lowest)
    return common


def _folded(run: Run, up_to: Mapping[int, int], tenant: str | None) -> Fold:
    fold = Fold(up_to, tenant)
    for topic in FOLDED:
        fold.take_all(run.records(topic))
    return fold


def _notices(
    before: str,
    after: str,
    ends: Mapping[int, int],
    other_ends: Mapping[int, int],
    common: Mapping[int, int],
) -> Iterator[str]:
    behind = [
        f"partition {p}: {before} to {ends[p]}, {after} to {other_ends[p]}, compared up to {ordinal}"
        for p, ordinal in common.items()
        if not ends[p] == other_ends[p] == ordinal
    ]
    if behind:
        yield "not all of both is compared: " + "; ".join(behind[:4]) + ("; …" if len(behind) > 4 else "")
    alone = sorted(ends.keys() ^ other_ends.keys())
    if alone:
        yield f"only one of them has partitions {', '.join(map(str, alone))}, which are left out"

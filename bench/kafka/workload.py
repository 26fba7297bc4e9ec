"""Feedback of many tenants as journal records, in rounds that hold different texts of the demo's samples.

The texts are distinct over all rounds, so that no round profits from the vectors that an earlier one left in a cache.
A round ends with a tick for everyone: once it has come through, so has all that was before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.flow import _texts
from bench.kafka.common import PARTITIONS, TENANTS_PER_PARTITION
from connectors.keys.vault import LocalVault
from contracts.feedback import Coordinates
from contracts.identity import partition
from wiring.journal import Arrival, RecordMaker
from wiring.kafka.ticker import tick_record

START = datetime(2026, 1, 1, tzinfo=UTC)
TICK_EVERY = 500
"""Items between ticks, as many as come in 10 s at 50 a second."""


@dataclass(frozen=True, slots=True)
class Round:
    """Journal records in order, each with its partition; None is every partition."""

    items: int
    lines: tuple[tuple[int | None, bytes], ...]

    def of(self, partitions: int) -> dict[int, list[bytes]]:
        """The records of each partition."""
        cut: dict[int, list[bytes]] = {p: [] for p in range(partitions)}
        for place, line in self.lines:
            for p in range(partitions) if place is None else (place,):
                cut[p].append(line)
        return cut


def tenants(partitions: int = PARTITIONS, each: int = TENANTS_PER_PARTITION) -> list[str]:
    """Names of tenants, ``each`` of them in every partition."""
    free = dict.fromkeys(range(partitions), each)
    found = []
    n = 0
    while any(free.values()):
        name = f"tenant-{n}"
        if free[place := partition(name, partitions)]:
            free[place] -= 1
            found.append(name)
        n += 1
    return found


def make_rounds(keys: Path, sizes: Sequence[int], partitions: int = PARTITIONS) -> list[Round]:
    """A round of each size, sealed under a new key store in ``keys``."""
    texts = iter(_texts(sum(sizes)))
    clock = START
    rounds = []
    with closing(LocalVault(keys)) as vault:
        for size in sizes:
            lines = list(_round(vault, [next(texts) for _ in range(size)], clock, partitions))
            rounds.append(Round(size, tuple(lines)))
            clock += timedelta(minutes=size)
    return rounds


def _round(
    vault: LocalVault, texts: Sequence[str], begin: datetime, partitions: int
) -> Iterator[tuple[int | None, bytes]]:
    """Tenants in turn; a tenant's items are a minute apart, each from an author of its own."""
    names = tenants(partitions)
    records = {
        name: iter(
            RecordMaker(name, vault, START).feedback(_arrivals(name, texts[place :: len(names)], begin))
        )
        for place, name in enumerate(names)
    }
    for n in range(len(texts)):
        name = names[n % len(names)]
        yield partition(name, partitions), next(records[name])
        if (n + 1) % TICK_EVERY == 0 or n + 1 == len(texts):
            yield None, tick_record(begin + timedelta(minutes=1 + n // len(names)))


def _arrivals(tenant: str, texts: Sequence[str], begin: datetime) -> list[Arrival]:
    return [
        Arrival(
            begin + timedelta(minutes=n),
            begin + timedelta(minutes=n),
            "bench",
            f"{begin.isoformat()} {n}",
            {"text": text, "author": f"author-{tenant}-{begin:%d%H%M}-{n}", "account": f"account-{n % 40}"},
            Coordinates(origin="bench", line=n + 1),
        )
        for n, text in enumerate(texts)
    ]

"""Build an index anew beside the one in use, look whether it is whole, then switch in one request.

In:    the points, written to ``Build.index`` by whoever owns them.    Out: aliases on the new collections.
State: the new collections; the old ones are kept until someone removes them, so ``Aliases.rollback`` goes back.
Writes of a running stage go to the collections in use: build while the stage stands still, or in another generation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.qdrant.aliases import Aliases, IndexPlan
from connectors.qdrant.client import Server
from connectors.qdrant.outbox import Outbox
from connectors.qdrant.server import QdrantServerIndex
from contracts.errors import StateCorrupt
from contracts.vectors import ItemPoint, ThemePoint


@dataclass(frozen=True, slots=True)
class Expected:
    """What a tenant must have in the new index: numbers of points, and a sample that must be found."""

    tenant: str
    themes: int
    items: int
    sample_themes: Sequence[ThemePoint] = ()
    sample_items: Sequence[ItemPoint] = ()


class Build:
    """New collections of one generation, behind no alias until ``switch``."""

    def __init__(self, server: Server, plan: IndexPlan, outbox_dir: Path) -> None:
        """Make them, empty. Raises ``RetryLater`` if the server is away: there is nothing to switch to then."""
        server.check_version()
        self._aliases = Aliases(server, plan)
        self._names = self._aliases.begin_build()
        self.index = QdrantServerIndex(server, plan, Outbox(outbox_dir), self._names)

    def switch(self, expected: Iterable[Expected]) -> None:
        """Put the aliases on the new collections if every tenant is whole, else raise ``StateCorrupt``."""
        for tenant in expected:
            check_whole(self.index, tenant)
        self._aliases.switch(self._names)


def check_whole(index: QdrantServerIndex, expected: Expected) -> None:
    """Compare counts, and find each point of the sample by its own vector: search is exact, so recall must be 1."""
    index.verify(expected.tenant, themes=expected.themes, items=expected.items)
    lost = [
        point.theme_id for point in expected.sample_themes if not _finds_theme(index, expected.tenant, point)
    ]
    lost += [
        point.concern_id for point in expected.sample_items if not _finds_item(index, expected.tenant, point)
    ]
    if lost:
        raise StateCorrupt(
            f"{expected.tenant}: {len(lost)} points of the sample are not found in the new index, {lost[0]}"
            " first; build it again"
        )


def _finds_theme(index: QdrantServerIndex, tenant: str, point: ThemePoint) -> bool:
    found = index.nearest_theme(tenant, point.group, point.vector)
    own = point.vector.astype(int)
    return found is not None and found[1] >= float(own @ own)


def _finds_item(index: QdrantServerIndex, tenant: str, point: ItemPoint) -> bool:
    # Equal vectors tie and the lowest id comes first, so it is the cosine that tells.
    found = index.similar_items(tenant, point.vector, limit=1)
    return bool(found) and found[0].similarity == 1.0

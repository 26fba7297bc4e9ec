"""The vector index as a view of the themes: written through, made equal again after a restart, and audited.

In:    concerns as points, and tenants whose centroids may have changed.   Out: writes, of centroids
       before a call returns, of concerns at the index's ``settle``.
State: none of its own; what it must be equal to is the tenants'. Elsewhere: how two answers compare (``audit``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from contracts.errors import RetryLater
from contracts.vectors import ItemPoint
from operators.ports import VectorIndex
from operators.themes.arrivals import group_of
from operators.themes.audit import AuditTally, audit_themes
from operators.themes.tenant import TenantThemes

# One concern in so many is asked of the index too; at a thousand themes an audit takes a few milliseconds.
AUDITED_OF = 256


class IndexView:
    """The index, as the themes of all tenants are shown in it; ``themes`` gives those of one."""

    def __init__(self, index: VectorIndex, themes: Callable[[str], TenantThemes], tally: AuditTally) -> None:
        self._index = index
        self._themes = themes
        self._tally = tally

    def settle(self) -> None:
        """Wait until the index has all that was written."""
        self._index.settle()

    def restore(self, tenant: str) -> None:
        """Make the tenant's centroids in the index exactly those of its themes."""
        self._index.replace_themes(tenant, self._themes(tenant).centroids())

    def write_through(
        self, points: Mapping[str, Mapping[str, ItemPoint | None]], tenants: Sequence[str]
    ) -> None:
        """Write concerns by tenant and id (None: it is gone), then the centroids of ``tenants`` that changed."""
        for tenant, changed in points.items():
            put = [point for point in changed.values() if point is not None]
            drop = [concern for concern, point in changed.items() if point is None]
            if put:
                self._index.put_items(tenant, put)
            if drop:
                self._index.drop_items(tenant, drop)
        for tenant in tenants:
            fresh, gone = self._themes(tenant).take_stale_centroids()
            if fresh:
                self._index.put_themes(tenant, fresh)
            if gone:
                self._index.drop_themes(tenant, gone)
            self._audit(tenant, points.get(tenant, {}).values())

    def _audit(self, tenant: str, points: Iterable[ItemPoint | None]) -> None:
        """Ask the index about a sample of what just came, and count where it and the mirror differ."""
        sample = [p for p in points if p is not None and int(p.concern_id[:8], 16) % AUDITED_OF == 0]
        themes = self._themes(tenant)
        asked = [themes.question(p.vector, group_of(str(p.payload["language"]))) for p in sample]
        queries = [query for query in asked if query is not None]
        if not queries:
            return
        try:
            self._tally.add(audit_themes(self._index, themes.centroids(), queries, tenant))
        except RetryLater:  # a server that is behind has nothing to compare yet; the stream goes on
            self._tally.skipped += len(queries)

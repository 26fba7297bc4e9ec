"""The vector index on a Qdrant server: the port of the embedded one, for stages of several processes.

In:    centroids and concerns on the integer grid, always under a tenant.
Out:   the nearest theme with its exact dot product; similar concerns with their exact cosine; ties to the lowest
       id. Both from the server: while writes wait, ``nearest_theme`` raises ``RetryLater`` for the tenants they
       belong to, and ``similar_items`` and counts answer from what is there.
State: collections on the server (``aliases``), a view that can be dropped and rebuilt; what it could not take yet,
       in the outbox. Writes return when the server applied them or the outbox is on disk.
Elsewhere: writes while it is away (``delivery``); the tenant filter (``tenant``); retries and errors (``client``);
       how points look (``points``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from connectors.qdrant.aliases import KINDS, Aliases, IndexPlan
from connectors.qdrant.client import Patience, Server, connect
from connectors.qdrant.delivery import Delivery, State
from connectors.qdrant.outbox import MAX_BYTES, Operation, Outbox
from connectors.qdrant.points import in_group, in_payload, item_point, most_similar, nearest, theme_point
from connectors.qdrant.tenant import TenantCollection
from contracts.errors import RetryLater, StateCorrupt
from contracts.vectors import (
    GridVector,
    ItemFilter,
    ItemPoint,
    SimilarItem,
    ThemePoint,
    check_dims,
    point_id,
)

FLUSH_S = 30.0
"""Longest catching up of one ``flush``, in seconds."""


@dataclass(frozen=True, slots=True)
class TenantCounts:
    """What the server holds of a tenant, and how many writes of the whole stage still wait."""

    tenant: str
    themes: int
    items: int
    waiting: int


class QdrantServerIndex:
    """Themes and items of all tenants of one generation; a tenant is written by one process at a time."""

    def __init__(
        self,
        server: Server,
        plan: IndexPlan,
        outbox: Outbox,
        collections: Mapping[str, str] | None = None,
    ) -> None:
        """Open; a server that is away is no error. ``collections`` by kind, None for those behind the aliases.

        Raises ``RecoveryRefused`` for a server that is too old or whose collections hold other vectors.
        """
        self._server = server
        self._plan = plan
        self._aliases = Aliases(server, plan)
        names = collections or {kind: plan.alias(kind) for kind in KINDS}
        self._of = {kind: TenantCollection(server, names[kind]) for kind in KINDS}
        check = server.check_version if collections else self._check
        self._delivery = Delivery(server, self._of, outbox, check)

    @property
    def lag(self) -> int:
        """Number of writes of the stage that wait for the server."""
        return self._delivery.lag

    @property
    def state(self) -> State:
        """``behind`` while writes wait; ``full`` when no more can, and writing raises ``RetryLater``."""
        return self._delivery.state

    def put_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Write centroids through."""
        stored = tuple(theme_point(point, self._plan.theme_dims) for point in points)
        self._delivery.write(Operation("themes", "put", tenant, points=stored))

    def drop_themes(self, tenant: str, theme_ids: Sequence[str]) -> None:
        """Remove the centroids of themes that are gone."""
        self._delivery.write(Operation("themes", "drop", tenant, ids=tuple(map(point_id, theme_ids))))

    def replace_themes(self, tenant: str, points: Sequence[ThemePoint]) -> None:
        """Make the tenant's centroids exactly these; killed half-way, doing it again completes it."""
        stored = tuple(theme_point(point, self._plan.theme_dims) for point in points)
        ids = tuple(point.id for point in stored)
        self._delivery.write(
            Operation("themes", "put", tenant, points=stored),
            Operation("themes", "keep_only", tenant, ids=ids),
        )

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Write concern vectors through."""
        stored = tuple(item_point(point, self._plan.item_dims) for point in points)
        self._delivery.write(Operation("items", "put", tenant, points=stored))

    def drop_items(self, tenant: str, concern_ids: Sequence[str]) -> None:
        """Remove concerns that were retracted."""
        self._delivery.write(Operation("items", "drop", tenant, ids=tuple(map(point_id, concern_ids))))

    def drop_tenant(self, tenant: str) -> None:
        """Remove everything of the tenant."""
        self._delivery.write(*(Operation(kind, "keep_only", tenant) for kind in KINDS))

    def nearest_theme(self, tenant: str, group: str, vector: GridVector) -> tuple[str, float] | None:
        """The nearest centroid of the group and its exact dot product; ties go to the lowest id.

        Raises ``RetryLater`` while the server is away or centroids of the tenant wait for it.
        """
        check_dims(vector, self._plan.theme_dims)
        wanted = in_group(group)
        with self._delivery.reading(of=(tenant, "themes")):
            themes = self._of["themes"]
            return nearest(lambda n: themes.nearest(tenant, vector, n, wanted, with_vector=False))

    def similar_items(
        self,
        tenant: str,
        vector: GridVector,
        *,
        limit: int,
        where: Mapping[str, str | int | bool] | None = None,
    ) -> list[SimilarItem]:
        """The nearest concerns by exact cosine that are all ``where`` says; ties go to the lowest id.

        While writes wait, an answer from what the server has. Raises ``RetryLater`` while it is away.
        """
        check_dims(vector, self._plan.item_dims)
        wanted = in_payload(ItemFilter.of(where))
        with self._delivery.reading():
            items = self._of["items"]
            return most_similar(
                lambda n: items.nearest(tenant, vector, n, wanted, with_vector=True), vector, limit
            )

    def count_themes(self, tenant: str) -> int:
        """Number of the tenant's centroids on the server."""
        with self._delivery.reading():
            return self._of["themes"].count(tenant)

    def count_items(self, tenant: str) -> int:
        """Number of the tenant's concerns on the server."""
        with self._delivery.reading():
            return self._of["items"].count(tenant)

    def verify(self, tenant: str, *, themes: int | None = None, items: int | None = None) -> TenantCounts:
        """Count the tenant on the server once nothing waits, and compare with what the caller knows.

        Raises ``RetryLater`` while writes wait, ``StateCorrupt`` when a count differs.
        """
        self.flush()
        found = TenantCounts(tenant, self.count_themes(tenant), self.count_items(tenant), self.lag)
        if found.waiting:
            raise RetryLater(
                f"{self._server.name}: {found.waiting} writes wait",
                retry_after_s=self._server.patience.longest_wait_s,
            )
        expected = (found.themes if themes is None else themes, found.items if items is None else items)
        if expected != (found.themes, found.items):
            raise StateCorrupt(
                f"{self._server.name}: {tenant} has {found.themes} themes and {found.items} items, not"
                f" {expected[0]} and {expected[1]}; rebuild the index"
            )
        return found

    def settle(self) -> None:
        """What was written is with the server, or in the outbox on disk, already."""

    def flush(self) -> None:
        """Catch up as far as the server allows; what still waits is on disk.

        How soon the server syncs what it applied is its own setting (``storage.wal``).
        """
        self._delivery.catch_up(FLUSH_S)

    def close(self) -> None:
        """Catch up if possible and let go; what waits stays on disk for the next process."""
        try:
            self._delivery.close()
        finally:
            self._server.close()

    def _check(self) -> None:
        """The server's version, and collections that are made for our vectors."""
        self._server.check_version()
        self._aliases.ensure()


def open_server_index(
    url: str,
    api_key: str | None,
    generation: str,
    encoder_version: str,
    item_dims: int,
    theme_dims: int,
    outbox_dir: Path,
    *,
    prefer_grpc: bool = False,
    patience: Patience | None = None,
    outbox_bytes: int = MAX_BYTES,
) -> QdrantServerIndex:
    """The index of a generation on the server at ``url``; all processes of a stage give the same ``outbox_dir``.

    Collections are made if they are missing, by whoever comes first; a server that is away is no error. Raises
    ``WrongUsage`` for an address that is none, ``RecoveryRefused`` for a server too old or made for other vectors.
    """
    plan = IndexPlan(generation, encoder_version, item_dims, theme_dims)
    patience = patience or Patience()
    server = Server(connect(url, api_key, patience, prefer_grpc=prefer_grpc), url, patience)
    outbox = Outbox(outbox_dir, max_bytes=outbox_bytes)
    with ExitStack() as undo:
        undo.callback(server.close)
        undo.callback(outbox.close)
        index = QdrantServerIndex(server, plan, outbox)
        undo.pop_all()
    return index

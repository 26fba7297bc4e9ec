"""Collections of one generation behind aliases: made once however many begin at once, switched in one request.

    undercurrent_<generation>_items   →  items_<encoder>_<generation>_v<n>       what code reads and writes
    …_items_previous                  →  the collection before the last switch    kept until someone removes it

The generation is in the collection's name, so two generations that run side by side never write to each other's
points. ``n`` counts the builds of a generation. In: what the collections are for. Out: their aliases.
State: on the server only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qdrant_client import QdrantClient, models

from connectors.qdrant.client import Server
from connectors.qdrant.home import FORMAT, readable_name
from connectors.qdrant.points import GROUP, ITEM_KEYWORDS
from connectors.qdrant.tenant import CollectionPlan
from contracts.errors import RecoveryRefused, StopWorker, WrongUsage
from contracts.vectors import TIME_FIELD

KINDS = ("themes", "items")
"""The collections of an index."""


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """Which vectors an index holds: a generation's, made by one encoder, of these sizes."""

    generation: str
    encoder_version: str
    item_dims: int
    theme_dims: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.generation):
            raise WrongUsage(
                f"generation {self.generation!r}: use small letters, digits and hyphens, as in g1"
            )

    def collection(self, kind: str) -> CollectionPlan:
        """What the collection of this kind is made for."""
        if kind == "themes":
            return CollectionPlan(self.theme_dims, models.Distance.DOT, (GROUP,))
        return CollectionPlan(self.item_dims, models.Distance.COSINE, ITEM_KEYWORDS, (TIME_FIELD,))

    def alias(self, kind: str) -> str:
        """The name that code uses.

        >>> IndexPlan("g1", "minilm/2", 384, 256).alias("items")
        'undercurrent_g1_items'
        """
        return f"undercurrent_{self.generation}_{kind}"

    def build(self, kind: str, number: int) -> str:
        """The name of the collection's n-th build.

        >>> IndexPlan("g1", "minilm/2", 384, 256).build("items", 1)
        'items_minilm-2-d21c706e_g1_v1'
        """
        return f"{self._family(kind)}{number}"

    def number(self, kind: str, collection: str) -> int | None:
        """Which build a collection is, or None if it holds something else."""
        family = self._family(kind)
        count = collection.removeprefix(family)
        return int(count) if collection.startswith(family) and count.isdecimal() else None

    def _family(self, kind: str) -> str:
        encoder = readable_name(self.encoder_version, f"{FORMAT}:{self.encoder_version}".encode())
        return f"{kind}_{encoder}_{self.generation}_v"


class Aliases:
    """Makes, checks and switches the collections of one index on one server."""

    def __init__(self, server: Server, plan: IndexPlan) -> None:
        self._server = server
        self._plan = plan

    def ensure(self) -> dict[str, str]:
        """Make what is missing, check what is there; the alias of each kind.

        Raises ``RecoveryRefused`` for collections made for other vectors.
        """
        known = self.targets()
        for kind in KINDS:
            alias = self._plan.alias(kind)
            if alias in known:
                self._check(kind, known[alias])
                continue
            # Whoever comes second finds the collection and sets the same alias; indexes come before the alias,
            # so nobody loads points into a collection without them.
            self._make(kind, self._plan.build(kind, 1))
            self._claim(alias, self._plan.build(kind, 1))
        return {kind: self._plan.alias(kind) for kind in KINDS}

    def begin_build(self) -> dict[str, str]:
        """Make the next build of each kind, empty, behind no alias; its name by kind."""
        names = {kind: self._plan.build(kind, self._newest(kind) + 1) for kind in KINDS}
        for kind, name in names.items():
            self._make(kind, name)
        return names

    def targets(self) -> dict[str, str]:
        """Every alias of the server with its collection."""
        answer = self._server.ask("reading the aliases", lambda client: client.get_aliases())
        return {found.alias_name: found.collection_name for found in answer.aliases}

    def switch(self, collections: Mapping[str, str]) -> None:
        """Put the aliases of these kinds on these collections, all in one request; what was there is kept."""
        known = self.targets()
        changes: list[models.AliasOperations] = []
        for kind, collection in collections.items():
            self._check(kind, collection)
            alias = self._plan.alias(kind)
            if known.get(alias) == collection:
                continue
            changes += _move(alias, collection, known)
            if alias in known:
                changes += _move(previous(alias), known[alias], known)
        if changes:
            self._apply(changes)

    def rollback(self) -> None:
        """Put the aliases back on the collections before the last switch; again is forward again.

        Raises ``WrongUsage`` if none are kept, ``RecoveryRefused`` if another encoder made them than the plan's.
        """
        known = self.targets()
        kept = {kind: known.get(previous(self._plan.alias(kind))) for kind in KINDS}
        former = {kind: name for kind, name in kept.items() if name is not None}
        if not former:
            raise WrongUsage(f"generation {self._plan.generation}: no earlier collection is kept")
        self.switch(former)

    def _newest(self, kind: str) -> int:
        answer = self._server.ask("listing collections", lambda client: client.get_collections())
        numbers = [self._plan.number(kind, found.name) for found in answer.collections]
        return max((number for number in numbers if number is not None), default=0)

    def _make(self, kind: str, name: str) -> None:
        plan = self._plan.collection(kind)
        try:
            self._server.ask(f"creating {name}", lambda client: _create_collection(client, name, plan))
        except StopWorker:
            # Another worker may have been first, or our own attempt whose answer was lost.
            if not self._server.ask(f"looking for {name}", lambda client: client.collection_exists(name)):
                raise
        self._check(kind, name)

    def _check(self, kind: str, name: str) -> None:
        """Refuse other vectors, and make the payload indexes that are missing."""
        plan = self._plan.collection(kind)
        if self._plan.number(kind, name) is None:
            raise RecoveryRefused(
                f"{self._server.name}: {self._plan.alias(kind)} is {name}, which does not hold {kind} of encoder"
                f" {self._plan.encoder_version}; use another generation, or build anew and switch"
            )
        told = self._server.ask(f"reading {name}", lambda client: client.get_collection(name))
        params = told.config.params.vectors
        if not isinstance(params, models.VectorParams) or (params.size, params.distance) != (
            plan.dims,
            plan.distance,
        ):
            raise RecoveryRefused(
                f"{self._server.name}: {name} is made for {params}, not for {plan.dims} dimensions and"
                f" {plan.distance.value}; use the encoder it was made with, or another generation"
            )
        for field, schema in plan.indexes().items():
            if field not in told.payload_schema:
                self._server.ask(
                    f"indexing {field} of {name}",
                    lambda client, f=field, s=schema: client.create_payload_index(name, f, s, wait=True),  # type: ignore[misc]
                )

    def _claim(self, alias: str, collection: str) -> None:
        try:
            self._apply([_create(alias, collection)])
        except StopWorker:
            if self.targets().get(alias) != collection:
                raise

    def _apply(self, changes: list[models.AliasOperations]) -> None:
        self._server.ask("setting aliases", lambda client: client.update_collection_aliases(changes))


def previous(alias: str) -> str:
    """The alias of the collection that was behind ``alias`` before the last switch."""
    return f"{alias}_previous"


def _create_collection(client: QdrantClient, name: str, plan: CollectionPlan) -> None:
    """No graph is built (threshold 0): every search is exact, so it would only cost."""
    client.create_collection(
        name,
        vectors_config=models.VectorParams(size=plan.dims, distance=plan.distance),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
    )


def _move(alias: str, collection: str, known: Mapping[str, str]) -> list[models.AliasOperations]:
    gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
    return [*([gone] if alias in known else []), _create(alias, collection)]


def _create(alias: str, collection: str) -> models.AliasOperations:
    made = models.CreateAlias(alias_name=alias, collection_name=collection)
    return models.CreateAliasOperation(create_alias=made)

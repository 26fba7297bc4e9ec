"""Collections behind aliases: made once, indexed before load, switched in one request; and always one tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from connectors.qdrant.aliases import Aliases, IndexPlan
from connectors.qdrant.build import Build, Expected
from connectors.qdrant.client import Patience, Server, connect
from connectors.qdrant.server import QdrantServerIndex, open_server_index
from contracts.errors import RecoveryRefused, StateCorrupt, StopWorker, WrongUsage
from contracts.vectors import FLAG_FILTERS, KEYWORD_FILTERS, ItemPoint, ThemePoint
from tests.support.qdrant_shim import Shim, running_shim

pytestmark = pytest.mark.lengthy

DIMS = 8
PLAN = IndexPlan("g1", "enc/1", DIMS, DIMS)
VECTOR = np.full(DIMS, 700, np.int16)
THEME = ThemePoint(str(UUID(int=1)), "en", VECTOR)
ITEM = ItemPoint(str(UUID(int=2)), "item", VECTOR, {"source": "app", "at_s": 5, "bug": True})
ALIAS_CHANGES = "POST /collections/aliases"


@pytest.fixture
def shim() -> Iterator[Shim]:
    with running_shim() as running:
        yield running


@pytest.fixture
def server(shim: Shim) -> Iterator[Server]:
    made = Server(connect(shim.url, None, Patience()), "it", Patience(retry_for_s=0))
    yield made
    made.close()


@pytest.fixture
def index(shim: Shim, tmp_path: Path) -> Iterator[QdrantServerIndex]:
    made = opened(shim, tmp_path)
    yield made
    made.close()


def opened(shim: Shim, directory: Path, generation: str = "g1", encoder: str = "enc/1") -> QdrantServerIndex:
    return open_server_index(shim.url, None, generation, encoder, DIMS, DIMS, directory)


def routes(shim: Shim) -> list[str]:
    return [route for route, _ in shim.bodies]


def behind(shim: Shim, kind: str = "items", generation: str = "g1") -> str:
    named = {alias.alias_name: alias.collection_name for alias in shim.store.get_aliases().aliases}
    return named[f"undercurrent_{generation}_{kind}"]


# Made once, indexed first.


@pytest.mark.usefixtures("index")
def test_every_field_that_can_be_asked_for_is_indexed_and_the_tenant_as_such(shim: Shim) -> None:
    fields = shim.indexes[behind(shim)]
    assert fields.keys() == {"_tenant", "at_s", *KEYWORD_FILTERS, *(f"_{name}" for name in FLAG_FILTERS)}
    assert fields["_tenant"]["params"] == {"type": "keyword", "is_tenant": True}
    assert shim.indexes[behind(shim, "themes")].keys() == {"_tenant", "_group"}


def test_indexes_are_made_before_anyone_can_load(shim: Shim, index: QdrantServerIndex) -> None:
    index.put_items("acme", [ITEM])
    done = routes(shim)
    last_index = max(n for n, route in enumerate(done) if route.endswith("/index"))
    assert last_index < max(n for n, route in enumerate(done) if route == ALIAS_CHANGES)


def test_opening_again_makes_nothing(shim: Shim, index: QdrantServerIndex, tmp_path: Path) -> None:
    before = routes(shim)
    opened(shim, tmp_path / "other").close()
    made = [route for route in routes(shim)[len(before) :] if not route.startswith("GET")]
    assert made == []


def test_an_index_that_is_missing_is_made_at_the_next_open(
    shim: Shim, index: QdrantServerIndex, tmp_path: Path
) -> None:
    del shim.indexes[behind(shim)]["severity"]
    opened(shim, tmp_path / "other").close()
    assert "severity" in shim.indexes[behind(shim)]


def test_a_creation_whose_answer_was_lost_is_a_creation(shim: Shim, tmp_path: Path) -> None:
    shim.fail("late", on=r"PUT /collections/[^/]+", times=2)
    index = opened(shim, tmp_path)
    assert index.state == "current"
    assert len(shim.store.get_collections().collections) == 2
    index.close()


def test_two_generations_never_share_a_collection(
    shim: Shim, index: QdrantServerIndex, tmp_path: Path
) -> None:
    other = opened(shim, tmp_path / "g2", generation="g2")
    index.put_items("acme", [ITEM])
    other.drop_tenant("acme")
    assert (index.count_items("acme"), other.count_items("acme")) == (1, 0)
    other.close()


@pytest.mark.usefixtures("index")
def test_another_encoder_is_refused(shim: Shim, tmp_path: Path) -> None:
    with pytest.raises(RecoveryRefused, match="enc/2"):
        opened(shim, tmp_path / "other", encoder="enc/2")


@pytest.mark.parametrize("generation", ["", "G1", "g_1", "g1/../x", "x" * 33])
def test_a_generation_that_could_be_mistaken_in_a_name_is_refused(generation: str) -> None:
    with pytest.raises(WrongUsage, match="generation"):
        IndexPlan(generation, "enc/1", DIMS, DIMS)


# Switched in one request.


def test_a_switch_is_one_request_and_keeps_what_was(shim: Shim, server: Server, tmp_path: Path) -> None:
    index, aliases = opened(shim, tmp_path), Aliases(server, PLAN)
    index.put_items("acme", [ITEM])
    before = routes(shim).count(ALIAS_CHANGES)
    aliases.switch(aliases.begin_build())
    assert (behind(shim), behind(shim, "themes")) == (PLAN.build("items", 2), PLAN.build("themes", 2))
    assert routes(shim).count(ALIAS_CHANGES) == before + 1
    assert index.count_items("acme") == 0  # the running process follows the alias
    aliases.rollback()
    assert (behind(shim), index.count_items("acme")) == (PLAN.build("items", 1), 1)
    index.close()


@pytest.mark.usefixtures("index")
def test_going_back_twice_is_going_forward(shim: Shim, server: Server) -> None:
    aliases = Aliases(server, PLAN)
    aliases.switch(aliases.begin_build())
    aliases.rollback()
    aliases.rollback()
    assert behind(shim) == PLAN.build("items", 2)


@pytest.mark.usefixtures("index")
def test_without_a_switch_there_is_nothing_to_go_back_to(server: Server) -> None:
    with pytest.raises(WrongUsage, match="no earlier collection"):
        Aliases(server, PLAN).rollback()


@pytest.mark.usefixtures("index")
def test_an_alias_is_never_put_on_another_kind(server: Server) -> None:
    with pytest.raises(RecoveryRefused, match="does not hold items"):
        Aliases(server, PLAN).switch({"items": PLAN.build("themes", 1)})


def test_a_build_that_is_whole_is_switched_to(shim: Shim, server: Server, tmp_path: Path) -> None:
    opened(shim, tmp_path / "live").close()
    build = Build(server, PLAN, tmp_path / "build")
    build.index.put_themes("acme", [THEME])
    build.index.put_items("acme", [ITEM])
    build.switch([Expected("acme", 1, 1, [THEME], [ITEM])])
    assert behind(shim) == PLAN.build("items", 2)
    build.index.close()


@pytest.mark.parametrize(
    "expected",
    [
        Expected("acme", 1, 2),
        Expected("acme", 2, 1),
        Expected("acme", 1, 1, sample_items=[ItemPoint(ITEM.concern_id, "x", -VECTOR, {})]),
        Expected("acme", 1, 1, sample_themes=[ThemePoint(THEME.theme_id, "en", 2 * VECTOR)]),
    ],
    ids=["items", "themes", "item not found", "theme not found"],
)
def test_a_build_that_is_not_whole_is_not(
    shim: Shim, server: Server, tmp_path: Path, expected: Expected
) -> None:
    opened(shim, tmp_path / "live").close()
    build = Build(server, PLAN, tmp_path / "build")
    build.index.put_themes("acme", [THEME])
    build.index.put_items("acme", [ITEM])
    with pytest.raises(StateCorrupt, match="acme"):
        build.switch([expected])
    assert behind(shim) == PLAN.build("items", 1)
    build.index.close()


# Always within one tenant.


def filter_of(route: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body["update_filter"] if route.startswith("PUT") else body["filter"]


def test_no_request_about_points_is_without_the_tenant(shim: Shim, index: QdrantServerIndex) -> None:
    index.put_themes("acme", [THEME])
    index.replace_themes("acme", [THEME])
    index.put_items("acme", [ITEM])
    index.nearest_theme("acme", "en", VECTOR)
    index.similar_items("acme", VECTOR, limit=1, where={"source": "app", "since_s": 1})
    index.verify("acme", themes=1, items=1)
    index.drop_items("acme", [ITEM.concern_id])
    index.drop_themes("acme", [THEME.theme_id])
    index.drop_tenant("acme")
    asked = [filter_of(route, body)["must"] for route, body in shim.bodies if "/points" in route]
    assert len(asked) == 12
    assert all({"key": "_tenant", "match": {"value": "acme"}} in must for must in asked)


def test_verify_names_both_counts(index: QdrantServerIndex) -> None:
    index.put_items("acme", [ITEM])
    with pytest.raises(StateCorrupt, match="0 themes and 1 items, not 0 and 2"):
        index.verify("acme", themes=0, items=2)
    assert index.verify("acme").items == 1


def test_closing_twice_is_closing_once(shim: Shim, tmp_path: Path) -> None:
    index = opened(shim, tmp_path)
    index.close()
    index.close()
    with pytest.raises(StopWorker):
        index.put_items("acme", [ITEM])

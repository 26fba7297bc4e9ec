"""Every implementation of ``operators.ports.VectorIndex`` answers the same questions with the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from qdrant_client import QdrantClient

from connectors.memory.index import MemoryIndex
from connectors.qdrant.aliases import IndexPlan
from connectors.qdrant.client import Patience, Server
from connectors.qdrant.edge import EdgeIndex
from connectors.qdrant.outbox import Outbox
from connectors.qdrant.server import QdrantServerIndex, open_server_index
from contracts.errors import StopWorker, WrongUsage
from contracts.vectors import KEYWORD_FILTERS, GridVector, ItemPoint, Scalar, ThemePoint
from operators.ports import VectorIndex
from operators.themes.audit import audit_themes
from settings import load_settings
from tests.support.qdrant_real import real_server, remove_generation
from tests.support.qdrant_shim import running_shim

# Local mode has no payload indexes and knows only exact search, and says so each time.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]

ITEM_DIMS, THEME_DIMS = 24, 16
TENANTS = ("acme", "other")


def edge(directory: Path) -> AbstractContextManager[VectorIndex]:
    return closing(EdgeIndex(directory, encoder_version="test/1", item_dims=ITEM_DIMS, theme_dims=THEME_DIMS))


def memory(_directory: Path) -> AbstractContextManager[VectorIndex]:
    return closing(MemoryIndex(item_dims=ITEM_DIMS, theme_dims=THEME_DIMS))


def local(directory: Path) -> AbstractContextManager[VectorIndex]:
    """The server's adapter on the client library's own local mode."""
    plan = IndexPlan("g1", "test/1", ITEM_DIMS, THEME_DIMS)
    server = Server(QdrantClient(":memory:"), "local mode", Patience())
    return closing(QdrantServerIndex(server, plan, Outbox(directory)))


@contextmanager
def shim(directory: Path) -> Iterator[VectorIndex]:
    """The same over HTTP."""
    with running_shim() as server, closing(on_server(server.url, None, "g1", directory)) as index:
        yield index


@contextmanager
def server(directory: Path) -> Iterator[VectorIndex]:
    """A real server, where one is reachable; else the reason is the skip's."""
    generation = f"test-{uuid4().hex[:12]}"
    with real_server(load_settings()) as (url, api_key):
        with closing(on_server(url, api_key, generation, directory)) as index:
            yield index
        remove_generation(url, api_key, generation)


def on_server(url: str, api_key: str | None, generation: str, directory: Path) -> VectorIndex:
    return open_server_index(url, api_key, generation, "test/1", ITEM_DIMS, THEME_DIMS, directory)


Make = Callable[[Path], AbstractContextManager[VectorIndex]]
MAKERS: tuple[Make, ...] = (memory, edge, local, shim, server)


@pytest.fixture(scope="module", params=MAKERS, ids=lambda make: make.__name__)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorIndex]:
    with ExitStack() as stack:
        try:
            made = stack.enter_context(request.param(tmp_path_factory.mktemp("index")))
        except pytest.skip.Exception as why:
            say(request.config, str(why))
            raise
        yield made


def say(config: pytest.Config, line: str) -> None:
    """Print it also where reasons of skips are not asked for."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{line}")


@pytest.fixture
def index(opened: VectorIndex) -> VectorIndex:
    """Empty: making an index on disk syncs many files, so one of each serves all tests."""
    for tenant in TENANTS:
        opened.drop_tenant(tenant)
    return opened


def uid(number: int) -> str:
    return str(UUID(int=number))


def grid(count: int, dims: int, seed: int) -> list[GridVector]:
    rows = np.random.default_rng(seed).normal(size=(count, dims))
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return list(np.rint(units * 2048).astype(np.int16))


def themes(count: int, *, group: str = "en", first: int = 0, seed: int = 1) -> list[ThemePoint]:
    return [ThemePoint(uid(first + n), group, v) for n, v in enumerate(grid(count, THEME_DIMS, seed))]


def items(count: int, *, first: int = 0, seed: int = 2, **payload: Scalar) -> list[ItemPoint]:
    return [
        ItemPoint(uid(first + n), f"item-{first + n}", v, {"at_s": n, **payload})
        for n, v in enumerate(grid(count, ITEM_DIMS, seed))
    ]


def ids(found: Sequence[object]) -> list[str]:
    return [answer.concern_id for answer in found]  # type: ignore[attr-defined]


QUERY = grid(1, ITEM_DIMS, 99)[0]
THEME_QUERY = grid(1, THEME_DIMS, 98)[0]


def test_an_empty_index_has_no_nearest_theme_and_no_similar_items(index: VectorIndex) -> None:
    assert index.nearest_theme("acme", "en", THEME_QUERY) is None
    assert index.similar_items("acme", QUERY, limit=5) == []


def test_writing_items_twice_is_writing_them_once(index: VectorIndex) -> None:
    index.put_items("acme", items(6))
    once = index.similar_items("acme", QUERY, limit=50)
    index.put_items("acme", items(6))
    assert len(once) == 6
    assert index.similar_items("acme", QUERY, limit=50) == once


def test_the_last_of_two_writes_of_an_id_stands_even_in_one_call(index: VectorIndex) -> None:
    old, new = grid(2, THEME_DIMS, 3)
    index.put_themes("acme", [ThemePoint(uid(1), "en", old), ThemePoint(uid(1), "en", new)])
    assert index.nearest_theme("acme", "en", new) == (uid(1), float(new.astype(int) @ new.astype(int)))


def test_a_tenant_never_sees_the_points_of_another(index: VectorIndex) -> None:
    canary = ItemPoint(uid(7), "canary", QUERY, {"source": "zendesk"})
    index.put_items("other", [canary])
    index.put_themes("other", [ThemePoint(uid(8), "en", THEME_QUERY)])
    index.put_items("acme", items(3, first=100))
    assert "canary" not in [found.item_id for found in index.similar_items("acme", QUERY, limit=50)]
    assert index.similar_items("acme", QUERY, limit=5, where={"source": "zendesk"}) == []
    assert index.nearest_theme("acme", "en", THEME_QUERY) is None


def test_a_tenant_can_neither_overwrite_nor_remove_what_is_another_s(index: VectorIndex) -> None:
    index.put_items("other", [ItemPoint(uid(7), "canary", QUERY, {})])
    index.put_items("acme", [ItemPoint(uid(7), "thief", QUERY, {})])
    index.drop_items("acme", [uid(7)])
    index.replace_themes("acme", [])
    assert [found.item_id for found in index.similar_items("other", QUERY, limit=5)] == ["canary"]
    assert index.similar_items("acme", QUERY, limit=5) == []


@pytest.mark.parametrize("name", KEYWORD_FILTERS)
def test_items_are_filtered_by_each_declared_field(index: VectorIndex, name: str) -> None:
    index.put_items(
        "acme", [*items(4, **{name: "a"}), *items(4, first=10, seed=5, **{name: "b"}), *items(2, first=20)]
    )
    found = index.similar_items("acme", QUERY, limit=50, where={name: "b"})
    assert sorted(ids(found)) == [uid(n) for n in range(10, 14)]
    assert {answer.payload[name] for answer in found} == {"b"}


def test_flags_and_several_filters_hold_together(index: VectorIndex) -> None:
    index.put_items(
        "acme", [*items(3, bug=True, source="app"), *items(3, first=10, seed=5, bug=True, source="csv")]
    )
    index.put_items("acme", items(3, first=20, seed=6, bug=False, source="app"))
    found = index.similar_items("acme", QUERY, limit=50, where={"bug": True, "source": "app"})
    assert sorted(ids(found)) == [uid(0), uid(1), uid(2)]


@pytest.mark.parametrize("spelling", [False, "false"])
def test_a_flag_may_be_asked_for_as_a_word(index: VectorIndex, spelling: bool | str) -> None:
    index.put_items(
        "acme", [*items(2, bug=True), *items(2, first=10, seed=5, bug=False), *items(2, first=20)]
    )
    found = index.similar_items("acme", QUERY, limit=50, where={"bug": spelling})
    assert sorted(ids(found)) == [uid(10), uid(11)]


def test_a_time_range_begins_with_since_and_ends_before_until(index: VectorIndex) -> None:
    undated = ItemPoint(uid(50), "undated", QUERY, {})
    index.put_items("acme", [*items(10), undated])
    found = index.similar_items("acme", QUERY, limit=50, where={"since_s": 3, "until_s": 6})
    assert sorted(ids(found)) == [uid(3), uid(4), uid(5)]
    assert len(index.similar_items("acme", QUERY, limit=50, where={"since_s": 8})) == 2


@pytest.mark.parametrize(
    "where",
    [
        {"lable": "x"},
        {"_tenant": "other"},
        {"severity": 3},
        {"bug": "yes"},
        {"bug": 1},
        {"since_s": "monday"},
        {"until_s": True},
    ],
)
def test_a_field_that_cannot_be_asked_for_is_refused(
    index: VectorIndex, where: dict[str, str | int | bool]
) -> None:
    with pytest.raises(WrongUsage, match=next(iter(where))):
        index.similar_items("acme", QUERY, limit=5, where=where)


def test_replacing_themes_removes_exactly_the_tenant_s_others(index: VectorIndex) -> None:
    index.put_themes("acme", themes(5))
    index.put_themes("other", themes(5, first=100, seed=4))
    kept = themes(2, first=3, seed=7)
    index.replace_themes("acme", kept)
    report = audit_themes(index, kept, [("en", v) for v in grid(20, THEME_DIMS, 11)], "acme")
    assert report.disagreements == 0
    report = audit_themes(
        index, themes(5, first=100, seed=4), [("en", v) for v in grid(20, THEME_DIMS, 11)], "other"
    )
    assert report.disagreements == 0


def test_replacing_themes_by_none_leaves_none(index: VectorIndex) -> None:
    index.put_themes("acme", themes(3))
    index.replace_themes("acme", [])
    assert index.nearest_theme("acme", "en", THEME_QUERY) is None


def test_dropped_themes_are_never_nearest_again(index: VectorIndex) -> None:
    all_of_them = themes(6)
    index.put_themes("acme", all_of_them)
    index.drop_themes("acme", [uid(0), uid(5), uid(77)])
    report = audit_themes(index, all_of_them[1:5], [("en", v) for v in grid(30, THEME_DIMS, 12)], "acme")
    assert report.disagreements == 0


def test_dropped_items_are_found_no_more(index: VectorIndex) -> None:
    index.put_items("acme", items(6))
    index.drop_items("acme", [uid(0), uid(3), uid(77)])
    assert sorted(ids(index.similar_items("acme", QUERY, limit=50))) == [uid(1), uid(2), uid(4), uid(5)]


def test_the_nearest_theme_is_of_the_group_asked_for(index: VectorIndex) -> None:
    index.put_themes("acme", [*themes(4), ThemePoint(uid(9), "de", THEME_QUERY)])
    nearest = index.nearest_theme("acme", "en", THEME_QUERY)
    assert nearest is not None
    assert nearest[0] != uid(9)
    assert index.nearest_theme("acme", "fr", THEME_QUERY) is None


def test_a_theme_that_changes_its_group_leaves_the_old_one(index: VectorIndex) -> None:
    index.put_themes("acme", [ThemePoint(uid(1), "en", THEME_QUERY)])
    index.put_themes("acme", [ThemePoint(uid(1), "de", THEME_QUERY)])
    assert index.nearest_theme("acme", "en", THEME_QUERY) is None
    assert index.nearest_theme("acme", "de", THEME_QUERY) is not None


@pytest.mark.parametrize("count", [2, 4, 5, 70])
def test_a_tie_between_themes_goes_to_the_lowest_id(index: VectorIndex, count: int) -> None:
    order = np.random.default_rng(count).permutation(np.arange(10, 10 + count)).tolist()
    index.put_themes("acme", [ThemePoint(uid(n), "en", THEME_QUERY) for n in order])
    nearest = index.nearest_theme("acme", "en", THEME_QUERY)
    assert nearest is not None
    assert nearest[0] == uid(10)


@pytest.mark.parametrize("count", [3, 11, 60])
def test_ties_between_items_are_ordered_by_id(index: VectorIndex, count: int) -> None:
    order = np.random.default_rng(count).permutation(count).tolist()
    index.put_items("acme", [ItemPoint(uid(n), f"i{n}", QUERY, {}) for n in order])
    assert ids(index.similar_items("acme", QUERY, limit=3)) == [uid(0), uid(1), uid(2)]


def test_similarity_is_the_exact_cosine_and_the_payload_comes_back_whole(index: VectorIndex) -> None:
    payload: dict[str, Scalar] = {"source": "app", "at_s": 12, "rating": 2.5, "bug": False, "mrr": None}
    index.put_items("acme", [ItemPoint(uid(1), "i1", QUERY, payload)])
    (found,) = index.similar_items("acme", QUERY, limit=3)
    assert found.similarity == 1.0
    assert found.payload == payload
    assert (found.concern_id, found.item_id) == (uid(1), "i1")


def test_the_zero_vector_is_similar_to_nothing(index: VectorIndex) -> None:
    index.put_items("acme", [ItemPoint(uid(1), "i1", np.zeros(ITEM_DIMS, np.int16), {})])
    assert [found.similarity for found in index.similar_items("acme", QUERY, limit=3)] == [0.0]


def test_a_limit_of_zero_finds_nothing(index: VectorIndex) -> None:
    index.put_items("acme", items(3))
    assert index.similar_items("acme", QUERY, limit=0) == []


def test_vectors_of_another_encoder_are_refused(index: VectorIndex) -> None:
    with pytest.raises(StopWorker, match="another encoder"):
        index.put_items("acme", [ItemPoint(uid(1), "i1", THEME_QUERY, {})])
    with pytest.raises(StopWorker, match="another encoder"):
        index.nearest_theme("acme", "en", QUERY)


def test_a_centroid_too_long_for_exact_products_is_refused(index: VectorIndex) -> None:
    with pytest.raises(StopWorker, match="longer than the grid"):
        index.put_themes("acme", [ThemePoint(uid(1), "en", np.full(THEME_DIMS, 2048, np.int16))])


def test_an_id_that_is_no_uuid_is_refused(index: VectorIndex) -> None:
    with pytest.raises(StopWorker, match="not a UUID"):
        index.put_themes("acme", [ThemePoint("t1", "en", THEME_QUERY)])


def test_a_payload_cannot_name_a_field_of_the_index(index: VectorIndex) -> None:
    with pytest.raises(StopWorker, match="_tenant"):
        index.put_items("acme", [ItemPoint(uid(1), "i1", QUERY, {"_tenant": "other"})])


def test_dropping_a_tenant_leaves_the_others_and_its_ids_free(index: VectorIndex) -> None:
    for tenant, first in (("acme", 0), ("other", 100)):
        index.put_items(tenant, items(3, first=first))
        index.put_themes(tenant, themes(3, first=first))
    index.drop_tenant("acme")
    assert index.similar_items("acme", QUERY, limit=5) == []
    assert index.nearest_theme("acme", "en", THEME_QUERY) is None
    index.put_items("other", items(3))
    assert len(index.similar_items("other", QUERY, limit=50)) == 6


def test_all_find_the_same_items_with_the_same_similarities(index: VectorIndex, tmp_path: Path) -> None:
    written = [*items(400, source="app"), *items(400, first=1000, seed=2, source="csv")]
    with memory(tmp_path) as reference:
        for each in (index, reference):
            each.put_items("acme", written)
        for query in grid(12, ITEM_DIMS, 77):
            for where in (None, {"source": "csv"}, {"since_s": 100, "until_s": 130}):
                expected = reference.similar_items("acme", query, limit=9, where=where)
                assert index.similar_items("acme", query, limit=9, where=where) == expected


def test_all_find_the_same_nearest_themes_with_the_same_products(index: VectorIndex, tmp_path: Path) -> None:
    with memory(tmp_path) as reference:
        for each in (index, reference):
            each.put_themes("acme", themes(300))
        queries = grid(50, THEME_DIMS, 78)
        assert [index.nearest_theme("acme", "en", query) for query in queries] == [
            reference.nearest_theme("acme", "en", query) for query in queries
        ]


def test_the_audit_counts_what_the_index_and_the_mirror_see_differently(index: VectorIndex) -> None:
    index.put_themes("acme", themes(5))
    moved = [*themes(4), ThemePoint(uid(9), "en", THEME_QUERY)]
    report = audit_themes(index, moved, [("en", THEME_QUERY), ("fr", THEME_QUERY)], "acme")
    assert (report.asked, report.disagreements) == (2, 1)
    assert report.found[0].from_mirror is not None
    assert report.found[0].from_mirror[0] == uid(9)

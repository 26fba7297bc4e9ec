"""What only the index on disk has: versions, lock, pointer, and errors that are all ours."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import qdrant_edge as qe

from connectors.qdrant import errors, home, points, shard
from connectors.qdrant.edge import EdgeIndex
from connectors.qdrant.home import current_version
from contracts.errors import PipelineError, RecoveryRefused, RetryLater, StateCorrupt, StopWorker
from contracts.vectors import ItemPoint, ThemePoint

pytestmark = pytest.mark.lengthy

DIMS = 8
POINT = ThemePoint(str(UUID(int=1)), "en", np.full(DIMS, 700, np.int16))
ITEM = ItemPoint(str(UUID(int=2)), "item", np.full(DIMS, 700, np.int16), {"source": "app", "at_s": 5})
ROOT = Path(__file__).resolve().parents[4]


def opened(directory: Path, version: str = "enc/1", dims: int = DIMS) -> EdgeIndex:
    return EdgeIndex(directory, encoder_version=version, item_dims=dims, theme_dims=dims)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty index on disk; making one syncs many files, copying one does not."""
    directory = tmp_path_factory.mktemp("empty-edge")
    opened(directory).close()
    return directory


@pytest.fixture
def index(empty: Path, tmp_path: Path) -> Iterator[EdgeIndex]:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    made = opened(tmp_path)
    yield made
    made.close()


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.put_themes("acme", [POINT])
    first.put_items("acme", [ITEM])
    first.close()
    again = opened(tmp_path)
    assert (again.count_themes("acme"), again.count_items("acme")) == (1, 1)
    assert again.similar_items("acme", ITEM.vector, limit=1, where={"source": "app"})[0].item_id == "item"
    again.close()


def test_two_encoder_versions_never_see_each_other_s_vectors(tmp_path: Path) -> None:
    one, two = opened(tmp_path, "enc/1"), opened(tmp_path, "enc/2")
    one.put_items("acme", [ITEM])
    assert (one.count_items("acme"), two.count_items("acme")) == (1, 0)
    one.close()
    two.close()


def test_the_same_version_with_other_sizes_is_another_directory(tmp_path: Path) -> None:
    opened(tmp_path, dims=8).close()
    opened(tmp_path, dims=9).close()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2


def test_a_directory_that_holds_another_version_is_refused(tmp_path: Path, index: EdgeIndex) -> None:
    index.close()
    (tmp_path / str(current_version(tmp_path)) / "index.json").write_text("{}")
    with pytest.raises(RecoveryRefused, match=r"index\.json"):
        opened(tmp_path)


def test_readers_stay_on_the_old_version_until_the_new_one_is_published(
    tmp_path: Path, index: EdgeIndex
) -> None:
    old = current_version(tmp_path)
    new = opened(tmp_path, "enc/2")
    assert current_version(tmp_path) == old
    new.publish()
    assert current_version(tmp_path) not in (None, old)
    new.close()


def test_no_version_is_current_before_the_first(tmp_path: Path) -> None:
    assert current_version(tmp_path) is None


def test_a_pointer_to_nothing_is_corrupt(tmp_path: Path) -> None:
    home.point_to(tmp_path, "gone")
    with pytest.raises(StateCorrupt, match="gone"):
        current_version(tmp_path)


def test_a_second_process_is_refused_while_the_first_has_it_open(tmp_path: Path, index: EdgeIndex) -> None:
    code = (
        "import sys; from pathlib import Path; from connectors.qdrant.edge import EdgeIndex;"
        f"EdgeIndex(Path(sys.argv[1]), encoder_version='enc/1', item_dims={DIMS}, theme_dims={DIMS})"
    )
    second = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert second.returncode != 0
    assert "RecoveryRefused" in second.stderr
    assert "another process has this vector index open" in second.stderr


def test_a_refused_open_leaves_the_first_one_working(tmp_path: Path, index: EdgeIndex) -> None:
    with pytest.raises(RecoveryRefused):
        opened(tmp_path)
    index.put_themes("acme", [POINT])
    assert index.count_themes("acme") == 1


def test_a_shard_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    version = home.IndexVersion("enc/1", DIMS, DIMS)
    (tmp_path / version.name / "themes" / "segments").mkdir(parents=True)
    (tmp_path / version.name / "themes.making").touch()
    index = opened(tmp_path)
    index.put_themes("acme", [POINT])
    assert index.count_themes("acme") == 1
    index.close()


def test_damaged_files_stop_the_start(tmp_path: Path, index: EdgeIndex) -> None:
    index.put_items("acme", [ITEM])
    index.close()
    for segment in tmp_path.rglob("segment.json"):
        segment.write_bytes(b"not json")
    with pytest.raises(StopWorker):
        opened(tmp_path)


def test_tidying_changes_no_answer(index: EdgeIndex) -> None:
    for n in range(40):
        index.put_themes("acme", [ThemePoint(str(UUID(int=n)), "en", POINT.vector - np.int16(n))])
    index.drop_themes("acme", [str(UUID(int=n)) for n in range(10)])
    before = index.nearest_theme("acme", "en", POINT.vector)
    index.tidy()
    assert index.nearest_theme("acme", "en", POINT.vector) == before


def test_more_points_than_one_update_holds_all_arrive(index: EdgeIndex) -> None:
    count = 2 * shard.BATCH_POINTS + 1
    index.put_items("acme", [ItemPoint(str(UUID(int=n)), "item", ITEM.vector, {}) for n in range(count)])
    assert index.count_items("acme") == count
    index.drop_items("acme", [str(UUID(int=n)) for n in range(count - 1)])
    assert index.count_items("acme") == 1


# The library's errors. It has no exception classes; if a release brings some, the map must be drawn anew.


def test_the_library_still_has_no_exception_classes_of_its_own() -> None:
    classes = [thing for thing in vars(qe).values() if inspect.isclass(thing)]
    assert not [cls for cls in classes if issubclass(cls, BaseException)]


def test_every_word_of_the_map_is_still_said_by_the_library() -> None:
    binary = next(Path(str(qe.__file__)).parent.glob("*.so")).read_bytes()
    said_by_others = {"WouldBlock", "No space left on device"}
    words = {*errors.RETRY_AFTER_S, *errors.IN_USE, *errors.OTHER_SHAPE, *errors.DAMAGED}
    assert sorted(word for word in words - said_by_others if word.encode() not in binary) == []


CALLS: dict[str, Callable[[EdgeIndex], object]] = {
    "put_themes": lambda index: index.put_themes("acme", [POINT]),
    "drop_themes": lambda index: index.drop_themes("acme", [POINT.theme_id]),
    "replace_themes": lambda index: index.replace_themes("acme", [POINT]),
    "put_items": lambda index: index.put_items("acme", [ITEM]),
    "drop_items": lambda index: index.drop_items("acme", [ITEM.concern_id]),
    "drop_tenant": lambda index: index.drop_tenant("acme"),
    "nearest_theme": lambda index: index.nearest_theme("acme", "en", POINT.vector),
    "similar_items": lambda index: index.similar_items("acme", ITEM.vector, limit=1),
    "count_themes": lambda index: index.count_themes("acme"),
    "count_items": lambda index: index.count_items("acme"),
    "settle": lambda index: index.settle(),
    "flush": lambda index: index.flush(),
    "tidy": lambda index: index.tidy(),
}


def test_the_calls_below_are_all_there_are() -> None:
    public = {
        name for name, _ in inspect.getmembers(EdgeIndex, inspect.isfunction) if not name.startswith("_")
    }
    assert public - {"close", "publish"} == set(CALLS)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_on_a_closed_index_every_call_raises_an_error_of_ours(
    index: EdgeIndex, call: Callable[[EdgeIndex], object]
) -> None:
    index.close()
    with pytest.raises(StopWorker):
        call(index)


class PanicException(BaseException):
    """Stands for the library's, which cannot be made by hand."""


@pytest.mark.parametrize(
    ("raised", "ours"),
    [
        (
            Exception("Service runtime error: failed to open WAL x: Can't init WAL: Kind(WouldBlock)"),
            RecoveryRefused,
        ),
        (Exception("Service runtime error: config is incompatible with existing segments"), RecoveryRefused),
        (Exception("Service runtime error: failed to open WAL x: bad checksum"), StateCorrupt),
        (Exception("Inconsistent storage: x"), StateCorrupt),
        (PanicException("index out of bounds"), StateCorrupt),
        (Exception("Out of memory, free: 1, x"), RetryLater),
        (Exception("Timeout error: x"), RetryLater),
        (Exception("Operation cancelled: x"), RetryLater),
        (Exception("Service runtime error: IO Error: No space left on device (os error 28)"), RetryLater),
        (Exception("Vector dimension error: expected dim: 384, got 2"), StopWorker),
        (ValueError("failed to parse zzz as UUID"), StopWorker),
        (TypeError("failed to extract enum Helper"), StopWorker),
        (Exception("something new"), StopWorker),
    ],
    ids=lambda value: value.__name__ if inspect.isclass(value) else str(value)[:40],
)
def test_each_error_of_the_library_becomes_one_of_ours(
    raised: BaseException, ours: type[PipelineError]
) -> None:
    with pytest.raises(ours) as caught, errors.translated(Path("index")):
        raise raised
    assert caught.value.__cause__ is raised


def test_a_person_s_interrupt_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt), errors.translated(Path("index")):
        raise KeyboardInterrupt


def test_what_the_library_really_raises_for_a_wrong_size_is_ours(tmp_path: Path) -> None:
    made = shard.TenantShard(tmp_path / "s", shard.ShardPlan(4, qe.Distance.Dot))
    with pytest.raises(StopWorker, match="dimension"):
        made.put("acme", [points.StoredPoint(str(UUID(int=1)), np.zeros(3, np.int16), {})])
    made.close()
    with pytest.raises(RecoveryRefused, match="other vectors"):
        shard.TenantShard(tmp_path / "s", shard.ShardPlan(5, qe.Distance.Dot))


def test_indexes_that_an_earlier_version_made_are_dropped_at_the_opening(tmp_path: Path) -> None:
    plan = shard.ShardPlan(4, qe.Distance.Dot, ("at_s",))
    shard.TenantShard(tmp_path / "s", plan).close()
    raw = qe.EdgeShard.load(str(tmp_path / "s"), plan.config())
    raw.update(qe.UpdateOperation.create_field_index("source", qe.KeywordIndexParams()))
    raw.close()
    shard.TenantShard(tmp_path / "s", plan).close()
    again = qe.EdgeShard.load(str(tmp_path / "s"), plan.config())
    assert again.info().payload_schema.keys() == {points.TENANT, "at_s"}
    again.close()

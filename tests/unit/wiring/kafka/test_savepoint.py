"""A savepoint that cannot be read is refused by its name; one put back in part is put back, or nothing runs."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.keys.vault import LocalVault
from contracts.errors import RecoveryRefused, StateCorrupt
from tests.support.broker import make_topics
from wiring.kafka import savepoint
from wiring.kafka.broker import Broker
from wiring.kafka.home import refuse_half_restored
from wiring.kafka.recovery import StageManifest, read_manifest, rebuild_stage
from wiring.kafka.running import Site
from wiring.kafka.savepoint import StageState, _sealed, create_savepoint, restore_savepoint
from wiring.snapshots import RecoveryStore


def _site(folder: Path) -> Site:
    return Site(Cluster("127.0.0.1:9", {"log_level": "0"}), Naming(), folder, 1)


def _file(folder: Path, path: Path) -> bytes:
    with closing(LocalVault(folder / "keys")) as vault:
        path.write_bytes(_sealed(_site(folder), [], vault))
    return path.read_bytes()


def test_an_altered_part_is_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "monday.savepoint"
    whole = _file(tmp_path, path)
    at = whole.index(b'"ciphertext"') + 20
    path.write_bytes(whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :])
    with pytest.raises(StateCorrupt, match=r"monday\.savepoint: part 0 does not open: it is damaged"):
        restore_savepoint(_site(tmp_path), path)


def test_other_keys_are_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "monday.savepoint"
    _file(tmp_path / "here", path)
    _file(tmp_path / "there", tmp_path / "other")
    with pytest.raises(StateCorrupt, match=r"monday\.savepoint: part 0 .*(other keys|damaged)"):
        restore_savepoint(_site(tmp_path / "there"), path)


STOPPED = ("intake", "extract")


@pytest.fixture
def taken(broker: Broker, naming: Naming, tmp_path: Path) -> tuple[Site, Path]:
    """Two stages without a record yet, their savepoint, and their homes dropped."""
    site, file = Site(broker.cluster, naming, tmp_path, 1), tmp_path / "monday.savepoint"
    make_topics(broker.cluster, [naming.state(stage) for stage in STOPPED], 1)
    ids = topic_ids(broker.cluster, [naming.state(stage) for stage in STOPPED])
    for stage in STOPPED:
        home, state = site.home(stage), naming.state(stage)
        RecoveryStore(home.recovery).create(7)
        manifest = StageManifest(f"product-{stage}", 1, {state: ids[state].id}, 1, 7)
        home.manifest.write_text(json.dumps(asdict(manifest)))
    create_savepoint(site, file)
    for stage in STOPPED:
        rebuild_stage(site.home(stage))
    return site, file


def test_a_restore_that_was_killed_is_done_again_and_nothing_starts_before(
    taken: tuple[Site, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, file = taken
    restored = savepoint._restore

    def killed(site: Site, state: StageState) -> None:
        if state.stage == STOPPED[1]:
            (site.home(state.stage).recovery / "of the killed").mkdir(parents=True)
            raise KeyboardInterrupt
        restored(site, state)

    with monkeypatch.context() as patched:
        patched.setattr(savepoint, "_restore", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_savepoint(site, file)
    for stage in STOPPED:
        with pytest.raises(
            RecoveryRefused, match="give `undercurrent savepoint restore` with that file again"
        ):
            refuse_half_restored(site.home(stage))
    with pytest.raises(RecoveryRefused, match="not put back to its end"):
        create_savepoint(site, file.with_name("tuesday.savepoint"))
    restore_savepoint(site, file)
    assert all(read_manifest(site.home(stage).manifest) for stage in STOPPED)
    assert [p.name for p in site.home(STOPPED[1]).recovery.iterdir()] == ["part-0.sqlite3"]
    refuse_half_restored(site.home(STOPPED[0]))


def test_a_savepoint_that_was_put_back_whole_is_not_put_back_again(taken: tuple[Site, Path]) -> None:
    site, file = taken
    restore_savepoint(site, file)
    with pytest.raises(RecoveryRefused, match="there is state already"):
        restore_savepoint(site, file)

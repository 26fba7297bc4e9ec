"""A savepoint that cannot be read is refused by its name, before anything is asked of a broker."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.keys.vault import LocalVault
from contracts.errors import StateCorrupt
from wiring.kafka.running import Site
from wiring.kafka.savepoint import _sealed, restore_savepoint


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

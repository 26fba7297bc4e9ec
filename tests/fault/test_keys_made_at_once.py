"""Several begin with a new key store at once: all have the same master key, and what one sealed all open."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from connectors.keys.vault import LocalVault
from contracts.feedback import TENANT_SUBJECT

AT_ONCE = 4


def _sealed(vault: LocalVault) -> Any:
    return vault.seal("acme", TENANT_SUBJECT, b"words")


def _meanwhile(monkeypatch: pytest.MonkeyPatch, directory: Path) -> Callable[[], LocalVault]:
    """Another process makes the store as soon as somebody has looked whether a file of it is there."""
    looked, others = Path.exists, list[LocalVault]()

    def exists(path: Path, **how: Any) -> bool:
        found = looked(path, **how)
        if path.parent == directory and not others:
            monkeypatch.setattr(Path, "exists", looked)
            others.append(LocalVault(directory))
        return found

    monkeypatch.setattr(Path, "exists", exists)
    return others.pop


def test_who_is_overtaken_while_it_looks_takes_the_others_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _meanwhile(monkeypatch, tmp_path)
    ours, theirs = LocalVault(tmp_path), other()
    assert ours.open("acme", _sealed(theirs)) == b"words"
    ours.close()
    theirs.close()


def test_many_that_begin_at_once_have_one_key_even_with_one_process_id(tmp_path: Path) -> None:
    """Two containers on one volume are both process 1, as these threads have one number."""
    all_look = Barrier(AT_ONCE)

    def begun(path: Path) -> LocalVault:
        all_look.wait(60)
        return LocalVault(path)

    for number in range(10):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            vaults = list(pool.map(begun, [tmp_path / str(number)] * AT_ONCE))
        sealed = _sealed(vaults[0])
        vaults.append(LocalVault(tmp_path / str(number)))
        assert [vault.open("acme", sealed) for vault in vaults] == [b"words"] * (AT_ONCE + 1)
        for vault in vaults:
            vault.close()

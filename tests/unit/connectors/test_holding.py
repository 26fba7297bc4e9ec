"""One process at a time: in turn, or refused with who has it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from connectors.holding import claim, in_turn
from contracts.errors import RecoveryRefused


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def test_the_next_is_let_in_when_the_first_has_left(tmp_path: Path) -> None:
    lock, said, inside = tmp_path / "deep" / "lock", [], threading.Event()

    def second() -> None:
        inside.wait()
        with in_turn(lock):
            said.append("second")

    waits = threading.Thread(target=second)
    with in_turn(lock):
        waits.start()
        inside.set()
        waits.join(0.2)
        said.append("first")
    waits.join()
    assert said == ["first", "second"]


def test_what_is_claimed_is_refused_with_the_id_of_who_has_it(tmp_path: Path) -> None:
    first, second = (opened(tmp_path / "lock") for _ in range(2))
    claim(first, tmp_path, "process")
    with pytest.raises(RecoveryRefused, match=f"in use by process {os.getpid()}; end that one first"):
        claim(second, tmp_path, "process")
    os.close(first)
    claim(second, tmp_path, "process")
    os.close(second)

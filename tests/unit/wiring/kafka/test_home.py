"""A stage's directory belongs to one group of processes at a time."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from pathlib import Path

import pytest

from contracts.errors import RecoveryRefused
from wiring.kafka.home import Member, StageHome, joined


def test_of_two_groups_that_begin_at_the_same_moment_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system changes a lock by taking it away first: the other group comes between."""
    home, flock = StageHome(tmp_path), fcntl.flock
    with ExitStack() as other:

        def changing(fd: int, how: int) -> None:
            if how == fcntl.LOCK_SH:
                monkeypatch.setattr(fcntl, "flock", flock)
                flock(fd, fcntl.LOCK_UN)
                other.enter_context(joined(home, Member(addresses=("b",)), lambda: None))
            flock(fd, how)

        monkeypatch.setattr(fcntl, "flock", changing)
        with (
            pytest.raises(RecoveryRefused, match="another group"),
            joined(home, Member(addresses=("a",)), lambda: None),
        ):
            pass

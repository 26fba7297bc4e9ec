"""What a person types into an order is judged at the door: what does not fit is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.door import Desk, at_the_desk
from contracts.errors import WrongUsage
from contracts.stages import Vector
from contracts.steering import RenameTheme, ThemeRef


def test_a_field_that_does_not_fit_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    @at_the_desk
    def rename(desk: Desk) -> None:
        RenameTheme(theme=ThemeRef(theme_id="t"), name="", reason="as support calls it")

    monkeypatch.setattr("cli.door.open_desk", lambda **_: None)
    with pytest.raises(WrongUsage, match=r"^name: .*at least 1 character"):
        rename(directory=None, data=Path(), generation="g1", prefix="x", partitions=None)


def test_a_fault_of_ours_is_not_blamed_on_who_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    @at_the_desk
    def broken(desk: Desk) -> None:
        Vector.model_validate({})

    monkeypatch.setattr("cli.door.open_desk", lambda **_: None)
    with pytest.raises(ValueError, match="Vector"):
        broken(directory=None, data=Path(), generation="g1", prefix="x", partitions=None)

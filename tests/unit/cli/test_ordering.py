"""What a person types into an order is judged at the door: what does not fit is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from cli.door import Desk, at_the_desk
from cli.ordering import give
from contracts.errors import WrongUsage
from contracts.stages import Vector
from contracts.steering import (
    ConcernRef,
    LinkConcerns,
    MarkTheme,
    MuteTheme,
    PinTheme,
    RenameTheme,
    ThemeOrder,
    ThemeRef,
)

THEME = ThemeRef(theme_id="1f3c0000")
CONCERN = ConcernRef(concern_id="c1", item_id="i1")


class Bare:
    """A scene of one empty theme without a name."""

    placed: tuple[str, ...] = ()
    themes: ClassVar = {THEME.theme_id: SimpleNamespace(label="")}

    def refusal(self, order: ThemeOrder) -> None:
        return None


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


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (PinTheme(theme=THEME, pinned=True, reason="r"), "pin_theme"),
        (PinTheme(theme=THEME, pinned=False, reason="r"), "pin_theme off"),
        (MuteTheme(theme=THEME, muted=False, reason="r"), "mute_theme off"),
        (MarkTheme(theme=THEME, critical=False, reason="r"), "mark_theme off"),
        (LinkConcerns(together=False, concerns=(CONCERN, CONCERN), reason="r"), "link_concerns apart"),
    ],
)
def test_what_is_taken_back_is_told_as_taken_back(
    order: ThemeOrder, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    give(cast(Any, None), cast(Any, Bare()), "ann", order, dry_run=True, as_json=False)
    assert capsys.readouterr().out.rstrip().partition(" 1f3c")[0] == f"would order: {told}"

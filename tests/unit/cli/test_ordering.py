"""What a person types into an order is judged at the door: what does not fit is told, personal data goes nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.door import Desk, at_the_desk
from cli.ordering import without_personal_data
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


@pytest.mark.parametrize("said", ["ask bob@example.com", "call +49 170 1234567", "card 4111 1111 1111 1111"])
def test_personal_data_in_an_order_is_refused_and_not_repeated(said: str) -> None:
    with pytest.raises(WrongUsage, match=r"^name: holds personal data") as refused:
        without_personal_data(reason="one defect", name=said)
    assert said.split()[-1] not in str(refused.value)


def test_numbers_of_tickets_and_addresses_of_pages_are_no_personal_data() -> None:
    without_personal_data(
        reason="ticket 4711, since 7.4.1 on 2026-03-01", name="https://example.com/issue/4711"
    )

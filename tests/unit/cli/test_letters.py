"""How rates are written on the command line."""

from __future__ import annotations

import pytest

from cli.letters import rate_of
from contracts.errors import WrongUsage


@pytest.mark.parametrize(("told", "rate"), [("20/s", 20), ("0.5", 0.5), ("3 / s", 3), (None, None)])
def test_a_rate_is_orders_a_second(told: str | None, rate: float | None) -> None:
    assert rate_of(told) == rate


@pytest.mark.parametrize("told", ["fast", "0", "-1/s", "5/min"])
def test_what_is_no_rate_is_wrong_usage(told: str) -> None:
    with pytest.raises(WrongUsage, match="--rate"):
        rate_of(told)

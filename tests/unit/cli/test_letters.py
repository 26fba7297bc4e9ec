"""How rates are written on the command line, and what is said where an order cannot act yet."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import pytest
import typer
from rich.console import Console

from cli.letters import open_desk, rate_of
from contracts.errors import StopWorker, WrongUsage


@pytest.mark.parametrize(("told", "rate"), [("20/s", 20), ("0.5", 0.5), ("3 / s", 3), (None, None)])
def test_a_rate_is_orders_a_second(told: str | None, rate: float | None) -> None:
    assert rate_of(told) == rate


@pytest.mark.parametrize("told", ["fast", "0", "-1/s", "5/min"])
def test_what_is_no_rate_is_wrong_usage(told: str) -> None:
    with pytest.raises(WrongUsage, match="--rate"):
        rate_of(told)


def test_where_the_flow_cannot_act_the_order_is_said_to_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> None:
        raise StopWorker("another process has this vector index open")

    monkeypatch.setattr("cli.letters.finish", held)
    (tmp_path / "logs" / "journal").mkdir(parents=True)
    desk = open_desk(tmp_path, None, None, "x", None)
    with pytest.raises(StopWorker, match="index open; what was ordered is in the journal all the same"):
        desk.act(Console())


def test_who_stops_the_flow_behind_an_order_is_not_told_to_give_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    place = tmp_path / "a folder"
    (place / "logs" / "journal").mkdir(parents=True)
    monkeypatch.setattr("cli.run.Worker", Mock())
    monkeypatch.setattr("cli.run._follow", interrupted)
    said = StringIO()
    with pytest.raises(typer.Exit) as stopped:
        open_desk(place, None, None, "x", None).act(Console(file=said, width=40))
    expected = f"stopped; what is in the journal stands, and acts with: undercurrent run --out '{place}'\n"
    assert (stopped.value.exit_code, said.getvalue()) == (130, expected)

"""The lag in a table for people, and an exporter that says once that it cannot read and once that it can again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from rich.console import Console

from cli.exporter import keep_reading, lag_table
from contracts.errors import PipelineError, StopWorker
from tests.support.commands import undercurrent
from wiring.health import HealthFile
from wiring.kafka import lag
from wiring.kafka.lag import LagReport, PartitionLag


def test_the_table_adds_up_the_partitions_of_a_stage() -> None:
    report = LagReport(
        (
            PartitionLag("themes", "t.enriched", 0, 10, 1_500, 1_490, 880.0),
            PartitionLag("themes", "t.enriched", 1, 5, 15, 10, 400.0),
        ),
        {"themes": 995.0},
    )
    console = Console(width=100)
    with console.capture() as shown:
        console.print(lag_table(report, now=1_000.0))
    rows = [line.split("│")[1:-1] for line in shown.get().splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in rows[2]] == [
        "themes",
        "t.enriched",
        "2",
        "1,500",
        "10 min ago",
        "5 s ago",
    ]
    assert [cell.strip() for cell in rows[0]][:2] == ["intake", "no such topic"]


def test_the_whole_name_of_a_topic_is_there_however_narrow_the_terminal() -> None:
    name = "undercurrent.enriched.g20261122.v1"
    console = Console(width=70)
    with console.capture() as shown:
        console.print(
            lag_table(LagReport((PartitionLag("themes", name, 0, 10, 1_500, 1_490, 880.0),), {}), 1e3)
        )
    reads = [line.split("│")[2].strip() for line in shown.get().splitlines() if line.startswith("│")]
    assert name in "".join(reads)


def test_a_failure_is_told_when_it_begins_and_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = threading.Event()
    answers: list[PipelineError | None] = [None, StopWorker("away"), StopWorker("away"), None, None]

    def refresh() -> PipelineError | None:
        if len(answers) == 1:
            stopping.set()
        return answers.pop(0)

    keep_reading(refresh, 0.0, stopping)
    assert capsys.readouterr().err == "undercurrent: away\nthe lag can be read again\n"


def test_the_health_of_a_container_is_an_exit_code(tmp_path: Path) -> None:
    HealthFile(tmp_path / "h0", "themes").touch()
    HealthFile(tmp_path / "h1", "themes", clock=lambda: 100.0).touch()
    assert undercurrent("health", "--file", tmp_path / "h0").code == 0
    told = undercurrent("health", "--file", tmp_path / "h0", "--file", tmp_path / "h1", "--max-age", "5")
    assert (told.code, told.err.startswith("h1: stage themes last went round ")) == (1, True)


def test_a_broker_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "ANSWERED_WITHIN_S", 0.3)
    told = undercurrent("lag", "--bootstrap", "127.0.0.1:9")
    assert (told.code, told.out, told.err.count("\n")) == (1, "", 1)
    assert "reading the lag: " in told.err

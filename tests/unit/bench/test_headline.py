"""What the headline counts, and what it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.headline.found import Cause
from bench.headline.measure import latencies
from bench.headline.product import argv, wanted
from bench.headline.webhooks import Sent
from cli.main import command_line
from cli.up import Place
from connectors.kafka.names import Naming
from settings import Settings

SENT = Sent(at={1: 100.0, 2: 200.0})
FIRED = {"issue-1": Cause(1, "acme", 10), "issue-2": Cause(2, "acme", 20)}


def test_an_issue_is_timed_to_when_linear_had_it() -> None:
    found = latencies(FIRED, SENT, {"issue-1": 103.0, "issue-2": 204.0}, counted={1, 2})
    assert (found["issues"], found["longest_s"]) == (2, 4.0)


def test_an_issue_that_linear_never_had_fails_the_run_instead_of_counting() -> None:
    with pytest.raises(AssertionError, match="of 2 issues 1 do not stand at Linear, the first issue-2"):
        latencies(FIRED, SENT, {"issue-1": 103.0}, counted={1, 2})


def test_what_is_fired_while_all_warms_up_is_seen_and_not_counted() -> None:
    found = latencies(FIRED, SENT, {"issue-1": 103.0, "issue-2": 204.0}, counted={2})
    assert (found["issues"], found["not_counted"]) == (1, 1)


def test_it_runs_up_with_all_that_brings_an_issue_to_linear(tmp_path: Path) -> None:
    place = Place(tmp_path, Naming(prefix="t"), 4, 1, 2)
    command, *options = argv(place)[3:]
    assert (command, options[-2:]) == ("up", ["--edge-port", "2"])
    assert CliRunner().invoke(command_line(["up"]), ["up", *options, "--help"]).exit_code == 0
    settings = Settings(connections=Path("c.yaml"), destinations=Path("d.yaml"))
    assert wanted(settings, place) >= {
        "edge",
        "priority",
        "publish",
        "dispatch",
        "ticker",
        "feeder",
        "exporter",
    }

"""``kafka up|down`` and ``topics apply|diff|describe`` as a person gives them, on a broker that ``kafka up`` keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Told, undercurrent
from tests.support.product import KEYWORDS

pytestmark = pytest.mark.alone

MISSING = "undercurrent.g1.redacted.v1"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a broker that runs."""
    directory = tmp_path_factory.mktemp("kept") / "kafka"
    assert undercurrent("kafka", "up", "--dir", directory).code == 0
    yield directory
    undercurrent("kafka", "down", "--dir", directory)


def topics(kept: Path, *argv: str) -> Told:
    bootstrap = json.loads((kept / "broker.json").read_text())["bootstrap"]
    return undercurrent("topics", *argv, env={**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": bootstrap})


def test_up_is_the_same_broker_however_often(kept: Path) -> None:
    first, again = (undercurrent("kafka", "up", "--dir", kept, "--json").json for _ in range(2))
    assert first == again
    assert first["started"] is False


def test_up_says_how_to_use_it(kept: Path) -> None:
    said = undercurrent("kafka", "up", "--dir", kept).out
    bootstrap = json.loads((kept / "broker.json").read_text())["bootstrap"]
    assert f"export KAFKA_BOOTSTRAP_SERVERS={bootstrap}" in said


def test_down_ends_it_and_up_goes_on_with_its_data_and_port(kept: Path) -> None:
    before = json.loads((kept / "broker.json").read_text())
    topics(kept, "apply", "--partitions", "1")
    assert undercurrent("kafka", "down", "--dir", kept, "--json").json["pid"] == before["pid"]
    after = undercurrent("kafka", "up", "--dir", kept, "--json").json
    assert (after["started"], after["bootstrap"]) == (True, before["bootstrap"])
    assert topics(kept, "diff", "--partitions", "1").code == 0


def test_a_difference_is_told_and_ends_with_1(kept: Path) -> None:
    told = topics(kept, "diff", "--generation", "g9", "--json")
    missing = [one for one in told.json if one["change"] == "create"]
    assert told.code == 1
    assert MISSING.replace("g1", "g9") in {one["topic"] for one in missing}


def test_a_dry_run_makes_no_topic(kept: Path) -> None:
    said = topics(kept, "apply", "--generation", "g8", "--partitions", "1", "--dry-run")
    assert MISSING.replace("g1", "g8") in said.out
    assert topics(kept, "diff", "--generation", "g8", "--partitions", "1").code == 1


def test_applying_twice_changes_nothing_the_second_time(kept: Path) -> None:
    topics(kept, "apply", "--partitions", "1")
    again = topics(kept, "apply", "--partitions", "1", "--json")
    assert again.json == {"dry_run": False, "changes": []}


def test_another_number_of_partitions_is_refused_with_1(kept: Path) -> None:
    topics(kept, "apply", "--partitions", "1")
    told = topics(kept, "apply", "--partitions", "2")
    assert told.code == 1
    assert "the number of partitions is fixed for ever" in told.err


def test_a_topic_is_described_with_what_the_cluster_holds(kept: Path) -> None:
    topics(kept, "apply", "--partitions", "1")
    told = topics(kept, "describe", "themes", "--json").json
    assert told["names"] == ["undercurrent.g1.themes.v1", "undercurrent.themes.v1"]
    assert [live["partitions"] for live in told["live"]] == [1, 1]

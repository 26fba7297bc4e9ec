"""What ``undercurrent up`` runs, and what it refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import COMMANDS
from cli.up import Place, beside, made, read_workers, stages
from connectors.kafka.names import Naming
from contracts.errors import WrongUsage
from settings import Settings
from tests.support.commands import undercurrent
from wiring.kafka.topics import Difference

PLACE = Place(Path("d"), Naming(prefix="t", generation="g2"), 4, 9750)
STAGES = ["intake", "extract", "themes", "priority"]


def test_every_stage_is_run_and_beside_them_what_the_product_needs() -> None:
    names = [one.name for one in stages(PLACE, {}, {}, beside(Settings(), PLACE))]
    assert names == [*STAGES, "ticker", "feeder", "publish", "exporter"]


def test_a_model_connections_and_destinations_each_have_their_process() -> None:
    settings = Settings(openai_api_key="k", connections=Path("c.yaml"), destinations=Path("d.yaml"))
    more = beside(settings, PLACE)
    assert more.keys() - beside(Settings(), PLACE).keys() == {"labeller", "edge", "dispatch"}
    assert more["edge"][-2:] == ("--port", "9760")
    last = stages(PLACE, {}, {}, more)[-1]
    assert last.command(0, ()).argv[3:5] == ("dispatch", "--data")


def test_every_process_is_a_command() -> None:
    settings = Settings(openai_api_key="k", connections=Path("c.yaml"), destinations=Path("d.yaml"))
    assert beside(settings, PLACE).keys() <= COMMANDS.keys()


def test_a_process_is_told_its_place_its_number_and_its_peers() -> None:
    extract = stages(PLACE, {"extract": 2}, {"KAFKA_BOOTSTRAP_SERVERS": "h:1"})[1]
    launch = extract.command(1, ("a:1", "a:2"))
    assert " ".join(launch.argv[3:]) == (
        "flow extract --data d --prefix t --generation g2 --partitions 4 --process-id 1 --addresses a:1;a:2"
    )
    assert (extract.workers, launch.env["KAFKA_BOOTSTRAP_SERVERS"]) == (2, "h:1")


def test_a_process_that_is_alone_listens_nowhere() -> None:
    launch = stages(PLACE, {}, {})[0].command(0, ("a:1",))
    assert launch.argv[-2:] == ("--process-id", "0")


@pytest.mark.parametrize("option", ["extract", "extract=0", "extract=two", "labels=2", "=2"])
def test_a_number_of_processes_that_is_none_is_wrong_usage(option: str, tmp_path: Path) -> None:
    told = undercurrent("up", "--data", tmp_path / "d", "--workers", option)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"undercurrent: --workers {option}: ")


def test_processes_are_counted_by_stage() -> None:
    assert read_workers(["extract=2", "themes=10"]) == {"extract": 2, "themes": 10}
    with pytest.raises(WrongUsage, match="no such stage; there are intake, extract"):
        read_workers(["labels=1"])


def test_new_topics_are_told_in_one_line_and_changed_settings_one_by_one() -> None:
    new = Difference("t.a", "topic", "with 2 partitions", None, "create")
    changed = Difference("t.b", "retention.ms", "7", "9", "set")
    assert list(made([new, new, changed])) == [
        "2 topics made",
        "topic t.b: retention.ms 9, declared is 7; set",
    ]

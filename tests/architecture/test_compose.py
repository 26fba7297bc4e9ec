"""docker-compose.yml against the Compose Specification and our own rules for what runs in a container.

``compose-spec.json`` is the specification's schema (Apache-2.0) as the package check-jsonschema 0.39.0 carries it.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_command

from cli.main import command_line
from connectors.kafka.names import GENERATION
from settings import Settings
from tests.support.qdrant_real import IMAGE as QDRANT
from wiring.kafka.docker import IMAGE as KAFKA
from wiring.kafka.properties import as_environment, broker_properties
from wiring.topics import STAGES

ROOT = Path(__file__).parents[2]
PROFILES = {"core", "demo", "edge"}
SECRET = re.compile(r"PASSWORD|_KEY$|SECRET|TOKEN")
REQUIRED = re.compile(r"\$\{[A-Z0-9_]+:\?[^}]+\}")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)")
DEFAULTED = re.compile(r"\$\{[A-Z0-9_]+:-([^}]*)\}")
# Where a broker of ours is reached differs between a container and a process; the image names where it logs to.
PLACES = re.compile(r"KAFKA_(ADVERTISED_)?LISTENER|CONTROLLER_QUORUM|INTER_BROKER")


@cache
def compose() -> dict[str, Any]:
    """The file, anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


SERVICES: dict[str, dict[str, Any]] = compose()["services"]
ONCE = {name for name, one in SERVICES.items() if one["restart"] == "no"}
LASTING = SERVICES.keys() - ONCE
OURS = {name for name, one in SERVICES.items() if "build" in one}
COMMANDS = sorted(name for name in OURS if "entrypoint" not in SERVICES[name])

every = pytest.mark.parametrize("name", sorted(SERVICES))
lasting = pytest.mark.parametrize("name", sorted(LASTING))
ours = pytest.mark.parametrize("name", sorted(OURS))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_file_is_as_the_specification_wants_it() -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(compose())] == []


def test_every_stage_is_a_service_and_so_is_what_runs_beside_them() -> None:
    assert {
        *STAGES,
        "kafka",
        "qdrant",
        "postgres",
        "topics",
        "ticker",
        "feeder",
        "edge",
        "dispatch",
        "publisher",
        "exporter",
    } <= SERVICES.keys()


@every
def test_a_service_belongs_to_known_profiles(name: str) -> None:
    assert set(SERVICES[name]["profiles"]) <= PROFILES
    assert SERVICES[name]["profiles"]


@every
def test_nobody_is_root_and_nothing_can_become_more(name: str) -> None:
    one = SERVICES[name]
    assert all(int(number) > 0 for number in one["user"].split(":"))
    assert one["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in one["security_opt"]


@every
def test_a_root_file_system_is_read_only_and_its_tmpfs_is_its_users(name: str) -> None:
    one = SERVICES[name]
    uid, gid = one["user"].split(":")
    assert one["read_only"] is True
    assert all(f":uid={uid},gid={gid}," in mount and "size=" in mount for mount in one["tmpfs"])


@every
def test_a_service_has_bounds(name: str) -> None:
    one = SERVICES[name]
    assert {"mem_limit", "cpus", "pids_limit"} <= one.keys()
    assert one["logging"]["driver"] == "json-file"
    assert one["logging"]["options"].keys() == {"max-size", "max-file"}


@every
def test_signals_reach_a_process(name: str) -> None:
    assert SERVICES[name]["init"] is True


@lasting
def test_what_lasts_is_watched_restarted_and_given_time_to_drain(name: str) -> None:
    one = SERVICES[name]
    assert one["restart"] == "unless-stopped"
    assert one["stop_grace_period"] == "60s"
    assert {"test", "interval", "timeout", "retries", "start_period"} <= one["healthcheck"].keys()


@every
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@every
def test_images_are_pinned(name: str) -> None:
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", SERVICES[name]["image"])


def test_broker_and_vector_store_are_those_of_the_tests() -> None:
    assert SERVICES["kafka"]["image"] == KAFKA
    assert SERVICES["qdrant"]["image"].startswith(QDRANT)


def test_the_broker_is_set_up_as_the_one_of_the_tests() -> None:
    own = as_environment(broker_properties("", 1, 2, "", None))
    there = SERVICES["kafka"]["environment"]
    shared = [key for key in own.keys() & there.keys() if not PLACES.search(key)]
    assert len(shared) > 8
    assert {key: there[key] for key in shared} == {key: own[key] for key in shared}


@every
def test_no_secret_has_a_default(name: str) -> None:
    told = SERVICES[name].get("environment", {})
    assert all(REQUIRED.fullmatch(value) for key, value in told.items() if SECRET.search(key))


@ours
def test_every_variable_is_a_setting(name: str) -> None:
    known = {
        field.validation_alias or f"UNDERCURRENT_{key.upper()}"
        for key, field in Settings.model_fields.items()
    }
    assert SERVICES[name].get("environment", {}).keys() <= known


def test_every_variable_that_the_file_asks_for_is_explained() -> None:
    explained = (ROOT / "docs/kafka.md").read_text()
    asked = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    assert {name for name in asked if f"`{name}`" not in explained} == set()


@ours
def test_one_volume_holds_the_keys_and_recovery_stores_of_all(name: str) -> None:
    own, *told = SERVICES[name]["volumes"]
    assert own == "data:/data"
    assert all(mount.startswith("./") and mount.endswith(":ro") for mount in told)


def test_every_volume_that_is_mounted_is_declared() -> None:
    mounted = {mount.partition(":")[0] for one in SERVICES.values() for mount in one.get("volumes", ())}
    mounted = {name for name in mounted if not name.startswith("./")}
    assert mounted == compose()["volumes"].keys()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_check_looks_at_the_file_that_it_writes(stage: str) -> None:
    check = SERVICES[stage]["healthcheck"]["test"]
    assert check[check.index("--file") + 1] == f"/data/{GENERATION}/{stage}/health-0.json"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_with_its_options(name: str) -> None:
    assert parses([DEFAULTED.sub(r"\1", word) for word in SERVICES[name]["command"]])


@pytest.mark.parametrize("name", sorted(OURS & LASTING - {"exporter", "edge"}))
def test_every_check_exists_with_its_options(name: str) -> None:
    cmd, program, *words = SERVICES[name]["healthcheck"]["test"]
    assert (cmd, program) == ("CMD", "undercurrent")
    assert parses(words)


def parses(words: list[str]) -> bool:
    """Whether the command takes these words; raises what it says if not."""
    command: Any = get_command(command_line())
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    with command.make_context("undercurrent", words):
        return True


@every
def test_what_is_waited_for_exists_in_the_same_profiles_and_can_come_true(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert set(SERVICES[name]["profiles"]) <= set(SERVICES[other]["profiles"])
        wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert how == {"condition": wanted}


def test_the_sample_is_written_by_the_command_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (words,) = SERVICES["sample"]["command"]
    exec(words.replace("/data/sample", str(tmp_path / "sample")), {})
    read = SERVICES["load"]["command"]
    named = [Path(word).name for word in read if word.startswith("/data/sample/")]
    assert sorted(path.name for path in (tmp_path / "sample").iterdir()) == sorted(named)


@ours
def test_an_image_is_built_here_as_this_version_with_extras_that_exist(name: str) -> None:
    one = SERVICES[name]
    assert one["image"].startswith(f"undercurrent:{project()['version']}-")
    assert set(one["build"]["args"]["EXTRAS"].split()) <= project()["optional-dependencies"].keys()
    assert (ROOT / one["build"]["dockerfile"]).is_file()

"""The Dockerfile by its structure: it cannot be built in every place where the tests run."""

from __future__ import annotations

import re
import tomllib
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "docker"
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """Each instruction with its words, lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    split = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [(name, words) for name, words in split]


def final_stage() -> list[Instruction]:
    last = takewhile(lambda one: one[0] != "FROM", reversed(instructions()))
    return list(reversed(list(last)))


def test_what_builds_is_not_what_runs() -> None:
    stages = [words for name, words in instructions() if name == "FROM"]
    assert len(stages) >= 2
    assert " AS " not in stages[-1]


def test_bases_are_pinned_and_what_builds_and_what_runs_share_one() -> None:
    bases = {words.split()[0] for name, words in instructions() if name == "FROM"}
    (base,) = bases - {"builder"}
    assert re.fullmatch(r"python:3\.12\.\d+-slim-[a-z]+", base)


def test_it_runs_as_the_user_that_compose_names() -> None:
    (user,) = [words for name, words in final_stage() if name == "USER"]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {one["user"] for one in services.values() if "build" in one} == {user}


def test_after_the_user_is_set_nothing_is_installed() -> None:
    names = [name for name, _words in final_stage()]
    assert set(names[names.index("USER") :]) <= {"USER", "WORKDIR", "ENTRYPOINT", "CMD"}


def test_the_image_that_runs_installs_nothing() -> None:
    runs = " ".join(words for name, words in final_stage() if name == "RUN")
    assert not re.search(r"\b(apt|apt-get|pip|uv|gcc|curl|wget)\b", runs)


@pytest.mark.parametrize("file", ["Dockerfile", "install.sh", "env.example"])
def test_nothing_is_fetched_from_an_address_in_a_file(file: str) -> None:
    text = (FOLDER / file).read_text()
    assert "://" not in text
    assert not re.search(r"^ADD ", text, flags=re.MULTILINE)


def test_compose_checks_health_not_the_image() -> None:
    assert "HEALTHCHECK" not in {name for name, _words in instructions()}


def test_every_package_is_checked_against_a_digest_and_none_is_compiled() -> None:
    script = (FOLDER / "install.sh").read_text() + "\n".join(w for n, w in instructions() if n == "RUN")
    installs = re.findall(r"uv pip install .*?(?=&&|\n\s*(?:fi|rm)|$)", script.replace("\\\n", " "))
    checked = [line for line in installs if "--require-hashes" in line and "--no-build" in line]
    assert [line for line in installs if line not in checked and "--no-deps /dist/" not in line] == []
    assert len(checked) == 3


def test_every_argument_of_the_script_is_one_of_the_build() -> None:
    asked = set(re.findall(r"\$\{([A-Z_0-9]+):?", (FOLDER / "install.sh").read_text()))
    given = {words.partition("=")[0] for name, words in instructions() if name == "ARG"}
    assert asked <= given


def test_the_builder_is_sent_what_the_wheel_is_made_of_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    beside = {"pyproject.toml", "README.md", "LICENSE", "requirements.lock", "requirements.bootstrap.lock"}
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert sent == {*wheel["only-include"], *beside, "deploy/docker/install.sh"}

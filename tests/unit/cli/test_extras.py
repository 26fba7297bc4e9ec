"""Where an extra is not installed, each command works or says in one line which one to install."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import orjson
import pytest

from cli.extras import EXTRAS, lacking

pytestmark = pytest.mark.lengthy

NEED_THE_EDGE = {"signals", "poll", "edge", "dispatch", "outbox", "serve", "keys"}


def test_every_command_helps_or_names_the_extra_that_it_lacks() -> None:
    argv = [sys.executable, "-m", "tests.support.without_extras", ",".join(EXTRAS)]
    ended = subprocess.run(argv, capture_output=True, check=True, timeout=120)
    told = orjson.loads(ended.stdout)
    refused = {name: err for name, (code, err) in told.items() if code != 0}
    assert set(refused) == NEED_THE_EDGE
    assert {told[name][0] for name in refused} == {4}
    for err in refused.values():
        assert "pip install 'undercurrent[edge]'" in err
        assert err.count("\n") == 1


def test_a_module_of_no_extra_is_not_explained_away() -> None:
    assert lacking(ModuleNotFoundError("No module named 'numpy'", name="numpy")) is None
    assert lacking(ModuleNotFoundError("something", name=None)) is None


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_package_that_an_extra_brings_is_known(extra: str) -> None:
    pinned = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    wanted = {one.partition("==")[0].partition("[")[0] for one in pinned}
    brought: dict[str, set[str]] = {}
    for package, distributions in packages_distributions().items():
        for name in distributions:
            brought.setdefault(name.lower().replace("_", "-"), set()).add(package)
    known = EXTRAS[extra]
    unknown = {name for name in wanted if not brought.get(name.lower(), set()) & {*known}}
    # A package of data may be installed without saying what it is imported as.
    assert [name for name in unknown if not name.replace("-", "_").startswith(known)] == []

"""``doctor``: broken is exit 1, less than could be is degraded, and each check says what it saw."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from tests.support.commands import undercurrent
from tests.support.product import KEYWORDS
from tests.support.runs import RunBuilder


def test_a_whole_installation_ends_well_and_says_what_is_switched_off() -> None:
    told = undercurrent("doctor", "--json")
    states = {check["name"]: check["state"] for check in told.json}
    assert told.code == 0
    assert states["encoder"] == states["topics"] == states["taxonomy"] == states["priority rules"] == "ok"
    assert states["redaction"] == "degraded"
    (taxonomy,) = [check["detail"] for check in told.json if check["name"] == "taxonomy"]
    assert re.fullmatch(r"version 2: \d+ categories in \d+ product areas", taxonomy)


def test_a_broken_part_is_named_and_ends_with_1(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: 7\n")
    told = undercurrent("doctor", "--json", env=KEYWORDS | {"UNDERCURRENT_RULES": str(rules)})
    broken = [check for check in told.json if check["state"] == "broken"]
    assert told.code == 1
    assert [check["name"] for check in broken] == ["priority rules"]
    assert str(rules) in broken[0]["detail"]


def test_a_directory_without_a_run_is_broken(tmp_path: Path) -> None:
    told = undercurrent("doctor", "--json", "--dir", tmp_path / "none")
    assert told.code == 1
    assert [check["name"] for check in told.json if check["state"] == "broken"] == ["data directory"]


def test_a_directory_of_several_tenants_is_looked_at_whole(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path / "run")
    with closing(run):
        run.item("The export fails")
        run.tenant = "other"
        run.item("The login fails")
        run.item("The map is slow")
        told = undercurrent("doctor", "--json", "--dir", run.write())
    (check,) = [check for check in told.json if check["name"] == "data directory"]
    assert (told.code, check["state"]) == (0, "ok")
    assert check["detail"].startswith("3 items, each with one outcome")


def test_for_people_each_check_is_one_line() -> None:
    told = undercurrent("doctor")
    assert "   degraded" in told.out or " degraded redaction: " in told.out
    assert len(told.out.splitlines()) == 8


def test_who_answers_for_language_models_is_told_and_no_key() -> None:
    env = KEYWORDS | {"UNDERCURRENT_OPENAI_API_KEY": "sk-secret", "UNDERCURRENT_OPENAI_MODEL": "gpt-6-luna"}
    told = undercurrent("doctor", "--json", env=env)
    (check,) = [check for check in told.json if check["name"] == "language models"]
    assert check["state"] == "degraded"
    assert "openai (gpt-6-luna)" in check["detail"]
    assert "no price is known" in check["detail"]
    assert "sk-secret" not in told.out

"""``undercurrent schemas``: what it prints, writes and refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.commands import undercurrent

pytestmark = pytest.mark.lengthy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command reads and writes."""
    for folder in ("contracts/topics", "contracts/schemas", "docs/topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_show_prints_what_is_published() -> None:
    told = undercurrent("schemas", "show", "themes")
    assert told.out == (ROOT / "contracts/schemas/themes/1.1.schema.json").read_text("utf-8")


def test_an_unknown_topic_is_wrong_usage_and_names_those_that_there_are() -> None:
    told = undercurrent("schemas", "show", "thmes")
    assert (told.code, "theme-events, themes" in told.err) == (2, True)


def test_a_folder_that_is_no_checkout_is_wrong_usage(tmp_path: Path) -> None:
    assert undercurrent("schemas", "write", "--root", str(tmp_path)).code == 2


def test_check_tells_what_is_stale_and_write_repairs_it(checkout: Path) -> None:
    (checkout / "docs/topics/themes.md").write_text("old\n", "utf-8")
    (checkout / "docs/topics/gone.md").write_text("of a topic that is no more\n", "utf-8")
    told = undercurrent("schemas", "check", "--json", "--root", str(checkout))
    stale = ["docs/topics/themes.md: stale", "docs/topics/gone.md: left over"]
    assert (told.code, told.json) == (1, {"files": stale, "broken_promises": []})
    assert undercurrent("schemas", "write", "--root", str(checkout)).out.splitlines() == stale
    assert undercurrent("schemas", "check", "--root", str(checkout)).code == 0


def test_a_dry_release_writes_nothing(checkout: Path) -> None:
    path = checkout / "contracts/schemas/released/receipts/1.0.schema.json"
    told = undercurrent("schemas", "release", "receipts", "--dry-run", "--root", str(checkout))
    assert (told.out.startswith("would promise"), path.exists()) == (True, False)

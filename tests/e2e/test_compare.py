"""Compare two runs that lie in directories: what people read, and what programs do."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent


def test_a_run_compared_with_itself_changes_nothing(ran: Ran) -> None:
    told = undercurrent("compare", ran.out, ran.out)
    assert "agreement (ARI) 1.000; 0 of" in told.out
    assert "issues: 0 would open, 0 would not" in told.out


def test_json_names_the_ordinals_that_were_compared(ran: Ran) -> None:
    found = undercurrent("compare", ran.out, ran.out, "--json", "--up-to", "100").json
    assert found["up_to"] == {"0": 100}
    assert found["ends"][0]["0"] > 100


def test_a_directory_without_a_run_is_wrong_usage(ran: Ran, tmp_path: Path) -> None:
    told = undercurrent("compare", ran.out, tmp_path)
    assert (told.code, "no run here" in told.err) == (2, True)

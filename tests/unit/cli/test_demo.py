"""``demo``: the labelled sample for ``eval``, and that it never replaces what it did not make."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from cli.demo import suggest
from tests.support.commands import undercurrent


def test_the_labelled_sample_can_be_evaluated(tmp_path: Path) -> None:
    labelled = tmp_path / "sample.jsonl"
    assert undercurrent("demo", "--seed", "1", "--write-labelled", labelled).code == 0
    start = tmp_path / "start.jsonl"
    start.write_bytes(b"".join(labelled.read_bytes().splitlines(keepends=True)[:300]))
    told = undercurrent("eval", "themes", "--input", start, "--order", "file", "--json")
    assert told.code == 0
    assert told.json["gold"] > 10
    assert told.json["v"] > 0


def test_a_directory_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    told = undercurrent("demo", "--out", tmp_path)
    assert told.code == 2
    assert "holds something that no demo made; choose another --out" in told.err
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_what_is_suggested_can_be_typed_as_it_is() -> None:
    said = StringIO()
    suggest(Console(file=said, width=40), Path("out/my demo"))
    assert ["--dir 'out/my demo'" in said.getvalue(), "--out 'out/my demo'" in said.getvalue()] == [
        True,
        True,
    ]

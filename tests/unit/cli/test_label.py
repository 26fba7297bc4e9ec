"""What ``undercurrent label`` says of its work: counts that add up, and one of a thing said as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import undercurrent
from wiring.labelling.embedded import Labelled


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = Labelled(
        seen=245, answers=0, counts={"later": 64, "local": 244}, waiting=1, why="nobody answers",
        calls=1, input_tokens=1, output_tokens=0, cost_micro_usd=0, unpriced=1, total=9, notices=(),
    )  # fmt: skip
    monkeypatch.setattr("cli.label.label", lambda *_args, **_how: found)
    (tmp_path / "logs" / "journal").mkdir(parents=True)
    return tmp_path


def test_what_waits_is_counted_once(directory: Path) -> None:
    told = undercurrent("label", "--dir", directory)
    assert told.code == 1
    assert "0 answered of 245 that local models decided (local 244)" in told.out
    assert "1 waits on, with local labels: nobody answers" in told.out


def test_one_call_is_said_as_one(directory: Path) -> None:
    assert (
        "1 call, 1 token in, 0 out, $0.0000, 1 call of unknown price"
        in undercurrent("label", "--dir", directory).out
    )

"""Without the ``models`` extra everything runs, says loudly what it lacks, and shows no words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran
from tests.support.crash import ROOT
from tests.support.product import ledger_of

NO_MODELS = {
    "PYTHONPATH": str(ROOT / "tests" / "support" / "no_models"),
    "UNDERCURRENT_ENCODER": "auto",
    "UNDERCURRENT_NAMES": "auto",
}


def _told(*argv: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in which the extra's packages cannot be imported."""
    command = [sys.executable, "-m", "cli", *map(str, argv)]
    env = {**os.environ, **NO_MODELS, **more}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def plain(
    ran: Ran, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = tmp_path_factory.mktemp("plain") / "out"
    return _told(*ran.argv, "--out", out), out


Plain = tuple[subprocess.CompletedProcess[str], Path]


def test_a_run_works_with_a_loud_notice_for_all_that_is_missing(plain: Plain) -> None:
    told, out = plain
    notices = [line for line in told.stdout.splitlines() if line.startswith("notice: ")]
    assert told.returncode == 3, told.stderr
    assert [words in " ".join(notices) for words in ("no model weights", "names are not recognised")] == [
        True,
        True,
    ]
    assert [line for line in notices if line not in (out / "worker.log").read_text()] == []


def test_themes_form_by_keywords_and_every_item_has_an_outcome(plain: Plain) -> None:
    ledger = ledger_of(plain[1])
    assert ledger.check() == []
    assert list(ledger.concerns().values()).count("themed") > 50


def test_no_words_are_shown(plain: Plain) -> None:
    similar = _told("similar", "the site is down", "--dir", plain[1])
    assert similar.returncode == 0, similar.stderr
    assert similar.stdout.count("(words withheld)") == 5
    assert "no model weights" in similar.stderr


def test_weights_that_were_asked_for_and_are_missing_are_one_line(tmp_path: Path, ran: Ran) -> None:
    told = _told(*ran.argv, "--out", tmp_path / "out", UNDERCURRENT_ENCODER="minilm")
    assert told.returncode == 2
    assert told.stderr.startswith("undercurrent: ")
    assert told.stderr.count("\n") == 1
    assert "install the extra 'models'" in told.stderr


def test_doctor_calls_it_degraded_and_not_broken() -> None:
    told = _told("doctor")
    assert told.returncode == 0, told.stderr
    assert "degraded encoder: no model weights" in " ".join(told.stdout.split())

"""``undercurrent keys`` and ``serve`` as people run them: a key, a service, feedback in the journal, a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from connectors.jsonl.log import read_log
from tests.support.commands import undercurrent


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "cli", *argv]


def run(*argv: str) -> str:
    ended = subprocess.run(
        command(*argv), capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=".")
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_key_that_was_made_opens_the_service(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    made = json.loads(run("keys", "create", "test", "--dir", folder, "--json"))
    headers = {"Authorization": f"Bearer {made['key']}"}
    said = tmp_path / "said"
    with said.open("w") as errors:
        service = subprocess.Popen(
            command("serve", "--dir", folder, "--port", "0"),
            env=dict(os.environ, PYTHONPATH="."),
            stderr=errors,
        )
    try:
        until = time.monotonic() + 60
        while not (
            answers := re.search(r"answers on (http://127\.0\.0\.1:\d+)/v1/feedback", said.read_text())
        ):
            assert service.poll() is None, said.read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        address = answers[1]
        assert httpx.get(f"{address}/livez", timeout=60).status_code == 200
        told = {"external_id": "1", "text": "the export is slow"}
        assert httpx.post(f"{address}/v1/feedback", json=told, headers=headers, timeout=60).status_code == 202
        (listed,) = json.loads(run("keys", "ls", "--dir", folder, "--json"))
        assert listed["used_at"]
        assert "digest" not in listed
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0
    finally:
        service.kill()
        service.wait(10)
    assert f", with the keys of {folder}" in said.read_text()
    assert len(list(read_log(Path(folder) / "logs" / "journal", 0))) == 1


def test_a_keys_name_is_shown_as_it_is(tmp_path: Path) -> None:
    undercurrent("keys", "create", "[/web] [bold]form", "--dir", tmp_path)
    told = undercurrent("keys", "ls", "--dir", tmp_path)
    assert told.code == 0, told.err
    assert "[/web]" in told.out


@pytest.mark.parametrize("option", ["--days", "--per-s"])
def test_a_number_that_no_key_can_have_is_wrong_usage(tmp_path: Path, option: str) -> None:
    told = undercurrent("keys", "create", "form", option, str(10**20), "--dir", tmp_path)
    assert told.code == 2
    assert option in told.err


@pytest.mark.parametrize("asked", [["ls"], ["revoke", "4f3a9c01d2e7"]])
@pytest.mark.parametrize("option", ["--dir", "--data"])
def test_a_directory_that_is_misspelt_is_refused_and_not_made(
    tmp_path: Path, asked: list[str], option: str
) -> None:
    told = undercurrent("keys", *asked, option, tmp_path / "typo")
    assert (told.code, "there is no such directory" in told.err) == (2, True)
    assert not (tmp_path / "typo").exists()

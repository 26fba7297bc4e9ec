"""``label``: a model on loopback answers what local models decided of a finished run, and the answers act."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import sleep

import pytest

from contracts.answers import Answer
from contracts.stages import Assignment, EnrichedItem
from tests.support.clerk import honest
from tests.support.commands import undercurrent
from tests.support.model_vendors import Broken, Server, vendor
from tests.support.product import KEYWORDS, ledger_of
from wiring.datadir import DataDir
from wiring.views.topics import Topics


@pytest.fixture
def server() -> Iterator[Server]:
    with vendor(lambda asked: honest(asked.user)) as running:
        yield running


def asking(server: Server) -> Mapping[str, str]:
    own = {"UNDERCURRENT_COMPATIBLE_URL": server.url, "UNDERCURRENT_COMPATIBLE_MODEL": "llama"}
    return {**KEYWORDS, **own}


def test_answers_act_once_and_a_model_that_is_away_costs_nothing(own_copy: Path, server: Server) -> None:
    env = asking(server)
    server.stop()
    told = undercurrent("label", "--dir", own_copy, "--patience", "0", "--json", env=env)
    assert (told.code, told.json["answers"], told.json["waiting"] > 20) == (1, 0, True)
    server.start()
    told = undercurrent("label", "--dir", own_copy, "--json", env=env)
    assert (told.code, told.json["waiting"], told.json["calls"] < told.json["answers"] / 4) == (0, 0, True)
    assert ledger_of(own_copy).check() == []
    answers, decided, relabelled = _told(own_copy)
    assert (answers, decided, relabelled > 0) == (told.json["answers"], told.json["answers"], True)
    again = undercurrent("label", "--dir", own_copy, "--json", env=env).json
    assert (again["answers"], again["calls"]) == (0, 0)


def test_a_second_one_is_refused_and_pays_for_nothing_until_the_first_is_dead(
    own_copy: Path, server: Server
) -> None:
    env = asking(server)
    server.answer = lambda _asked: Broken("hang")
    argv = [sys.executable, "-m", "cli", "label", "--dir", str(own_copy)]
    with subprocess.Popen(argv, env={**os.environ, **env}, stdout=subprocess.DEVNULL) as first:
        while not server.asked:
            assert first.poll() is None
            sleep(0.05)
        server.answer = lambda asked: honest(asked.user)
        asked = len(server.asked)
        second = undercurrent("label", "--dir", own_copy, "--patience", "0", env=env)
        assert (second.code, f"in use by the labeller of process {first.pid}" in second.err) == (4, True)
        first.kill()
    assert len(server.asked) <= max(asked, 8)  # what the first asks at once, in all
    third = undercurrent("label", "--dir", own_copy, "--json", env=env)
    assert (third.code, third.json["waiting"]) == (0, 0)


def _told(directory: Path) -> tuple[int, int, int]:
    """Answers in the journal, concerns that a model decided, concerns that were relabelled where they are."""
    topics = Topics(DataDir(directory).logs)
    journal = [record for _, record in topics.records("journal") if isinstance(record, Answer)]
    items = [record for _, record in topics.records("enriched") if isinstance(record, EnrichedItem)]
    by_model = [item for item in items if item.provenance.model is not None]
    changes = [record for _, record in topics.records("assignments") if isinstance(record, Assignment)]
    return len(journal), len(by_model), sum(change.change == "relabelled" for change in changes)


def test_without_a_model_the_command_says_what_to_set(own_copy: Path) -> None:
    told = undercurrent("label", "--dir", own_copy)
    assert told.code == 2
    assert "UNDERCURRENT_OPENAI_API_KEY" in told.err

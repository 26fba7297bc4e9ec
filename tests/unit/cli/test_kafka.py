"""``kafka`` and ``topics`` where no broker runs: what is said, and what is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.commands import undercurrent
from tests.support.product import KEYWORDS


def test_down_leaves_a_process_that_is_not_the_broker(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / "broker.json").write_text(json.dumps({"pid": other.pid, "bootstrap": "127.0.0.1:1"}))
        said = undercurrent("kafka", "down", "--dir", tmp_path)
        assert "no broker runs" in said.out
        assert other.poll() is None


def test_down_of_nothing_makes_nothing(tmp_path: Path) -> None:
    assert undercurrent("kafka", "down", "--dir", tmp_path / "none").code == 0
    assert os.listdir(tmp_path) == []


def test_without_a_named_cluster_topics_say_how_to_name_one() -> None:
    told = undercurrent("topics", "diff", env={**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": ""})
    assert told.code == 2
    assert "undercurrent kafka up" in told.err


def test_a_topic_is_described_without_a_cluster() -> None:
    said = undercurrent("topics", "describe", "journal", env={**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": ""})
    assert "no cluster is named" in said.out
    assert "written by" in said.out


def test_an_unknown_topic_is_wrong_usage() -> None:
    told = undercurrent("topics", "describe", "nope")
    assert told.code == 2
    assert "there are: alerts" in told.err


def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_text("{")
    told = undercurrent("kafka", "down", "--dir", tmp_path)
    assert told.code == 1
    assert f"{tmp_path / 'broker.json'} is not readable" in told.err

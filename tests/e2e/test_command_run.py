"""``undercurrent run`` as a person gives it: what it says, what it exits with, and that it can be given again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.jsonl.log import JsonlLog, read_log
from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from tests.support.crash import ROOT, topic_bytes
from tests.support.product import KEYWORDS, ledger_of


def test_a_run_with_rejects_ends_with_3_and_says_where_each_is(ran: Ran) -> None:
    broken = [n for n, delivery in enumerate(ran.deliveries, 1) if delivery.breakage]
    assert ran.told.code == 3
    assert len(broken) >= 2
    said = " ".join(ran.told.out.split())
    assert [n for n in broken if f"feedback.jsonl {n} " not in said] == []


def test_a_run_says_what_is_less_than_it_could_be_and_keeps_it_in_the_log(ran: Ran) -> None:
    notice = "notice: names are not recognised (UNDERCURRENT_NAMES is off): quotes are withheld everywhere\n"
    assert ran.told.out.count(notice) == 1
    assert notice in (ran.out / "worker.log").read_text()


def test_what_is_no_terminal_gets_no_control_characters(ran: Ran) -> None:
    assert "\x1b" not in ran.told.out + ran.told.err
    assert "\r" not in ran.told.out + ran.told.err


def test_a_second_run_adds_nothing_and_gives_json_for_programs(ran: Ran, own_copy: Path) -> None:
    before = topic_bytes(own_copy / "logs", without=())
    told = undercurrent(*ran.argv, "--out", own_copy, "--json")
    assert (told.code, topic_bytes(own_copy / "logs", without=())) == (3, before)
    assert "0 journal records appended" in told.err
    wanted = {"items", "outcomes", "deliveries", "themes", "issues", "rejects", "report"}
    assert wanted <= told.json.keys()
    assert [r["line"] for r in told.json["rejects"]] == [
        n for n, delivery in enumerate(ran.deliveries, 1) if delivery.breakage
    ]


def test_only_the_text_is_required(tmp_path: Path) -> None:
    source = tmp_path / "words.csv"
    source.write_text("words\nThe export to CSV fails every time\n" + "I was charged twice\n" * 2)
    told = undercurrent("run", "--input", source, "--map", "text=words", "--out", tmp_path / "out", "--json")
    assert (told.code, told.json["items"], told.json["rejects"]) == (0, 3, [])
    assert ledger_of(tmp_path / "out").check() == []
    assert Path(told.json["report"]).is_file()


def test_an_empty_file_is_a_run_without_items(tmp_path: Path) -> None:
    source = tmp_path / "none.csv"
    source.write_text("text\n")
    told = undercurrent("run", "--input", source, "--out", tmp_path / "out", "--json")
    assert (told.code, told.json["items"], told.json["themes"]) == (0, 0, [])


def test_without_a_file_what_came_already_goes_on(ran: Ran, own_copy: Path, tmp_path: Path) -> None:
    assert _summary(undercurrent("run", "--out", own_copy, "--json").json) == _summary_of(ran)
    told = undercurrent("run", "--out", tmp_path / "new")
    assert (told.code, "give a file with --input" in told.err) == (2, True)
    assert not (tmp_path / "new").exists()


def test_a_changed_customer_list_is_loaded_without_the_feedback_again(ran: Ran, own_copy: Path) -> None:
    customers = own_copy / "changed.csv"
    customers.write_text("account,tier,mrr\nnewcomer,enterprise,900\n")
    told = undercurrent("run", "--input", ran.source, "--customers", customers, "--out", own_copy, "--json")
    assert "3 journal records appended" in told.err
    assert ledger_of(own_copy).check() == []


def test_a_load_that_was_broken_off_goes_on_where_it_stopped(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = _with_keys_of(ran, tmp_path / "out")
    whole = JsonlLog.append
    calls = []

    def breaks_off(log: JsonlLog, partition: int, lines: Any) -> range:
        calls.append(len(lines))
        if len(calls) > 1:
            raise KeyboardInterrupt
        return whole(log, partition, lines[:100])

    monkeypatch.setattr(JsonlLog, "append", breaks_off)
    undercurrent(*ran.argv, "--out", out)
    monkeypatch.undo()
    assert undercurrent("review", "release", "x", "--author", "ann", "--dir", out).code == 2
    told = undercurrent(*ran.argv, "--out", out, "--json")
    assert _summary(told.json) == _summary_of(ran)
    assert len(list(read_log(out / "logs" / "journal", 0))) == len(
        list(read_log(ran.out / "logs" / "journal", 0))
    )


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_run_that_was_killed_or_stopped_can_be_given_again_at_once(
    ran: Ran, tmp_path: Path, how: signal.Signals, code: int
) -> None:
    out = _with_keys_of(ran, tmp_path / "out")
    command = [sys.executable, "-m", "cli", *map(str, ran.argv), "--out", str(out)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **KEYWORDS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Whoever runs the tests in the background of a shell has it ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    enriched = out / "logs" / "enriched" / "p0000.jsonl"
    while not (enriched.exists() and enriched.stat().st_size) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(how)
    assert process.wait() == code
    told = undercurrent(*ran.argv, "--out", out, "--json")
    assert told.code == 3, told.err
    assert _summary(told.json) == _summary_of(ran)
    assert ledger_of(out).check() == []


def test_a_failing_worker_is_one_line_that_says_what_to_do_and_a_rebuild_gives_the_same_bytes(
    ran: Ran, own_copy: Path
) -> None:
    store = own_copy / "recovery" / "part-0.sqlite3"
    store.write_bytes(store.read_bytes()[:5000])
    told = undercurrent(*ran.argv, "--out", own_copy)
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert told.err.startswith(f"undercurrent: {store}: ")
    assert "rebuild the state from the journal with `undercurrent rebuild`" in told.err
    assert undercurrent("rebuild", own_copy).code == 0
    assert undercurrent(*ran.argv, "--out", own_copy).code == 3
    assert topic_bytes(own_copy / "logs") == topic_bytes(ran.out / "logs")


def test_a_setting_that_only_the_worker_reads_is_wrong_usage(ran: Ran, tmp_path: Path) -> None:
    taxonomy = tmp_path / "taxonomy.yaml"
    taxonomy.write_text("labels: {", encoding="utf-8")
    env = {**KEYWORDS, "UNDERCURRENT_TAXONOMY": str(taxonomy)}
    told = undercurrent(*ran.argv, "--out", tmp_path / "out", env=env)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert told.err.startswith(f"undercurrent: {taxonomy}: is not YAML")


def test_what_a_step_raises_is_one_line_under_whatever_noise_the_engine_makes(
    ran: Ran, own_copy: Path
) -> None:
    state = own_copy / "state" / "themes" / "p0000.0.jsonl"
    data = bytearray(state.read_bytes())
    data[len(data) // 2] ^= 1
    state.write_bytes(data)
    told = undercurrent(*ran.argv, "--out", own_copy)
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert told.err.startswith(f"undercurrent: {state}: wrong bytes in the line at offset ")


def _with_keys_of(ran: Ran, out: Path) -> Path:
    """A directory with the keys of the finished run: hashes under them settle ties between words of a label."""
    shutil.copytree(ran.out / "keys", out / "keys")
    return out


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "report"}


def _summary_of(ran: Ran) -> dict[str, Any]:
    return _summary(undercurrent(*ran.argv, "--out", ran.out, "--json").json)

"""``undercurrent signals`` on a finished run: in the journal once, though the file is given twice."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.feedback import Signal
from tests.support.commands import undercurrent
from wiring.datadir import DataDir
from wiring.views.topics import Topics

RUN = {
    "id": "r1",
    "start_time": "2026-03-31T13:00:00Z",
    "feedback_stats": {"helpfulness": {"n": 1, "avg": 0.0}},
}


def test_signs_are_taken_once_and_counted(own_copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps(RUN))
    words = (
        "signals",
        file,
        "--from",
        "langsmith",
        "--tenant",
        "local",
        "--key",
        "helpfulness=thumbs",
        "--json",
    )
    first, again = (undercurrent(*words, "--dir", own_copy) for _ in range(2))
    assert (first.json["new"], again.json["new"], again.json["known"]) == (1, 0, 1)
    records = Topics(DataDir(own_copy).logs).records("journal")
    assert [one.name for _, one in records if isinstance(one, Signal)] == ["thumbs_down"]


def test_one_sign_and_one_comment_are_said_as_one(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    thumb = {"id": "f1", "key": "thumbs_up", "score": 1, "created_at": RUN["start_time"], "comment": "nice"}
    file.write_text(json.dumps(thumb))
    told = undercurrent("signals", file, "--from", "langsmith", "--tenant", "local", "--dry-run")
    assert told.out.startswith("1 sign, nothing written\n1 row has a comment: ")


def test_a_dry_run_counts_and_an_unknown_product_or_meaning_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps(RUN))
    other = undercurrent("signals", file, "--from", "excel", "--tenant", "local")
    counted = undercurrent("signals", file, "--from", "langsmith", "--tenant", "local", "--dry-run", "--json")
    assert (counted.json["signs"], len(counted.json["left_out"])) == (0, 1)
    mood = undercurrent("signals", file, "--from", "langsmith", "--tenant", "local", "--key", "a=mood")
    assert (other.code, "braintrust" in other.err, mood.code, "thumbs" in mood.err) == (2, True, 2, True)

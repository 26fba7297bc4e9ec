"""Signs of users out of exports: what is one, what is none, and what is never carried along."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.files.signals import KEYS, THUMBS, Export, Kind, read_export
from contracts.signals import SIGNALS

AT = "2026-02-28T10:00:00.123456+00:00"


def read(folder: Path, kind: Kind, *rows: Mapping[str, Any], **keys: str) -> Export:
    file = folder / "export.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return read_export(file, kind, keys)


def names(export: Export) -> Sequence[str]:
    return [sign.name for sign in export.signs]


def feedback(score: Any, key: str = "user_score", **more: Any) -> dict[str, Any]:
    """A record of LangSmith's feedback, as its documented format has it."""
    told = {"id": f"f-{key}-{score}", "run_id": "r1", "session_id": "project-1", "created_at": AT}
    return told | {"key": key, "score": score, "feedback_source": {"type": "api"}} | more


@pytest.mark.parametrize(
    ("score", "found"),
    [
        (1, ["thumbs_up"]),
        (0, ["thumbs_down"]),
        (-1, ["thumbs_down"]),
        (True, ["thumbs_up"]),
        (0.5, []),
        (None, []),
    ],
)
def test_a_score_of_langsmith_is_a_thumb_where_it_is_sure(
    tmp_path: Path, score: Any, found: list[str]
) -> None:
    assert names(read(tmp_path, "langsmith", feedback(score))) == found


@pytest.mark.parametrize(("value", "found"), [("👍", ["thumbs_up"]), ("Down", ["thumbs_down"]), ("meh", [])])
def test_a_word_says_what_a_score_does_not(tmp_path: Path, value: str, found: list[str]) -> None:
    assert names(read(tmp_path, "langsmith", feedback(None, value=value))) == found


def test_what_evaluators_scored_is_no_sign_of_a_user(tmp_path: Path) -> None:
    rows = [feedback(0, feedback_source={"type": "model"}), feedback(0, key="correctness")]
    got = read(tmp_path, "langsmith", *rows)
    assert (got.signs, sum(got.left_out.values())) == ([], 2)


def test_a_run_of_langsmith_tells_how_many_went_up_and_down(tmp_path: Path) -> None:
    run = {
        "id": "r1",
        "start_time": "2026-02-28T10:00:00",
        "feedback_stats": {"thumbs": {"n": 4, "avg": 0.25}},
    }
    run["extra"] = {"metadata": {"account": "a-1", "thread_id": "t-9", "user_id": "ada@example.org"}}
    got = read(tmp_path, "langsmith", run)
    assert [(one.name, one.count, one.account, one.session) for one in got.signs] == [
        ("thumbs_up", 1, "a-1", "t-9"),
        ("thumbs_down", 3, "a-1", "t-9"),
    ]
    assert got.signs[0].at.isoformat() == "2026-02-28T10:00:00+00:00"


def test_langsmiths_project_is_no_session_of_a_user(tmp_path: Path) -> None:
    assert read(tmp_path, "langsmith", feedback(1)).signs[0].session is None


def span(**more: Any) -> dict[str, Any]:
    """A span of Braintrust."""
    told = {
        "id": "s1",
        "span_id": "s1",
        "root_span_id": "s1",
        "created": AT,
        "input": "secret",
        "output": "words",
    }
    return told | {"metadata": {"org_id": "a-2", "session_id": "t-1"}, "scores": {}} | more


def test_scores_and_tags_of_a_braintrust_span_are_signs(tmp_path: Path) -> None:
    got = read(tmp_path, "braintrust", span(scores={"thumbs": 0, "Factuality": 0.1}, tags=["copied", "prod"]))
    assert sorted(names(got)) == ["copy", "thumbs_down"]
    assert {one.account for one in got.signs} == {"a-2"}


def test_a_span_of_a_scorer_is_no_sign(tmp_path: Path) -> None:
    got = read(tmp_path, "braintrust", span(scores={"thumbs": 0}, span_attributes={"type": "score"}))
    assert (got.signs, dict(got.left_out)) == ([], {"scored by an evaluator": 1})


def test_a_key_of_ones_own_can_be_told(tmp_path: Path) -> None:
    assert names(read(tmp_path, "braintrust", span(scores={"Did Help": 1}), did_help="thumbs")) == [
        "thumbs_up"
    ]


def test_the_same_record_twice_is_one_sign(tmp_path: Path) -> None:
    got = read(tmp_path, "langsmith", feedback(1), feedback(1))
    assert (len(got.signs), got.left_out["told before in this file"]) == (1, 1)


def test_nothing_that_anybody_wrote_is_carried_along(tmp_path: Path) -> None:
    got = read(tmp_path, "langsmith", feedback(0, comment="call me: 555-0100"), span(scores={"thumbs": 1}))
    assert (got.comments, "555" in repr(got), "secret" in repr(got)) == (1, False, False)


def test_columns_of_a_csv_may_be_paths_or_hold_json(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "start_time", "extra.metadata.account", "feedback_stats"])
        rows.writerow(["r1", AT, "a-1", '{"user_score": {"n": 1, "avg": 0.0}}'])
        rows.writerow(["r2", "yesterday", "a-1", '{"user_score": {"n": 1, "avg": 1.0}}'])
    got = read_export(file, "langsmith")
    assert ([(one.name, one.account) for one in got.signs], dict(got.left_out)) == (
        [("thumbs_down", "a-1")],
        {"no time": 1},
    )


def test_every_sign_is_one_whose_ambiguity_is_stated() -> None:
    assert set(KEYS.values()) - {THUMBS} == set(SIGNALS)


def test_rows_that_are_none_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"{oops\n[1]\n" + orjson.dumps(feedback(1)))
    got = read_export(file, "langsmith")
    assert (len(got.signs), sum(got.left_out.values())) == (1, 2)

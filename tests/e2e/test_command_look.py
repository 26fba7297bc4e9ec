"""``themes``, ``similar``, ``doctor`` and ``review`` on a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from tests.support.crash import topic_bytes
from tests.support.product import ledger_of


def test_themes_are_ranked_by_impact(ran: Ran) -> None:
    rows = undercurrent("themes", "--dir", ran.out, "--limit", "4", "--json").json
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert rows == sorted(rows, key=lambda row: -row["impact"])
    assert all(row["label"] and row["concerns"] > 0 for row in rows)


def test_themes_for_people_is_a_table(ran: Ran) -> None:
    told = undercurrent("themes", "--dir", ran.out, "--limit", "4")
    label = undercurrent("themes", "--dir", ran.out, "--limit", "1", "--json").json[0]["label"]
    assert told.code == 0
    assert label.split()[0] in told.out


def test_similar_finds_by_words_the_nearest_first(ran: Ran) -> None:
    rows = undercurrent("similar", "nothing loads, the site is down", "--dir", ran.out, "--json").json
    assert len(rows) == 5
    assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)


@pytest.mark.parametrize(("field", "value"), [("source", None), ("language", "de"), ("label", None)])
def test_similar_finds_only_what_every_filter_wants(ran: Ran, field: str, value: str | None) -> None:
    everything = undercurrent("similar", "the site is down", "--dir", ran.out, "--limit", "50", "--json").json
    wanted = value or everything[-1][field]
    argv = ("similar", "the site is down", "--dir", ran.out, "--where", f"{field}={wanted}", "--json")
    rows = undercurrent(*argv).json
    assert {row[field] for row in rows} == {wanted}


@pytest.mark.parametrize("where", ["source", "colour=red", "=x"])
def test_a_filter_that_there_is_not_is_wrong_usage(ran: Ran, where: str) -> None:
    told = undercurrent("similar", "words", "--dir", ran.out, "--where", where)
    assert (told.code, told.err.count("\n")) == (2, 1)


def test_quotes_are_withheld_where_names_are_not_recognised(ran: Ran) -> None:
    rows = undercurrent("similar", "the site is down", "--dir", ran.out, "--json").json
    assert {row["quote"] for row in rows} == {None}
    told = [orjson.loads(line) for line in (ran.out / "logs/linear/p0000.jsonl").read_bytes().splitlines()]
    issues = [one for one in told if one["kind"] == "signal"]
    assert issues
    assert [issue["quotes"] for issue in issues if issue["quotes"]] == []


def test_doctor_finds_a_finished_run_whole(ran: Ran) -> None:
    told = undercurrent("doctor", "--dir", ran.out, "--json")
    (check,) = [check for check in told.json if check["name"] == "data directory"]
    assert (told.code, check["state"]) == (0, "ok")
    assert "each with one outcome; 0 on their way" in check["detail"]


def test_review_lists_what_waits_with_its_reason(ran: Ran) -> None:
    rows = undercurrent("review", "ls", "--dir", ran.out, "--json").json
    assert (
        {"concern", "quarantined"}
        <= {row["kind"] for row in rows}
        <= {"concern", "quarantined", "assignment", "theme"}
    )
    assert all(row["id"] and row["reason"] for row in rows)
    assert len(undercurrent("review", "ls", "--dir", ran.out).out.splitlines()) == 2 * len(rows)


def test_what_a_person_says_acts_at_its_place_and_is_kept_by_a_rebuild(ran: Ran, own_copy: Path) -> None:
    before = ledger_of(own_copy)
    concern, item = _first(own_copy, "concern"), _first(own_copy, "quarantined")
    assert (before.concern(concern), before.items()[item].outcome) == ("in_review", "quarantined")
    assert undercurrent("review", "confirm", concern, "--author", "ann", "--dir", own_copy).code == 0
    assert undercurrent("review", "release", item, "--author", "ann", "--dir", own_copy).code == 0
    after = ledger_of(own_copy)
    assert after.check() == []
    assert after.concern(concern) not in ("in_review", None)
    assert after.items()[item].outcome not in ("quarantined", None)
    topics = topic_bytes(own_copy / "logs")
    assert undercurrent("rebuild", own_copy).code == 0
    assert undercurrent(*ran.argv, "--out", own_copy).code == 3
    assert topic_bytes(own_copy / "logs") == topics


def test_what_was_decided_is_no_longer_listed(own_copy: Path) -> None:
    concern, item = _first(own_copy, "concern"), _first(own_copy, "quarantined")
    undercurrent("review", "confirm", concern, "--author", "ann", "--dir", own_copy)
    undercurrent("review", "release", item, "--author", "ann", "--dir", own_copy)
    left = {row["id"] for row in _listed(own_copy)}
    assert not left & {concern, item}


@pytest.mark.parametrize("order", ["confirm", "release"])
def test_what_does_not_wait_cannot_be_decided(ran: Ran, order: str) -> None:
    told = undercurrent("review", order, "unknown", "--author", "ann", "--dir", ran.out)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "undercurrent review ls" in told.err


def _listed(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = undercurrent("review", "ls", "--dir", out, "--json").json
    return rows


def _first(out: Path, kind: str) -> str:
    return next(str(row["id"]) for row in _listed(out) if row["kind"] == kind)


def test_similar_to_nothing_is_wrong_usage(ran: Ran) -> None:
    told = undercurrent("similar", " ", "--dir", ran.out)
    assert (told.code, "the text is empty" in told.err) == (2, True)

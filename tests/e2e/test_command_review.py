"""``undercurrent review`` on a finished run: what people say acts at its place, by keys, by a file, by commands."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from contracts.registry import read_record
from contracts.stages import EnrichedItem
from tests.e2e.conftest import Ran
from tests.support.commands import Told, undercurrent
from tests.support.product import ledger_of
from wiring.reviewing.case import Kind

WORTH = ("concern", "assignment")


def listed(out: Path, *kinds: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = undercurrent("review", "ls", "--dir", out, "--json").json
    return [row for row in rows if row["kind"] in (kinds or ("concern",))]


def decision(out: Path, concern: str) -> Any:
    """The latest decision about a concern."""
    lines = (out / "logs/enriched/p0000.jsonl").read_bytes().splitlines()
    items = [read_record("enriched", line) for line in lines if concern.encode() in line]
    found = [c for item in items if isinstance(item, EnrichedItem) for c in item.concerns]
    return [one.decision for one in found if one.concern_id == concern][-1]


def by_keys(out: Path, keys: str) -> Told:
    """A review on a terminal."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        with patch.object(sys.stdin, "isatty", return_value=True, create=True):
            return undercurrent("review", "--author", "ann", "--dir", out)


def keys_for(out: Path, said: dict[str, str]) -> str:
    """What is said of these cases; all others are skipped."""
    ids = [row["id"] for row in listed(out, *get_args(Kind))]
    return "".join(said.get(name, "s") for name in ids[: max(map(ids.index, said)) + 1]) + "q"


def test_a_review_by_keys_is_acted_on_when_it_ends(own_copy: Path) -> None:
    first, second = [row["id"] for row in listed(own_copy, *WORTH)][:2]
    told = by_keys(own_copy, keys_for(own_copy, {first: "c", second: "d"}))
    assert (told.code, "sent: 1 confirm, 1 dismiss" in told.out) == (0, True)
    ledger = ledger_of(own_copy)
    assert ledger.check() == []
    assert "in_review" not in (ledger.concern(first), ledger.concern(second))
    assert ledger.concern(second) not in ("themed", "waiting")
    assert not {first, second} & {row["id"] for row in listed(own_copy, *WORTH)}


def test_a_correction_decides_the_concern_anew_and_says_whose_it_is(own_copy: Path) -> None:
    concern = listed(own_copy)[0]["id"]
    change = ("review", "correct", concern, "--category", "onboarding", "--no-bug", "--severity", "low")
    tried = undercurrent(*change, "--author", "ann", "--dir", own_copy, "--dry-run", "--json")
    assert (tried.json["dry_run"], listed(own_copy)[0]["id"]) == (True, concern)
    assert undercurrent(*change, "--author", "ann", "--dir", own_copy).code == 0
    now = decision(own_copy, concern)
    assert (now.category, now.severity, now.needs_review, now.confidence_milli) == (
        "onboarding",
        "low",
        False,
        1000,
    )
    assert (now.suggested_action, now.action_owner is not None) == ("content_update", True)


def test_a_file_is_filled_in_and_a_wrong_row_stops_no_other(own_copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    assert undercurrent("review", "--export", path, "--dir", own_copy, "--json").json["cases"] > 3
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(bool(row["theme"]) == bool(row["theme_name"]) for row in rows)
    verdicts: list[Callable[[dict[str, str]], None]] = [
        lambda row: row.update(verdict="confirm"),
        lambda row: row.update(verdict="correct", new_category="shipping"),
        lambda row: row.update(verdict="dismiss", id="unknown"),
        lambda row: row.update(verdict="dismiss", id=concerns[0]["id"]),
        lambda row: row.update(verdict="confirm", category="shipping"),
    ]
    concerns = [row for row in rows if row["kind"] == "concern"]
    for row, fill in zip(concerns, verdicts, strict=False):
        fill(row)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = undercurrent("review", "--import", path, "--author", "ann", "--dir", own_copy, "--json")
    assert (done.code, [one["id"] for one in done.json["decided"]]) == (3, [concerns[0]["id"]])
    category, unknown, again, unseen = (one["why"] for one in done.json["wrong"])
    assert "has no category 'shipping'" in category
    assert unknown.startswith("no concern unknown")
    assert re.fullmatch(r"line \d+ decides the same case", again)
    assert unseen.startswith("category is 'shipping' here and ")
    assert ledger_of(own_copy).concern(concerns[0]["id"]) != "in_review"


def test_new_themes_are_named_merged_and_put_aside(own_copy: Path) -> None:
    waiting = listed(own_copy, "theme")
    first, second = waiting[:2]
    assert undercurrent("review", "confirm", first["id"], "--author", "ann", "--dir", own_copy).code == 0
    merge = ("review", "assign", second["id"], first["id"])
    assert undercurrent(*merge, "--author", "ann", "--dir", own_copy).code == 0
    told = undercurrent("themes", "history", first["id"], "--dir", own_copy, "--json").json
    by_ann = {row["event"]: row for row in told if row["author"] == "ann"}
    assert (by_ann["renamed"]["name"], by_ann["merged"]["theme_id"]) == (first["theme_name"], second["id"])
    assert not {first["id"], second["id"]} & {row["id"] for row in listed(own_copy, "theme")}


@pytest.mark.parametrize(
    "argv",
    [
        ("review",),
        ("review", "--author", "ann"),
        ("review", "--export", "a.csv", "--import", "b.csv"),
        ("review", "--import", "missing.csv", "--author", "ann"),
        ("review", "correct", "x", "--author", "ann"),
        ("review", "dismiss", "x", "--author", "ann"),
    ],
)
def test_what_cannot_be_meant_is_one_line_that_says_what_to_do(ran: Ran, argv: tuple[str, ...]) -> None:
    told = undercurrent(*argv, "--dir", ran.out)
    assert (told.code, told.err.count("\n")) == (2, 1)

"""``undercurrent upload --dir`` on a finished run: its rows are deliveries, once, and bad rows are told by line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from contracts.feedback import FeedbackReceived
from tests.e2e.conftest import Ran
from tests.support.commands import undercurrent
from tests.support.product import KEYWORDS, ledger_of
from wiring.datadir import DataDir
from wiring.views.topics import Topics


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Three rows, the second of which says nothing."""
    path = tmp_path / "reviews.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "date", "comment"])
        writer.writerow(["r1", "2026-03-31T12:00:00Z", "The export of invoices fails with an error"])
        writer.writerow(["r2", "2026-03-31T12:01:00Z", ""])
        writer.writerow(["r3", "2026-03-31T12:02:00Z", "The export of invoices never ends"])
    return path


def delivered(out: Path) -> list[str]:
    found = (record for _, record in Topics(DataDir(out).logs).records("journal"))
    return [r.found_at.origin for r in found if isinstance(r, FeedbackReceived) and r.source == "reviews"]


def test_a_file_is_taken_once_and_its_bad_rows_are_told_by_line(own_copy: Path, reviews: Path) -> None:
    give = ("upload", reviews, "--map", "text=comment", "--dir", own_copy)
    told = undercurrent(*give)
    assert (told.code, "3 rows, 1 of them bad" in told.out, "line 3: " in told.out) == (0, True, True)
    assert undercurrent(*give, "--json").json["bad"] == 1
    assert delivered(own_copy) == ["reviews.csv"] * 3
    assert ledger_of(own_copy).check() == []


@pytest.mark.parametrize("more", [("--source", "app"), ("--new-tenant",)])
def test_what_only_the_bulk_lane_knows_is_refused(ran: Ran, reviews: Path, more: tuple[str, ...]) -> None:
    told = undercurrent("upload", reviews, "--map", "text=comment", "--dir", ran.out, *more)
    assert (told.code, told.err.count("\n")) == (2, 1)


def test_a_file_without_a_run_to_add_to_is_refused_with_how_to_make_one(
    reviews: Path, tmp_path: Path
) -> None:
    told = undercurrent("upload", reviews, "--map", "text=comment", "--dir", tmp_path / "none")
    assert (told.code, "undercurrent run --input" in told.err) == (2, True)


def test_where_neither_a_directory_nor_kafka_is_named_both_are_offered(reviews: Path) -> None:
    told = undercurrent("upload", reviews, env={**KEYWORDS, "KAFKA_BOOTSTRAP_SERVERS": ""})
    assert (told.code, "--dir" in told.err, "KAFKA_BOOTSTRAP_SERVERS" in told.err) == (2, True, True)

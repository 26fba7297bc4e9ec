"""``eval learning``: corrections against held-out texts, on a tiny set made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.learning.scoring import calibration, ranking
from tests.support.commands import undercurrent


def _written(path: Path, many: int = 80) -> Path:
    rows = [
        {
            "id": str(n),
            "text": f"the gantry plan of hangar {n} {'stays' if n % 2 else 'looks'} {'empty' if n % 2 else 'tidy'}",
            "label": "other" if n % 2 else "bug",
            "site": "north" if n % 4 < 2 else "south",
        }
        for n in range(many)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_corrections_are_worth_something_on_what_was_held_out(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl")
    told = undercurrent(
        *(
            "eval",
            "learning",
            "--input",
            source,
            "--corrections",
            "40",
            "--seeds",
            "2",
            "--by",
            "site",
            "--json",
        )
    )
    assert (told.code, told.json["n"], set(told.json["by"])) == (0, 80, {"north", "south"})
    assert told.json["macro_f1"] > max(0.9, told.json["untrained"])
    assert 0 <= told.json["ece"] <= 1


@pytest.mark.parametrize("choice", ["queue", "unsure"])
def test_texts_are_chosen_and_their_product_is_known(tmp_path: Path, choice: str) -> None:
    source = _written(tmp_path / "labelled.jsonl", 90)
    source.write_text(source.read_text("utf-8").replace("the gantry plan of hangar 1", "hm "), "utf-8")
    asked = ("--corrections", "10", "--seeds", "1", "--choice", choice, "--product", "site", "--json")
    told = undercurrent("eval", "learning", "--input", source, *asked)
    assert (told.code, told.json["choice"]) == (0, choice)
    assert told.json["macro_f1"] > told.json["untrained"]


def test_where_nobody_is_asked_about_what_goes_on_all_answers_are_about_what_waits(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl", 90)
    source.write_text(source.read_text("utf-8").replace("the gantry plan of hangar 77 ", "hm "), "utf-8")
    asked = ("--corrections", "17", "--seeds", "1", "--choice", "held", "--json")
    told = undercurrent("eval", "learning", "--input", source, *asked)
    assert (told.code, told.json["answers"] <= 1) == (0, True)


def test_the_queue_is_no_measure_of_sentiment(tmp_path: Path) -> None:
    asked = ("--role", "sentiment", "--choice", "queue")
    told = undercurrent("eval", "learning", "--input", _written(tmp_path / "labelled.jsonl"), *asked)
    assert (told.code, "how sure the category is" in told.err) == (2, True)


def test_a_label_that_is_no_sentiment_is_told(tmp_path: Path) -> None:
    asked = ("--role", "sentiment", "--corrections", "5")
    told = undercurrent("eval", "learning", "--input", _written(tmp_path / "labelled.jsonl"), *asked)
    assert (told.code, "is none of negative, neutral, positive" in told.err) == (2, True)


def test_too_few_rows_for_so_many_corrections_are_told(tmp_path: Path) -> None:
    told = undercurrent("eval", "learning", "--input", _written(tmp_path / "labelled.jsonl", 8))
    assert (told.code, "too few" in told.err) == (2, True)


def test_a_probability_that_is_kept_is_calibrated_and_one_that_is_random_does_not_rank() -> None:
    assert calibration([800] * 100, [n % 5 != 0 for n in range(100)]) < 0.1
    assert calibration([990] * 100, [n % 2 == 0 for n in range(100)]) > 0.4
    assert ranking([100, 200, 800, 900], [False, False, True, True]) == 1.0
    assert ranking([500, 500], [True, True]) == 0.5

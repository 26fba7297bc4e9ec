"""``undercurrent review add-class`` on a data directory: what comes behind it has the category, in a replay too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.registry import read_record
from contracts.stages import EnrichedItem
from tests.support.commands import undercurrent
from tests.support.product import copy_of, load_file, run_reference

ADD = (
    *(
        "review",
        "add-class",
        "gift_cards",
        "--description",
        "Gift cards that do not work.",
        "--area",
        "payments",
    ),
    *("--example", "The gift card code is not accepted.", "--author", "ann"),
)


def feedback(directory: Path, name: str) -> Path:
    """A file of feedback."""
    texts = [
        f"The gift card code was not accepted, {name}",
        f"My gift card code is not accepted again, {name}",
        f"The map tiles load slowly, {name}",
    ]
    source = directory / f"{name}.jsonl"
    rows = [{"text": text, "id": f"{name}-{n}", "author": f"a{n}"} for n, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return source


def told(out: Path) -> list[EnrichedItem]:
    lines = (out / "logs/enriched/p0000.jsonl").read_bytes().splitlines()
    return [item for line in lines if isinstance(item := read_record("enriched", line), EnrichedItem)]


def categories(out: Path) -> list[Any]:
    return [item.concerns[0].decision.category for item in told(out)]


def test_a_category_acts_from_its_place_on_and_a_replay_gives_the_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    load_file(out, feedback(tmp_path, "march"))
    assert undercurrent(*ADD, "--dir", out, "--json", "--dry-run").json["dry_run"] is True
    given = undercurrent(*ADD, "--dir", out)
    assert (given.code, given.out) == (0, "category gift_cards of local added\n")
    load_file(out, feedback(tmp_path, "april"))
    wrong = told(out)[2].concerns[0].concern_id
    change = ("review", "correct", wrong, "--category", "gift_cards", "--author", "ann", "--dir", out)
    assert undercurrent(*change).code == 0
    assert "gift_cards" not in [*categories(out)[:3], categories(out)[5]]
    assert [categories(out)[n] for n in (3, 4, 6)] == ["gift_cards"] * 3
    assert [item.provenance.taxonomy for item in told(out)] == ["2"] * 3 + ["2+gift_cards"] * 4
    run_reference(copy_of(out, tmp_path / "copy"), tmp_path / "again")
    again = (tmp_path / "again/enriched/p0000.jsonl").read_bytes()
    assert again == (out / "logs/enriched/p0000.jsonl").read_bytes()
    assert undercurrent(*ADD, "--dir", out, "--json", "--dry-run").json["replaces"] is True

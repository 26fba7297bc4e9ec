"""``eval``: the figures promised, on tiny files made here, and a mistake in a file is named by its line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.commands import undercurrent

pytestmark = pytest.mark.lengthy

SUBJECTS = ("printer", "invoice", "scanner", "password", "calendar", "camera", "backup", "keyboard")
VERBS = ("breaks", "stalls", "vanishes", "fails", "hangs")


def _written(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def _intents(path: Path) -> Path:
    rows = [
        {
            "id": f"{subject}-{n}",
            "text": f"the {subject} {VERBS[n % 5]} on floor {n}, {subject} again",
            "label": subject,
        }
        for n in range(40)
        for subject in SUBJECTS
    ]
    return _written(path, rows)


@pytest.mark.parametrize("order", ["shuffled", "waves", "file"])
def test_themes_gives_every_figure_in_every_order(tmp_path: Path, order: str) -> None:
    source = _intents(tmp_path / "intents.jsonl.gz")
    told = undercurrent("eval", "themes", "--input", source, "--order", order, "--seed", "3", "--json")
    wanted = {
        *("v", "ami", "ari", "b3", "themes", "singletons", "gold", "oracle", "arrival", "arrival_share"),
        *("kept_share", "waiting_share", "strict", "items_per_s", "order", "seed"),
    }
    assert told.code == 0
    assert wanted <= told.json.keys()
    assert (told.json["order"], told.json["seed"], told.json["gold"]) == (order, 3, 8)
    assert told.json["v"] > 0.5


def test_a_benchmark_prints_its_tables_with_peers_and_the_worst_order(tmp_path: Path) -> None:
    source = _intents(tmp_path / "intents.jsonl.gz")
    told = undercurrent("eval", "themes", "--input", source, "--order", "waves", "--seeds", "2", "--peers")
    assert told.code == 0
    for word in (
        "320 items, 2 seeds",
        "| waves",
        "▾",
        "average linkage",
        "HDBSCAN",
        "DBSTREAM",
        "nearest or new",
    ):
        assert word in told.out
    assert "waves, seed 1" in told.err


def test_every_order_at_once_has_means_and_deviations(tmp_path: Path) -> None:
    source = _intents(tmp_path / "intents.jsonl.gz")
    told = undercurrent("eval", "themes", "--input", source, "--order", "all", "--json")
    assert list(told.json["orders"]) == ["shuffled", "waves", "bursts", "drift", "returns", "stories", "file"]
    assert told.json["orders"]["drift"]["ratio.v"].keys() == {"mean", "sd"}


def test_vectors_are_kept_without_texts_and_used_again(tmp_path: Path) -> None:
    source, kept = _intents(tmp_path / "intents.jsonl"), tmp_path / "kept" / "vectors.npz"
    asked = ("eval", "themes", "--input", source, "--json", "--vectors", kept)
    first, second = undercurrent(*asked), undercurrent(*asked)
    with np.load(kept) as held:
        assert set(held) == {"ids", "vectors", "digest"}
    assert first.json | {"items_per_s": 0} == second.json | {"items_per_s": 0}


def test_vectors_of_other_rows_are_refused(tmp_path: Path) -> None:
    kept = tmp_path / "vectors.npz"
    source = _intents(tmp_path / "intents.jsonl")
    undercurrent("eval", "themes", "--input", source, "--vectors", kept)
    source.write_text(source.read_text().replace("printer", "plotter"))
    told = undercurrent("eval", "themes", "--input", source, "--vectors", kept)
    assert (told.code, "holds vectors of other rows" in told.err) == (2, True)


def test_a_file_that_holds_no_vectors_is_named(tmp_path: Path) -> None:
    kept = tmp_path / "vectors.npz"
    kept.write_bytes(b"nothing of the kind")
    source = _intents(tmp_path / "intents.jsonl")
    told = undercurrent("eval", "themes", "--input", source, "--vectors", kept)
    assert (told.code, "is no vectors file" in told.err) == (2, True)


def test_extraction_scores_renamed_labels(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "The app crashes every time I open a file", "label": "defect"},
        {"id": 2, "text": "Please add a dark mode", "label": "feature_request"},
        {"id": 3, "text": "Lovely, thank you", "label": "praise"},
    ]
    source = _written(tmp_path / "rows.jsonl", rows)
    told = undercurrent(
        "eval", "extraction", "--input", source, "--labels", "defect=bug,praise=other", "--json"
    )
    assert {"macro_f1", "accuracy", "by_label", "review_share", "n"} <= told.json.keys()
    assert (told.json["n"], set(told.json["by_label"])) == (3, {"bug", "feature_request", "other"})


@pytest.mark.parametrize("field", ["sentiment", "label"])
def test_sentiment_finds_its_label_by_either_name(tmp_path: Path, field: str) -> None:
    rows = [
        {"id": 1, "text": "I love it, wonderful", field: "positive"},
        {"id": 2, "text": "I hate it, terrible", field: "negative"},
    ]
    told = undercurrent("eval", "sentiment", "--input", _written(tmp_path / "rows.jsonl", rows), "--json")
    assert {"macro_f1", "accuracy", "by_label", "review_share", "n"} <= told.json.keys()
    assert told.json["accuracy"] == 1.0


def test_redaction_scores_spans(tmp_path: Path) -> None:
    text = "Write to jo@example.org please"
    rows = [
        {
            "id": 1,
            "text": text,
            "spans": [{"type": "EMAIL", "start": 9, "end": 23, "value": "jo@example.org"}],
        }
    ]
    told = undercurrent("eval", "redaction", "--input", _written(tmp_path / "rows.jsonl", rows), "--json")
    assert {"structured_recall", "char_recall", "precision", "by_type", "texts_per_s"} <= told.json.keys()
    assert told.json["structured_recall"] == told.json["char_recall"] == 1.0


def test_toxicity_counts_what_would_be_quarantined(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "The export fails", "toxic": False},
        {"id": 2, "text": "I am furious!", "toxic": False},
    ]
    told = undercurrent("eval", "toxicity", "--input", _written(tmp_path / "rows.jsonl", rows), "--json")
    assert {"precision", "recall", "false_rate"} <= told.json.keys()
    assert told.json["false_rate"] == 0


def test_for_people_each_figure_is_a_line(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "I love it", "label": "positive"}]
    told = undercurrent("eval", "sentiment", "--input", _written(tmp_path / "rows.jsonl", rows))
    assert told.code == 0
    assert "accuracy  1.0000" in told.out


MISTAKES = {
    "no text": (
        '{"id": 1, "text": "fine", "label": "a"}\n{"id": 2, "label": "a"}\n',
        [],
        "rows.jsonl:2: text is missing",
    ),
    "no id": ('{"text": "fine", "label": "a"}\n', [], "rows.jsonl:1: id is missing"),
    "no json": ('{"id": 1\n', [], "rows.jsonl:1: not valid JSON"),
    "no label": (
        '{"id": 1, "text": "fine"}\n',
        [],
        "no row has the field 'label'; say which one with --label-field",
    ),
    "bad renaming": (
        '{"id": 1, "text": "fine", "label": "a"}\n',
        ["--labels", "a"],
        "--labels a: write old=new",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_that_says_where(tmp_path: Path, mistake: str) -> None:
    text, argv, complaint = MISTAKES[mistake]
    source = tmp_path / "rows.jsonl"
    source.write_text(text)
    told = undercurrent("eval", "extraction", "--input", source, *argv)
    assert told.code == 2
    assert complaint in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    "spans",
    [
        "x",
        [[5, 19, "EMAIL"]],
        [{"start": 5, "end": 19}],
        [{"type": "EMAIL", "start": 5, "end": 999}],
        [{"type": "EMAIL", "start": "5", "end": 19}],
    ],
)
def test_spans_that_are_none_are_told_with_their_row(tmp_path: Path, spans: Any) -> None:
    source = _written(tmp_path / "pii.jsonl", [{"id": "r7", "text": "mail jo@example.com", "spans": spans}])
    told = undercurrent("eval", "redaction", "--input", source)
    assert (told.code, "row 'r7': spans is a list of {type, start, end}" in told.err) == (2, True)


def test_a_time_that_is_none_is_told_with_its_row(tmp_path: Path) -> None:
    rows = [{"id": f"r{n}", "text": "it fails", "label": "a", "ts": "yesterday"} for n in range(2)]
    told = undercurrent("eval", "themes", "--input", _written(tmp_path / "rows.jsonl", rows))
    assert (told.code, "row 'r0': ts 'yesterday' is neither" in told.err) == (2, True)

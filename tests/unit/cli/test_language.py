"""``eval language``: figures by language, and what was left out."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.commands import undercurrent

ROWS = (
    ("The export stops after the first page", "en"),
    ("Die Suche findet meine Rechnungen nicht mehr", "de"),
    ("La aplicación se cierra cuando abro el mapa", "es"),
    ("El informe tarda demasiado en cargar", "pt"),  # labelled wrongly on purpose
    ("yeh app bahut accha hai", "hi"),
)


def test_language_counts_what_is_read_right_by_language(tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    rows = [{"id": str(n), "text": text, "lang": lang} for n, (text, lang) in enumerate(ROWS)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = undercurrent("eval", "language", "--input", source, "--without", "hi", "--json")
    assert (told.code, told.json["n"], told.json["accuracy"]) == (0, 4, 0.75)
    assert told.json["by_language"] == {"de": 1.0, "en": 1.0, "es": 1.0, "pt": 0.0}
    assert told.json["mistakes"] == {"pt read as es": 1}
    assert told.json["texts_per_s"] > 0


def test_a_file_without_languages_is_named(tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    source.write_text('{"id": "1", "text": "hello"}\n', encoding="utf-8")
    told = undercurrent("eval", "language", "--input", source)
    assert told.code == 2
    assert "--label-field" in told.err

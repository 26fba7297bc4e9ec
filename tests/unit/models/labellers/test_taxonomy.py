"""The taxonomy is data: a good file loads, a bad one is refused by file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from models.labellers.taxonomy import fold, load_taxonomy

SMALL = """
version: "t1"
labels:
  - {name: parking, description: d, product_area: streets, exemplars: [No space to park]}
  - {name: rest, description: d, role: other, product_area: none, exemplars: [I do not mind]}
chatter: [ok]
"""


def written(tmp_path: Path, content: str) -> Path:
    """The content as a file."""
    file = tmp_path / "taxonomy.yaml"
    file.write_text(content, encoding="utf-8")
    return file


def test_the_default_taxonomy_has_every_required_label_and_no_warning() -> None:
    taxonomy, warnings = load_taxonomy()
    names = {label.name for label in taxonomy.labels}
    required = "billing login performance ux feature_request bug onboarding trust account_management"
    assert set(required.split()) <= names
    assert warnings == []


def test_a_label_without_owner_and_action_draws_warnings(tmp_path: Path) -> None:
    _, warnings = load_taxonomy(written(tmp_path, SMALL))
    assert len(warnings) == 2
    assert all("parking" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: parking", "name: Bad Name", "labels.0.name"),
        ("[No space to park]", "[]", "labels.0.exemplars"),
        ("product_area: streets", "area: streets", "labels.0.product_area"),
        ("product_area: none", "product_area: none, cues: ['(']", "labels.1.cues"),
        ("product_area: none", "product_area: none, cues: ['x*']", "labels.1.cues"),
        ("name: rest", "name: parking", "same name"),
        ("role: other", "role: issue", "'other'"),
        ("chatter: [ok]", "", "chatter"),
        ("version:", "version: [", "YAML"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    file = written(tmp_path, SMALL.replace(old, new))
    with pytest.raises(WrongUsage) as refused:
        load_taxonomy(file)
    assert str(file) in str(refused.value)
    assert field in str(refused.value)


def test_an_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="nowhere"):
        load_taxonomy(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["İstanbul ẞ CAN’T", "ǅ", "plain"])
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)

"""What breaks a reader and what does not, each with its place; and what keeps us to it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import WrongUsage
from wiring.schemas.bundle import schema_of
from wiring.schemas.changes import breaking_changes, same_shape
from wiring.schemas.published import broken_promises, release, schema_text

OLD: dict[str, Any] = {
    "oneOf": [{"$ref": "#/$defs/Score"}, {"$ref": "#/$defs/Tick"}],
    "$defs": {
        "Tick": {"type": "object", "properties": {"kind": {"const": "tick"}}, "required": ["kind"]},
        "Score": {
            "type": "object",
            "properties": {
                "kind": {"const": "score", "type": "string"},
                "title": {"type": "string", "maxLength": 9, "pattern": "^a"},
                "status": {"enum": ["on", "off"], "type": "string"},
                "value": {"type": "integer", "minimum": 0},
                "note": {"type": "string"},
                "spans": {"type": "array", "items": {"type": "array", "prefixItems": [{"type": "integer"}]}},
                "tiers": {"type": "object", "additionalProperties": {"type": "integer"}},
                "part": {"$ref": "#/$defs/Part"},
                "any": {"description": "whatever"},
            },
            "required": ["kind", "title", "status", "value"],
        },
        "Part": {
            "oneOf": [{"type": "object", "properties": {"verb": {"const": "go"}, "far": {"type": "integer"}}}]
        },
    },
}
SCORE = "/$defs/Score/properties"


def changed(path: str, value: Any) -> dict[str, Any]:
    """The old schema with one part replaced (None: taken away); ``path`` is below ``$defs``."""
    new = copy.deepcopy(OLD)
    *steps, last = path.split("/")
    node = new["$defs"]
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return new


BREAKING = [
    ("Score/properties/title", None, f"{SCORE}/title: the field is removed"),
    ("Score/properties/note", None, f"{SCORE}/note: the field is removed"),
    (
        "Score/required",
        ["kind", "title", "value"],
        f"{SCORE}/status: the field was always there and may now be absent",
    ),
    ("Score/properties/value/type", "number", f"{SCORE}/value: the type was integer and is now number"),
    (
        "Score/properties/note/type",
        ["string", "null"],
        f"{SCORE}/note: the type was string and is now null or string",
    ),
    ("Score/properties/note", {}, f"{SCORE}/note: the type was string and is now anything"),
    ("Score/properties/value/minimum", -1, f"{SCORE}/value: minimum was 0 and is now -1"),
    ("Score/properties/title/maxLength", None, f"{SCORE}/title: maxLength was 9 and is now gone"),
    ("Score/properties/title/pattern", "^b", f"{SCORE}/title: pattern was ^a and is now ^b"),
    (
        "Score/properties/status/enum",
        ["on", "off", "?"],
        f"{SCORE}/status: was one of on, off and may now be ?",
    ),
    ("Score/properties/status/enum", None, f"{SCORE}/status: was one of on, off and is now anything"),
    (
        "Score/properties/spans/items/prefixItems",
        [{"type": "string"}],
        f"{SCORE}/spans/items/prefixItems/0: the type was integer and is now string",
    ),
    (
        "Score/properties/tiers/additionalProperties",
        {"type": "string"},
        f"{SCORE}/tiers/additionalProperties: the type was integer and is now string",
    ),
    (
        "Score/properties/title/if",
        {},
        f"{SCORE}/title: if changed, and what that means to a reader is not known here",
    ),
    (
        "Part/oneOf/0/properties/far/type",
        "string",
        "/$defs/Part/oneOf/0/properties/far: the type was integer and is now string",
    ),
    (
        "Part/oneOf",
        [*OLD["$defs"]["Part"]["oneOf"], {"type": "object", "properties": {"verb": {"const": "stop"}}}],
        "/$defs/Part: a new alternative, object",
    ),
]
HARMLESS = [
    ("Score/properties/new", {"type": "string"}),
    ("Score/required", ["status", "value", "title", "kind", "note"]),
    ("Score/properties/value/minimum", 1),
    ("Score/properties/value/maximum", 9),
    ("Score/properties/title/maxLength", 5),
    ("Score/properties/note/format", "uri"),
    ("Score/properties/status/enum", ["off"]),
    ("Score/properties/any", {"type": "string"}),
    ("Score/properties/title/description", "in other words"),
]


@pytest.mark.parametrize(("path", "value", "finding"), BREAKING, ids=lambda part: str(part)[:60])
def test_a_change_that_breaks_readers_is_named_with_its_place(path: str, value: Any, finding: str) -> None:
    assert breaking_changes(OLD, changed(path, value)) == [finding]


@pytest.mark.parametrize(("path", "value"), HARMLESS, ids=lambda part: str(part)[:60])
def test_a_change_that_readers_do_not_notice_is_none(path: str, value: Any) -> None:
    assert breaking_changes(OLD, changed(path, value)) == []


def test_a_new_kind_of_record_is_skipped_and_a_missing_one_is_missed() -> None:
    more = changed("Alert", {"type": "object", "properties": {"kind": {"const": "alert"}}})
    more["oneOf"].append({"$ref": "#/$defs/Alert"})
    assert breaking_changes(OLD, more) == []
    assert breaking_changes(more, OLD) == ["/$defs/Alert: records of kind alert are no longer written"]


def test_a_topic_of_one_kind_may_become_one_of_several() -> None:
    one = {**OLD, "oneOf": [{"$ref": "#/$defs/Tick"}]}
    assert breaking_changes({**one, "$ref": "#/$defs/Tick"}, OLD) == []


def test_a_part_that_is_used_twice_is_told_once() -> None:
    old, new = (
        changed("Score/properties/again", {"$ref": "#/$defs/Part"}),
        changed("Part/oneOf/0/type", "string"),
    )
    new["$defs"]["Score"]["properties"]["again"] = {"$ref": "#/$defs/Part"}
    assert len(breaking_changes(old, new)) == 1


def test_words_and_order_are_no_shape_but_a_field_called_title_is() -> None:
    assert same_shape(OLD, changed("Score/properties/title/description", "in other words"))
    assert same_shape(OLD, changed("Score/required", ["value", "status", "title", "kind"]))
    assert not same_shape(OLD, changed("Score/properties/title", None))


# -- the gate ---------------------------------------------------------------------------------------------


def with_baseline(root: Path, schema: dict[str, Any], version: str = "1.0") -> None:
    path = root / f"contracts/schemas/released/themes/{version}.schema.json"
    path.parent.mkdir(parents=True)
    path.write_text(schema_text(schema | {"$id": f"undercurrent/themes/{version}"}), "utf-8")


def themes_with(field: str, part: dict[str, Any] | None) -> dict[str, Any]:
    schema = copy.deepcopy(schema_of("themes"))
    record = schema["$defs"]["ThemeRecord"]
    if part is None:
        del record["properties"][field]
        record["required"] = [name for name in record["required"] if name != field]
    else:
        record["properties"][field] = part
    return schema


def test_what_readers_of_a_baseline_lose_is_named_with_file_and_place(tmp_path: Path) -> None:
    with_baseline(tmp_path, themes_with("colour", {"type": "string"}))
    (finding,) = broken_promises(tmp_path)
    where = "contracts/schemas/released/themes/1.0.schema.json: /$defs/ThemeRecord/properties/colour"
    assert finding == f"{where}: the field is removed"


def test_a_released_version_does_not_take_new_fields(tmp_path: Path) -> None:
    with_baseline(tmp_path, themes_with("encoder", None), "1.1")
    assert broken_promises(tmp_path)[0].endswith("says more than the released 1.1: declare 1.2")


def test_other_words_for_a_released_version_are_no_change(tmp_path: Path) -> None:
    with_baseline(tmp_path, schema_of("themes") | {"description": "in other words"})
    assert broken_promises(tmp_path) == []


@pytest.mark.parametrize(
    ("version", "says"), [("0.9", "declares no 0.x any more"), ("1.7", "which is older")]
)
def test_versions_only_grow_within_a_major(tmp_path: Path, version: str, says: str) -> None:
    with_baseline(tmp_path, schema_of("themes"), version)
    assert says in broken_promises(tmp_path)[0]


def test_a_release_is_a_promise_that_the_next_one_keeps(tmp_path: Path) -> None:
    assert (tmp_path / release(tmp_path, "themes")).is_file()
    assert broken_promises(tmp_path) == []


def test_a_release_that_breaks_an_earlier_one_is_refused(tmp_path: Path) -> None:
    with_baseline(tmp_path, themes_with("colour", {"type": "string"}))
    with pytest.raises(WrongUsage, match="properties/colour: the field is removed"):
        release(tmp_path, "themes")

"""The published schemas are those that the contracts make, and every example is a record by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.registry import RECORDS
from wiring.schemas.bundle import contracts, meanings, schema_of, types_of
from wiring.schemas.published import RELEASED, broken_promises, differences
from wiring.topics import load_topics

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(ROOT.glob("contracts/examples/*/*/*.json"))


def problems(topic: str, record: dict[str, Any], version: str | None = None) -> list[str]:
    """What a reader's validator says of a record; empty if it is one. ``version``: of an earlier schema."""
    schema = jsonschema.Draft202012Validator
    earlier = ROOT / f"contracts/schemas/{topic}/{version}.schema.json"
    read_by = json.loads(earlier.read_bytes()) if version else schema_of(topic)
    validator = schema(read_by, format_checker=schema.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(record)]


def record_of(example: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "contracts/examples" / example).read_bytes())
    return read


def test_the_published_files_are_those_that_the_contracts_make() -> None:
    assert differences(ROOT) == [], "run: undercurrent schemas write"


def test_no_reader_of_a_released_schema_loses_anything() -> None:
    assert broken_promises(ROOT) == []


def test_every_public_topic_has_a_released_schema() -> None:
    released = {path.parent.name for path in (ROOT / RELEASED).glob("*/*.schema.json")}
    assert {name for name, topic in load_topics().items() if topic.public} <= released


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.parents[1].name}-{e.stem}")
def test_every_example_is_a_record_by_its_schema(example: Path) -> None:
    topic, version = example.parents[1].name, example.parent.name
    assert problems(topic, json.loads(example.read_bytes()), version) == []


@pytest.mark.parametrize("topic", sorted(load_topics()))
def test_every_schema_is_one_of_draft_2020_12(topic: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(topic))


def test_fields_of_a_later_minor_version_are_let_through() -> None:
    later = record_of("themes/1.0/theme.json") | {"schema": "1.9", "added_later": {"x": 1}}
    assert problems("themes", later) == []


@pytest.mark.parametrize(
    "wrong", [{"schema": "2.0"}, {"status": "on fire"}, {"redirect_to": None}, {"kind": "tick"}]
)
def test_what_is_no_record_of_the_topic_is_refused(wrong: dict[str, Any]) -> None:
    assert len(problems("themes", record_of("themes/1.0/theme.json") | wrong)) == 1


@pytest.mark.parametrize("topic", sorted(RECORDS))
def test_kinds_tell_the_records_of_a_topic_apart(topic: str) -> None:
    definitions = schema_of(topic)["$defs"]
    kinds = [definitions[t.__name__]["properties"]["kind"]["const"] for t in types_of(topic)]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize("topic", sorted(RECORDS))
def test_the_optional_fields_are_those_that_the_writer_may_leave_out(topic: str) -> None:
    for name, node in schema_of(topic)["$defs"].items():
        fields = contracts()[name].model_fields.items()
        left_out = {field.alias or key for key, field in fields if field.default is None}
        assert node["properties"].keys() - set(node.get("required", ())) == left_out, name


@pytest.mark.parametrize("topic", sorted(RECORDS))
def test_nothing_is_ever_null(topic: str) -> None:
    assert '"null"' not in json.dumps(schema_of(topic))


def test_no_object_is_closed_to_later_fields() -> None:
    assert not any('"additionalProperties": false' in json.dumps(schema_of(topic)) for topic in load_topics())


def test_every_meaning_belongs_to_a_field() -> None:
    said = {(name, field) for name, fields in meanings().items() for field in fields}
    there = {(n, f.alias or key) for n, c in contracts().items() for key, f in c.model_fields.items()}
    assert said <= there


def test_the_declared_version_is_that_of_the_newest_record() -> None:
    for name, types in RECORDS.items():
        versions = [t.model_fields["schema_version"].default for t in types]
        assert load_topics()[name].schemas[-1].version == max(versions), name

"""Every example of every topic is read, and says the same again when written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.errors import RejectItem
from contracts.registry import RECORDS, read_record, write_record
from contracts.state import StateEntry
from wiring.topics import load_topics

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = sorted(CONTRACTS.glob("examples/*/*/*.json"))


def topic_of(example: Path) -> str:
    return example.parents[1].name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{topic_of(e)}-{e.stem}")
def test_every_example_is_still_accepted(example: Path) -> None:
    topic = topic_of(example)
    if topic == "state":
        entry = StateEntry.model_validate_json(example.read_bytes())
        assert json.loads(entry.model_dump_json()) == json.loads(example.read_bytes())
        return
    record = read_record(topic, example.read_bytes())
    assert read_record(topic, write_record(record)) == record


def test_every_topic_has_a_declaration_with_examples() -> None:
    declared = load_topics()
    assert set(declared) == set(RECORDS) | {"state"}
    for name, topic in declared.items():
        for schema in topic.schemas:
            assert list((CONTRACTS / schema.examples).glob("*.json")), name


def test_declared_records_are_those_that_the_reader_takes() -> None:
    declared = load_topics()
    for name, types in RECORDS.items():
        assert declared[name].schemas[-1].records == tuple(t.__name__ for t in types), name


@pytest.mark.parametrize("example", EXAMPLES[:20], ids=lambda e: f"{topic_of(e)}-{e.stem}")
def test_a_newer_minor_version_with_more_fields_is_read(example: Path) -> None:
    fields = json.loads(example.read_bytes()) | {"schema": "1.9", "added_later": {"x": 1}}
    assert read_record(topic_of(example), json.dumps(fields)).schema_version == "1.9"


def test_another_major_version_is_rejected_by_name() -> None:
    tick = json.loads((CONTRACTS / "examples/journal/1.0/tick.json").read_bytes()) | {"schema": "2.0"}
    with pytest.raises(RejectItem) as rejected:
        read_record("journal", json.dumps(tick))
    assert (rejected.value.reason, rejected.value.field) == ("schema_unsupported", "schema")


def test_a_rejection_never_repeats_the_content() -> None:
    with pytest.raises(RejectItem) as rejected:
        read_record("journal", b'{"kind": "feedback", "tenant": "jane@example.com"}')
    assert "jane" not in str(rejected.value)

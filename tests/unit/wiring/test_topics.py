"""The declared topics fit the code: their record types, their stages, their examples."""

from __future__ import annotations

import pytest

from contracts.registry import RECORDS
from wiring.product import product_pipeline
from wiring.topics import INPUTS, STAGES, load_topics, stage_producers

OUTSIDE = {"gateway", "cli", "loader", "ticker", "labeller", "answers", "telemetry"}


def test_every_topic_of_the_code_is_declared_and_the_other_way_round() -> None:
    assert set(RECORDS) <= set(load_topics())
    assert set(load_topics()) - set(RECORDS) <= {"state"}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_topic_declares_the_records_that_the_code_reads(name: str) -> None:
    declared = load_topics()[name].schemas[-1].records
    assert sorted(declared) == sorted(record.__name__ for record in RECORDS[name])


def test_every_topic_but_the_inputs_has_a_stage_that_writes_it() -> None:
    assert set(RECORDS) - set(stage_producers()) <= {"journal", "bulk", "drift", "alerts"}


def test_stages_read_what_an_earlier_stage_writes() -> None:
    pipeline = product_pipeline(None, 1)  # type: ignore[arg-type]
    assert tuple(stage.name for stage in pipeline.stages) == STAGES
    for before, stage in zip(pipeline.stages, pipeline.stages[1:], strict=False):
        assert before.name in pipeline.producers[stage.input_topic]


def test_every_stage_reads_one_topic() -> None:
    declared = {
        stage: name for name, topic in load_topics().items() for stage in topic.consumers if stage in STAGES
    }
    wanted = {"intake": "journal", "extract": "redacted", "themes": "enriched", "priority": "assignments"}
    assert declared == INPUTS == wanted

"""Records made of checked parts are the records that validation makes, and a wrong name is refused."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from contracts.priority import Interval
from contracts.registry import read_record, write_record
from tests.contract.test_examples import EXAMPLES, topic_of

RECORDS = [e for e in EXAMPLES if topic_of(e) != "state"]
FIELDS = {"count": 1, "of": 2, "low": 0.1, "high": 0.9}


@pytest.mark.parametrize("example", RECORDS, ids=lambda e: f"{topic_of(e)}-{e.stem}")
def test_what_is_made_is_what_is_read(example: Path) -> None:
    record = read_record(topic_of(example), example.read_bytes())
    made = type(record).made(**dict(reversed(dict(record).items())))
    assert made == record
    assert write_record(made) == write_record(record)


def test_what_is_made_copies_and_changes_like_any_record() -> None:
    made = Interval.made(**FIELDS)
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == copy.copy(made) == Interval(**FIELDS)
    assert made.model_copy(update={"count": 2}).count == 2


@pytest.mark.parametrize("fields", [FIELDS | {"hgih": 1.0}, {"count": 1}])
def test_a_wrong_or_missing_field_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(TypeError, match="missing or unknown fields: h"):
        Interval.made(**fields)

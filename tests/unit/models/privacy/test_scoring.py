"""The figures of the redaction score, on rows small enough to count by hand."""

from typing import Any

from models.privacy.redactor import Redactor
from models.privacy.scoring import score_redaction
from models.privacy.structured import StructuredDetector

REDACTOR = Redactor([StructuredDetector()])
ROWS: list[dict[str, Any]] = [
    {"text": "jo@example.org", "spans": [{"type": "EMAIL_ADDRESS", "start": 0, "end": 14}]},
    {"text": "I am Zoë", "spans": [{"type": "PERSON", "start": 5, "end": 8}]},
    {"text": "see https://example.org/x", "spans": []},
]


def test_each_figure_follows_its_definition() -> None:
    score = score_redaction(ROWS, REDACTOR)
    assert (score.structured_recall, score.precision) == (1.0, 0.5)
    assert score.char_recall == 14 / 17
    assert score.char_precision == 14 / 35


def test_a_type_shows_how_much_of_it_was_found() -> None:
    by_type = score_redaction(ROWS, REDACTOR).by_type
    assert (by_type["EMAIL_ADDRESS"].recall, by_type["PERSON"].recall) == (1.0, None)
    assert by_type["PERSON"].covered == 0.0


def test_speed_is_measured_with_the_callers_clock() -> None:
    ticks = iter([10.0, 12.0])
    assert score_redaction(ROWS, REDACTOR, clock=lambda: next(ticks)).texts_per_s == 1.5

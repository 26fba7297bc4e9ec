"""Names without a network: what somebody said, and where."""

from __future__ import annotations

import pytest

from contracts.errors import RejectItem
from models.naming.base import NamingTask, Shown, evidence_of
from models.naming.extractive import TITLE_CHARS, ExtractiveNamer

TEXTS = (
    Shown("near", "Hello team. It has been like this for days."),
    Shown("far", "Hi, the CSV export comes out empty since Monday. Thanks a lot!"),
)


def task(*texts: Shown, keywords: tuple[str, ...] = ("csv export", "empty")) -> NamingTask:
    return NamingTask(keywords, "en", texts or TEXTS)


def test_the_sentence_with_most_of_the_keywords_gives_the_name() -> None:
    naming = ExtractiveNamer().name_one(task())
    assert naming.name == "the CSV export comes out empty since Monday"
    (evidence,) = naming.evidence
    assert evidence.concern_id == "far"
    assert TEXTS[1].text[evidence.start : evidence.end] == naming.summary


def test_among_equals_the_closest_to_the_centroid_speaks() -> None:
    same = tuple(Shown(name, "The CSV export is empty.") for name in ("a", "b"))
    assert ExtractiveNamer().name_one(task(*same)).evidence[0].concern_id == "a"


def test_a_long_clause_is_cut_at_a_word() -> None:
    text = "The CSV export is empty whenever I choose more than one of our many different warehouses at once"
    name = ExtractiveNamer().name_one(task(Shown("a", text))).name
    assert len(name) <= TITLE_CHARS + 1
    assert text.startswith(name.removesuffix("…"))
    assert text[len(name) - 1] == " "


def test_a_placeholder_is_no_name_where_there_is_another_clause() -> None:
    text = "I told <NAME_1> about the csv export, the export is always empty"
    assert ExtractiveNamer().name_one(task(Shown("a", text))).name == "the export is always empty"


def test_a_quote_that_nobody_said_is_refused() -> None:
    assert evidence_of([("far", "comes out empty")], TEXTS)[0].start == 19
    for quote in (("far", "comes out Empty"), ("near", "comes out empty"), ("else", "Hi"), ("far", "")):
        with pytest.raises(RejectItem):
            evidence_of([quote], TEXTS)

"""Columns become fields: by name, by --map, and with times and ids as exports write them."""

from __future__ import annotations

import pytest

from connectors.files.mapping import map_row, parse_mapping
from contracts.errors import WrongUsage


def test_columns_that_bear_a_field_s_name_need_no_mapping() -> None:
    assert parse_mapping(None, ["Text", "Rating", "other"]) == {"text": "Text", "rating": "Rating"}


def test_common_names_are_understood_and_one_column_is_one_field() -> None:
    mapping = parse_mapping(None, ["id", "comment", "date", "email", "stars"])
    assert mapping == {
        "source_record_id": "id",
        "text": "comment",
        "created_at": "date",
        "author": "email",
        "rating": "stars",
    }


def test_what_is_said_goes_before_what_is_guessed() -> None:
    assert parse_mapping(" text = note , rating=r", ["text", "note", "r"])["text"] == "note"


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(WrongUsage, match=r"--map text=nope: no column 'nope'; the file has: a, b"):
        parse_mapping("text=nope", ["a", "b"])


@pytest.mark.parametrize("pair", ["text", "words=a"])
def test_an_unknown_field_or_a_pair_that_is_none_is_named(pair: str) -> None:
    with pytest.raises(WrongUsage, match=f"--map {pair}: write field=column"):
        parse_mapping(pair, ["a"])


def test_without_a_text_there_is_nothing_to_do() -> None:
    with pytest.raises(WrongUsage, match="no column is the text"):
        parse_mapping(None, ["a", "b"])


def mapped(**fields: object) -> dict[str, object]:
    return map_row(fields, {name: name for name in fields}).body


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01 12:30", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01T12:30:00Z", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01T12:30:00+02:00", "2026-03-01T12:30:00+02:00"),
        ("20260301", "2026-03-01T00:00:00+00:00"),
        (1772323200, "2026-03-01T00:00:00+00:00"),
        ("1772323200.5", "2026-03-01T00:00:00.500000+00:00"),
        (1772323200000, "2026-03-01T00:00:00+00:00"),
    ],
)
def test_times_are_read_as_exports_write_them(written: object, read: str) -> None:
    assert mapped(created_at=written)["created_at"] == read


@pytest.mark.parametrize("written", ["yesterday", "01/03/2026", "²", "٣٣٣٣٣٣٣٣٣٣", "99999999", "0", "9" * 40])
def test_what_is_no_time_is_left_for_the_contract_to_judge(written: str) -> None:
    assert mapped(created_at=written)["created_at"] == written


def test_ids_that_look_like_numbers_are_words_and_amounts_stay_numbers() -> None:
    body = mapped(author=17, account=5, rating=4, mrr=9.5, text="x")
    assert body == {"author": "17", "account": "5", "rating": 4, "mrr": 9.5, "text": "x"}


def test_values_are_stripped_but_a_text_is_left_as_it_is() -> None:
    assert mapped(text=" x ", account=" a ", locale="  ") == {"text": " x ", "account": "a", "locale": None}


@pytest.mark.parametrize(
    ("written", "read"), [(12, "12"), (" r1 ", "r1"), ("  ", None), ("", None), (None, None)]
)
def test_a_record_id_is_a_word_or_none(written: object, read: str | None) -> None:
    row = map_row({"id": written, "text": "x"}, {"source_record_id": "id", "text": "text"})
    assert row.source_record_id == read


def test_a_column_that_is_mapped_and_there_twice_is_named() -> None:
    with pytest.raises(WrongUsage, match="two columns are called 'comment'"):
        parse_mapping(None, ["id", "comment", "comment"])
    assert parse_mapping(None, ["", "", "comment"]) == {"text": "comment"}

"""Files as people export them: what can be read is read, what cannot is told with its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from connectors.files.reader import MAX_LINE_BYTES, BadRow, Row, columns, fingerprint, read_rows
from contracts.errors import WrongUsage


def rows(path: Path, data: bytes) -> list[Row | BadRow]:
    path.write_bytes(data)
    return list(read_rows(path))


def texts(found: list[Row | BadRow]) -> list[tuple[int, str | None]]:
    """Line and text of each row, the line alone of each bad one."""
    return [(row.line, row.fields["text"] if isinstance(row, Row) else None) for row in found]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "f.csv"


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    return tmp_path / "f.jsonl"


def test_quotes_commas_and_newlines_stay_in_their_cell_and_lines_count_on(csv: Path) -> None:
    found = rows(csv, b'id,text\n1,"a ""b"", c\nd"\n2,e\n')
    assert texts(found) == [(2, 'a "b", c\nd'), (4, "e")]


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_names_or_cells(csv: Path) -> None:
    found = rows(csv, b"\xef\xbb\xbftext,id\r\nhello,1\r\n")
    assert [row.fields for row in found if isinstance(row, Row)] == [{"text": "hello", "id": "1"}]


def test_an_empty_cell_is_none_and_an_empty_line_is_no_row(csv: Path) -> None:
    assert [row.fields for row in rows(csv, b"text,id\n\nx,\n") if isinstance(row, Row)] == [
        {"text": "x", "id": None}
    ]


def test_a_ragged_row_is_told_and_its_neighbours_are_read(csv: Path) -> None:
    found = rows(csv, b"id,text\n1,a\n2\n3,b,c\n4,d\n")
    assert texts(found) == [(2, "a"), (3, None), (4, None), (5, "d")]
    assert isinstance(found[1], BadRow)
    assert (found[1].raw, found[1].reason) == (b"2\n", "1 cells where the header has 2")


def test_a_quote_that_is_never_closed_costs_its_own_line_alone(csv: Path) -> None:
    found = rows(csv, b'id,text\n1,a\n2,"open\n3,b\n4,"c"\n5,d\n')
    assert texts(found) == [(2, "a"), (3, None), (4, "b"), (5, "c"), (6, "d")]


def test_a_quote_that_is_never_closed_at_the_end_keeps_what_is_behind_it(csv: Path) -> None:
    assert texts(rows(csv, b'id,text\n1,"open\n2,b\n3,c')) == [(2, None), (3, "b"), (4, "c")]


def test_bytes_that_are_not_utf8_cost_their_own_row_alone(csv: Path) -> None:
    found = rows(csv, b"id,text\n1,a\n2,caf\xe9\n3,b\n")
    assert texts(found) == [(2, "a"), (3, None), (4, "b")]
    assert isinstance(found[1], BadRow)
    assert (found[1].raw, found[1].reason) == (b"2,caf\xe9\n", "not valid UTF-8")


@pytest.mark.parametrize("opening", [b"", b'"'])
def test_a_line_without_end_is_one_bad_row_even_inside_quotes(csv: Path, opening: bytes) -> None:
    found = rows(csv, b"id,text\n1," + opening + b"x" * (3 * MAX_LINE_BYTES) + b"\n2,b\n3,c\n")
    assert texts(found) == [(2, None), (3, "b"), (4, "c")]
    assert isinstance(found[0], BadRow)
    assert len(found[0].raw) <= MAX_LINE_BYTES


def test_the_longest_accepted_text_fits_into_a_row(csv: Path) -> None:
    assert texts(rows(csv, "id,text\n1,{}\n".format("ä" * 100_000).encode())) == [(2, "ä" * 100_000)]


@pytest.mark.parametrize("header", [b"caf\xe9,text\n", b'"text,id\n', b"\xff\xfet\x00e\x00\n"])
def test_a_header_that_cannot_be_read_refuses_the_file(csv: Path, header: bytes) -> None:
    with pytest.raises(WrongUsage, match=r"f\.csv:1: the header is not readable"):
        rows(csv, header + b"1,a\n")


def test_a_file_of_a_header_alone_has_columns_and_no_rows(csv: Path) -> None:
    assert rows(csv, b"id,text\n") == []
    assert columns(csv) == ["id", "text"]


def test_an_empty_file_has_nothing(csv: Path, jsonl: Path) -> None:
    assert (rows(csv, b""), rows(jsonl, b"")) == ([], [])
    assert (columns(csv), columns(jsonl)) == ([], [])


def test_broken_json_lines_are_told_by_line_and_the_rest_is_read(jsonl: Path) -> None:
    found = rows(jsonl, b'\xef\xbb\xbf{"text":"a"}\n\n{"text":\n[1]\n{"text":"\xe9"}\n{"text":"b"}')
    assert texts(found) == [(1, "a"), (3, None), (4, None), (5, None), (6, "b")]


def test_the_reason_of_a_broken_line_holds_nothing_of_it(jsonl: Path) -> None:
    (bad,) = rows(jsonl, b'{"text": "secret", oops}\n')
    assert isinstance(bad, BadRow)
    assert not any(word in bad.reason for word in ("secret", "oops"))


def test_a_json_line_too_long_or_too_deep_is_a_bad_row(jsonl: Path) -> None:
    deep = b'{"text":' + b"[" * 400 + b"]" * 400 + b"}\n"
    long = b'{"text":"' + b"x" * (2 * MAX_LINE_BYTES) + b'"}\n'
    abyss = b"[" * 100_000 + b"\n"
    assert texts(rows(jsonl, deep + long + abyss + b'{"text":"a"}\n')) == [
        (1, None),
        (2, None),
        (3, None),
        (4, "a"),
    ]


def test_many_brackets_that_are_not_deep_are_a_row(jsonl: Path) -> None:
    assert texts(rows(jsonl, orjson.dumps({"text": "[" * 500}))) == [(1, "[" * 500)]


def test_columns_of_json_lines_are_every_key_of_every_row(jsonl: Path) -> None:
    rows(jsonl, b'{"text":"a"}\n{"rating":1,"text":"b"}\n')
    assert columns(jsonl) == ["text", "rating"]


def test_gzip_is_read_by_its_name(tmp_path: Path) -> None:
    assert texts(rows(tmp_path / "f.csv.gz", gzip.compress(b"id,text\n1,a\n"))) == [(2, "a")]


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-9], lambda data: b"plain", lambda data: data[:40] + b"\0" * 60]
)
def test_a_gzip_file_that_is_not_whole_is_refused_by_name(tmp_path: Path, harm) -> None:  # type: ignore[no-untyped-def]
    data = gzip.compress(b"".join(b'{"text":"row %d"}\n' % n for n in range(500)))
    with pytest.raises(WrongUsage, match=r"f\.jsonl\.gz: not a whole gzip file"):
        rows(tmp_path / "f.jsonl.gz", harm(data))


def test_a_name_that_says_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"must end in \.csv or \.jsonl"):
        rows(tmp_path / "f.xlsx", b"")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="there is no such file"):
        columns(tmp_path / "f.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_of_a_spreadsheet_may_be_separated_otherwise(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(f'text{separator}rating\n"slow; very, very slow\t!"{separator}3\n', encoding="utf-8")
    assert columns(path) == ["text", "rating"]
    assert list(read_rows(path)) == [Row(2, {"text": "slow; very, very slow\t!", "rating": "3"})]


def test_a_comma_in_the_first_line_separates_whatever_else_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,stars; of five\ngood,3\n", encoding="utf-8")
    assert columns(path) == ["text", "stars; of five"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl.gz"])
def test_a_file_tells_at_its_end_whether_it_is_the_one_that_was_meant(tmp_path: Path, name: str) -> None:
    path, plain = tmp_path / name, b'{"text": "a"}\n' * 3
    path.write_bytes(gzip.compress(plain) if name.endswith(".gz") else plain)
    assert len(list(read_rows(path, fingerprint(path)))) == len(list(read_rows(path)))
    rows = read_rows(path, "0" * 64)
    next(rows)
    with pytest.raises(WrongUsage, match="changed while it was read"):
        list(rows)

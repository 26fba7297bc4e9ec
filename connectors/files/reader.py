"""Read rows from ``.csv``, ``.jsonl`` and ``.jsonl.gz`` / ``.csv.gz`` files, line by line.

A row that cannot be read does not end the file: it comes as ``BadRow`` with its bytes and its line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from contracts.errors import WrongUsage

# Longest line that is read as one row; a longer one is a bad row, so that a file without newlines cannot
# fill the memory. Above the longest accepted text (100,000 characters of up to 4 bytes) with room for fields.
MAX_LINE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line from 1, and its fields by column name."""

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """Bytes at a line that are no row, and why."""

    line: int
    raw: bytes
    reason: str


def read_rows(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a file in order. Raises ``WrongUsage`` when it is not a file we can read at all."""
    kind = _kind_of(path)
    try:
        with _open(path) as file:
            yield from (_csv_rows(file) if kind == "csv" else _jsonl_rows(file))
    except FileNotFoundError:
        raise WrongUsage(f"{path}: there is no such file") from None
    except (IsADirectoryError, PermissionError) as exc:
        raise WrongUsage(f"{path}: cannot be read ({exc.strerror})") from None
    except (gzip.BadGzipFile, EOFError) as exc:
        raise WrongUsage(f"{path}: not a whole gzip file ({exc})") from None


def columns(path: Path) -> list[str]:
    """The column names of a file: a CSV's header, or every key that a JSONL file's good rows have."""
    found: dict[str, None] = {}
    for row in read_rows(path):
        if isinstance(row, Row):
            found |= dict.fromkeys(row.fields)
            if _kind_of(path) == "csv":
                break
    return list(found)


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, so that a resumed load knows its file again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kind_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = suffixes[-1] if suffixes else ""
    if kind in (".csv", ".jsonl", ".ndjson"):
        return "csv" if kind == ".csv" else "jsonl"
    raise WrongUsage(f"{path}: the name must end in .csv or .jsonl (or the same with .gz)")


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; what is beyond ``MAX_LINE_BYTES`` of a line is dropped, not kept."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield number, line


def _jsonl_rows(file: IO[bytes]) -> Iterator[Row | BadRow]:
    for number, line in _lines(file):
        raw = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not raw:
            continue
        if len(raw) > MAX_LINE_BYTES:
            yield BadRow(number, raw[:1000], f"line longer than {MAX_LINE_BYTES} bytes")
            continue
        try:
            fields = orjson.loads(raw)
        except orjson.JSONDecodeError as exc:
            yield BadRow(number, raw, f"not valid JSON in UTF-8: {exc.msg}")
            continue
        if isinstance(fields, dict):
            yield Row(number, fields)
        else:
            yield BadRow(number, raw, "not a JSON object")


class _CsvLines:
    """Feeds decoded lines to the csv reader, and remembers where the record began and its raw bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = _lines(file)
        self.raw = b""
        self.first_line = 0
        self.undecodable = False

    def begin_record(self) -> None:
        self.raw, self.first_line, self.undecodable = b"", 0, False

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        self.first_line = self.first_line or number
        self.raw += line
        try:
            return line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            self.undecodable = True
            return line.decode("utf-8", errors="replace")


def _csv_rows(file: IO[bytes]) -> Iterator[Row | BadRow]:
    lines = _CsvLines(file)
    # The default limit of 128 kB per field is below the longest accepted text.
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    while True:
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield BadRow(lines.first_line, lines.raw, f"not valid CSV: {exc}")
            continue
        if lines.undecodable:
            yield BadRow(lines.first_line, lines.raw, "not valid UTF-8")
        elif not cells:
            continue
        elif header is None:
            header = [cell.strip() for cell in cells]
        elif len(cells) != len(header):
            yield BadRow(
                lines.first_line, lines.raw, f"{len(cells)} cells where the header has {len(header)}"
            )
        else:
            yield Row(
                lines.first_line, {k: (v if v != "" else None) for k, v in zip(header, cells, strict=True)}
            )

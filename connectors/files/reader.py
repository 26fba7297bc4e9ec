"""Read rows from ``.csv``, ``.jsonl`` and ``.jsonl.gz`` / ``.csv.gz`` files, line by line.

A row that cannot be read does not end the file: it comes as ``BadRow`` with its bytes and its line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from contracts.errors import WrongUsage

# Longest line that is read as one row; a longer one is a bad row, so that a file without newlines cannot
# fill the memory. Above the longest accepted text (100,000 characters of up to 4 bytes) with room for fields.
MAX_LINE_BYTES = 1_000_000

# Deeper JSON can be read but not be written again; no field of ours is nested at all.
MAX_DEPTH = 200


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


def read_rows(path: Path, fingerprint_: str | None = None) -> Iterator[Row | BadRow]:
    """The rows of a file in order. Raises ``WrongUsage`` when it is not a file we can read at all.

    With a fingerprint also, behind the last row, when the bytes that were read are others.
    """
    kind = _kind_of(path)
    seen = None if fingerprint_ is None else hashlib.sha256()
    with _readable(path, seen.update if seen else None) as file:
        yield from (_csv_rows(file) if kind == "csv" else _jsonl_rows(file))
    if seen is not None and seen.hexdigest() != fingerprint_:
        raise _changed(path)


@contextmanager
def _readable(path: Path, seen: Callable[[memoryview], None] | None = None) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked; what is wrong with the file as a whole is ``WrongUsage`` naming it.

    ``seen`` is told of all bytes of the file, as they lie there.
    """
    try:
        with (
            path.open("rb", buffering=0) as raw,
            _Seen(raw, seen) as told,
            io.BufferedReader(told, 1 << 18) as whole,
        ):
            if path.suffix.lower() != ".gz":
                yield cast(IO[bytes], whole)
            else:
                with gzip.open(whole, "rb") as file:
                    yield cast(IO[bytes], file)
            while seen is not None and whole.read(1 << 20):
                pass  # what lies behind the end of what was packed
    except _NoHeader as exc:
        raise WrongUsage(
            f"{path}:1: the header is not readable ({exc}); save the file as CSV in UTF-8"
        ) from None
    except FileNotFoundError:
        raise WrongUsage(f"{path}: there is no such file") from None
    except (IsADirectoryError, PermissionError) as exc:
        raise WrongUsage(f"{path}: cannot be read ({exc.strerror})") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise WrongUsage(f"{path}: not a whole gzip file ({exc})") from None


def columns(path: Path) -> list[str]:
    """The column names of a file: a CSV's header, or every key that a JSONL file's good rows have."""
    if _kind_of(path) == "csv":
        with _readable(path) as file:
            return _header_of(_CsvRecords(file)) or []
    found: dict[str, None] = {}
    for row in read_rows(path):
        if isinstance(row, Row):
            found |= dict.fromkeys(row.fields)
    return list(found)


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, so that a resumed load knows its file again.

    Raises ``WrongUsage`` where there is no such file.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise WrongUsage(f"{path}: there is no such file") from None


def refuse_changed(path: Path, digest: str) -> None:
    """Raise ``WrongUsage`` unless the file still has the bytes that it had when ``digest`` was its fingerprint."""
    with _readable(path):
        pass
    if fingerprint(path) != digest:
        raise _changed(path)


def _changed(path: Path) -> WrongUsage:
    return WrongUsage(f"{path}: changed while it was read; give it again when nobody writes to it")


class _Seen(io.RawIOBase):
    """A file as it lies there, whose bytes are told to a hash as they are read."""

    def __init__(self, raw: io.FileIO, seen: Callable[[memoryview], None] | None) -> None:
        self._raw = raw
        self._seen = seen

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """As a file's; 0 at its end."""
        there = memoryview(buffer)
        count = self._raw.readinto(there)
        if self._seen is not None:
            self._seen(there[:count])
        return count


def _kind_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = suffixes[-1] if suffixes else ""
    if kind in (".csv", ".jsonl", ".ndjson"):
        return "csv" if kind == ".csv" else "jsonl"
    raise WrongUsage(f"{path}: the name must end in .csv or .jsonl (or the same with .gz)")


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
        if not isinstance(fields, dict):
            yield BadRow(number, raw, "not a JSON object")
        elif raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and not _is_writable(fields):
            yield BadRow(number, raw, "nested too deeply")
        else:
            yield Row(number, fields)


def _is_writable(fields: Mapping[str, Any]) -> bool:
    try:
        orjson.dumps(fields)
    except orjson.JSONEncodeError:
        return False
    return True


class _NoHeader(Exception):
    """The first record of a CSV file, which names the columns, cannot be read."""


class _TooLong(Exception):
    """A line is longer than ``MAX_LINE_BYTES``."""


def _separator_of(header: bytes) -> str:
    """The comma; where the first line has none, the semicolon or the tab by which spreadsheets separate, too."""
    return next((one for one in ",;\t" if one.encode() in header), ",")


class _CsvRecords:
    """Records of a CSV file with the line where each begins; a broken one costs its first line alone.

    An opening quote that is never closed would swallow the lines behind it, so these are read again.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = _lines(file)
        self._again: deque[tuple[int, bytes]] = deque()
        self._taken: list[tuple[int, bytes]] = []
        self._undecodable = False
        # The default limit of 128 kB per field is below the longest accepted text.
        csv.field_size_limit(MAX_LINE_BYTES)
        if (first := next(self._lines, None)) is not None:
            self._again.append(first)
        separator = _separator_of(first[1] if first else b"")
        self._reader = csv.reader(self._decoded(), strict=True, delimiter=separator)

    def next(self) -> tuple[int, list[str] | BadRow] | None:
        """The line of the next record and its cells, or why it is none; None at the end of the file."""
        self._taken, self._undecodable = [], False
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as exc:
            return self._broken(f"not valid CSV: {exc}")
        except _TooLong:
            return self._broken(f"line longer than {MAX_LINE_BYTES} bytes")
        line = self._taken[0][0]
        if self._undecodable:
            return line, BadRow(line, self.raw(), "not valid UTF-8")
        return line, cells

    def raw(self) -> bytes:
        """The bytes of the record that was read last."""
        return b"".join(line for _, line in self._taken)

    def _broken(self, reason: str) -> tuple[int, BadRow]:
        (number, line), *behind = self._taken
        self._again.extendleft(reversed(behind))
        return number, BadRow(number, line[:MAX_LINE_BYTES], reason)

    def _decoded(self) -> _Decoded:
        return _Decoded(self._decode_next)

    def _decode_next(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append((number, line))
        if len(line) > MAX_LINE_BYTES:
            raise _TooLong
        try:
            return line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            self._undecodable = True
            return line.decode("utf-8", errors="replace")


class _Decoded:
    """An iterator that goes on after it has raised, which a generator cannot."""

    def __init__(self, step: Callable[[], str]) -> None:
        self._step = step

    def __iter__(self) -> _Decoded:
        return self

    def __next__(self) -> str:
        return self._step()


def _header_of(records: _CsvRecords) -> list[str] | None:
    """The column names, None for an empty file."""
    while (found := records.next()) is not None:
        _, cells = found
        if isinstance(cells, BadRow):
            raise _NoHeader(cells.reason)
        if cells:
            return [cell.strip() for cell in cells]
    return None


def _csv_rows(file: IO[bytes]) -> Iterator[Row | BadRow]:
    records = _CsvRecords(file)
    header = _header_of(records)
    while header is not None and (found := records.next()) is not None:
        line, cells = found
        if isinstance(cells, BadRow):
            yield cells
        elif cells and len(cells) != len(header):
            yield BadRow(line, records.raw(), f"{len(cells)} cells where the header has {len(header)}")
        elif cells:
            yield Row(line, {k: (v if v != "" else None) for k, v in zip(header, cells, strict=True)})

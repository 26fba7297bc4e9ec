"""What River's ADWIN keeps, in few octets: its buckets as whole numbers, each row of them around its own middle.

In:    the octets of a detector (``__getstate__``).   Out: others that say the same, and back, exactly.
Promise: what is written is read back as it was; octets of any other form are deflated as they are, so a new version of
River costs room and nothing else.
Why it works: row k of ADWIN is about means of 2**k values. Of values that are multiples of 1/256 the totals are such
multiples and the variances multiples of 2**-(16 + k), so both are whole numbers; those of a row are alike, so what is
above the least of them takes few bits.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from models.themes.octets import Reader, Writer

UNIT = 256
"""What values are multiples of."""

_RAW = -15
"""Deflate without a header and checksum of its own."""

# River 0.26: delta, clock, the most buckets of a row, settings, total, variance, width, sums, ticks; for each level a
# row of 16 words: the most buckets, those there are, room, totals, room, variances; more settings.
_AT_ROWS = struct.Struct("<Q")
_HEAD = 4 + 8 * 10
_ROOM = 6
_ROW = struct.Struct("<QQQ6dQ6d")
_MOST = 5


class _Row(NamedTuple):
    """One row's buckets, in units of 1/256 and of 2⁻⁽¹⁶⁺ᵏ⁾."""

    totals: Sequence[int]
    variances: Sequence[int]


def packed(octets: bytes, frame: bytes) -> bytes:
    """The octets in fewer; ``frame`` is what those of all detectors have in common."""
    found = _rows(octets)
    if found is None:
        return b"\0" + _deflated(octets, frame)
    rows, end = found
    to = Writer()
    to.number(len(rows))
    to.octets(_deflated(octets[:_HEAD] + octets[end:], frame))
    for row in rows:
        to.number(len(row.totals))
        for values in row:
            _write(to, values)
    return b"\1" + to.taken()


def unpacked(octets: bytes, frame: bytes) -> bytes:
    """The inverse of ``packed``. Raises ``ValueError`` or ``zlib.error`` on what it did not write."""
    if octets[:1] == b"\0":
        return _inflated(octets[1:], frame)
    source = Reader.of(octets[1:])
    count = source.number()
    rest = _inflated(source.octets(), frame)
    rows = []
    for _ in range(count):
        buckets = source.number()
        if buckets > _ROOM:
            raise ValueError(f"{buckets} buckets in a row of {_ROOM}")
        rows.append(_Row(_read(source, buckets), _read(source, buckets)))
    source.end()
    return rest[:_HEAD] + _AT_ROWS.pack(count) + b"".join(_told(rows)) + rest[_HEAD:]


def _rows(octets: bytes) -> tuple[list[_Row], int] | None:
    """The rows and where they end; None where that is not what River 0.26 writes, or not of whole numbers."""
    if len(octets) < _HEAD + _AT_ROWS.size:
        return None
    (count,) = _AT_ROWS.unpack_from(octets, _HEAD)
    first = _HEAD + _AT_ROWS.size
    end = first + count * _ROW.size
    if end > len(octets):
        return None
    rows: list[_Row] = []
    for level in range(count):
        _most, buckets, _room, *told = _ROW.unpack_from(octets, first + level * _ROW.size)
        totals, variances = told[:_ROOM], told[_ROOM + 1 :]
        if buckets > _ROOM:
            return None
        scaled = (
            [one * UNIT for one in totals[:buckets]],
            [one * 2.0 ** (16 + level) for one in variances[:buckets]],
        )
        if not all(value.is_integer() and abs(value) < 2**53 for some in scaled for value in some):
            return None
        rows.append(_Row(*([int(value) for value in some] for some in scaled)))
    return (rows, end) if b"".join(_told(rows)) == octets[first:end] else None


def _told(rows: Sequence[_Row]) -> Iterator[bytes]:
    """The rows as River writes them."""
    for level, row in enumerate(rows):
        empty = [0.0] * (_ROOM - len(row.totals))
        totals = [one / UNIT for one in row.totals]
        variances = [one / 2.0 ** (16 + level) for one in row.variances]
        yield _ROW.pack(_MOST, len(row.totals), _ROOM, *totals, *empty, _ROOM, *variances, *empty)


def _write(to: Writer, values: Sequence[int]) -> None:
    """Values as their least, the bits that the others have above it, and these."""
    least = min(values, default=0)
    bits = (max(values, default=0) - least).bit_length()
    together = 0
    for value in values:
        together = together << bits | value - least
    to.numbers(least, bits)
    to.raw(together.to_bytes((bits * len(values) + 7) // 8, "little"))


def _read(source: Reader, count: int) -> list[int]:
    least, bits = source.numbers(2)
    together = int.from_bytes(source.raw((bits * count + 7) // 8), "little")
    return [least + (together >> bits * place & (1 << bits) - 1) for place in reversed(range(count))]


def _deflated(octets: bytes, frame: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW, zdict=frame)
    return packer.compress(octets) + packer.flush()


def _inflated(octets: bytes, frame: bytes) -> bytes:
    return zlib.decompressobj(_RAW, zdict=frame).decompress(octets)

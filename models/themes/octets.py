"""Small numbers, ids and arrays as octets, one after the other: rows that there is one of for every theme.

In:    numbers, texts and arrays, written in a fixed order.   Out: base64 with a checksum, read back in the same order,
       exactly; what was damaged is not read.
Whole numbers take as few octets as they need (LEB128, signs folded in), arrays as few bits each as their largest needs,
or fewer (``in_bits``).
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_DECIMALS = 10_000
_RICE = 0x80
"""Marks an array in Rice's code."""

_USUAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Writer:
    """Octets in the making.

    >>> written = Writer(); written.number(-3); written.text("a"); written.array(np.arange(8))
    >>> read = Reader(written.done()); read.number(), read.text(), read.array(8).tolist()
    (-3, 'a', [0, 1, 2, 3, 4, 5, 6, 7])
    """

    def __init__(self) -> None:
        self._octets = bytearray()

    def number(self, value: int) -> None:
        """A whole number of any size."""
        folded = value << 1 if value >= 0 else (-value << 1) - 1
        while folded > 0x7F:
            self._octets.append(folded & 0x7F | 0x80)
            folded >>= 7
        self._octets.append(folded)

    def numbers(self, *values: int) -> None:
        """Whole numbers."""
        for value in values:
            self.number(value)

    def raw(self, value: bytes) -> None:
        """Octets whose number the reader knows."""
        self._octets += value

    def octets(self, value: bytes) -> None:
        """Any octets, after their number."""
        self.number(len(value))
        self._octets += value

    def text(self, value: str) -> None:
        """A text; a UUID in its usual form takes 17 octets, others one or two more than they have."""
        if _USUAL_UUID.fullmatch(value):
            self.number(-1)
            self._octets += bytes.fromhex(value.replace("-", ""))
        else:
            self.octets(value.encode())

    def decimal(self, value: float) -> None:
        """A number; of four decimals at most in two or three octets, any other in ten."""
        tenth_milli = round(value * _DECIMALS)
        if tenth_milli / _DECIMALS == value:
            self.number(tenth_milli << 1)
        else:
            self.number(1)
            self.octets(struct.pack("<d", value))

    def array(self, values: NDArray[np.signedinteger]) -> None:
        """Integers ``(n,)`` (``in_bits``); their number is not written."""
        self._octets += in_bits(values)

    def taken(self) -> bytes:
        """All of it as it is, to be part of something else."""
        return bytes(self._octets)

    def done(self) -> str:
        """All of it in base64, with its CRC-32."""
        check = zlib.crc32(self._octets).to_bytes(4, "little")
        return b64encode(self._octets + check).decode("ascii")


class Reader:
    """Reads what a ``Writer`` wrote; everything raises ``ValueError`` where that is something else."""

    def __init__(self, text: str) -> None:
        octets, self._at = b64decode(text, validate=True), 0
        self._octets: bytes = octets[:-4]
        if zlib.crc32(self._octets).to_bytes(4, "little") != octets[-4:]:
            raise ValueError("the checksum does not fit: the octets were damaged, or are something else")

    @classmethod
    def of(cls, taken: bytes) -> Reader:
        """Of what ``Writer.taken`` gave."""
        reader = cls.__new__(cls)
        reader._octets, reader._at = taken, 0
        return reader

    def number(self) -> int:
        """The inverse of ``Writer.number``."""
        folded = shift = 0
        while True:
            (octet,) = self._take(1)
            folded |= (octet & 0x7F) << shift
            if octet <= 0x7F:
                return folded >> 1 if not folded & 1 else -((folded + 1) >> 1)
            shift += 7

    def numbers(self, count: int) -> list[int]:
        """So many whole numbers."""
        return [self.number() for _ in range(count)]

    def raw(self, count: int) -> bytes:
        """The inverse of ``Writer.raw``."""
        return self._take(count)

    def octets(self) -> bytes:
        """The inverse of ``Writer.octets``."""
        return self._take(self.number())

    def text(self) -> str:
        """The inverse of ``Writer.text``."""
        length = self.number()
        return str(UUID(bytes=self._take(16))) if length == -1 else self._take(length).decode()

    def decimal(self) -> float:
        """The inverse of ``Writer.decimal``."""
        number = self.number()
        if number & 1 == 0:
            return (number >> 1) / _DECIMALS
        value: float = struct.unpack("<d", self._take(self.number()))[0]
        return value

    def array(self, count: int) -> Ints:
        """The inverse of ``Writer.array``; ``(count,)``."""
        values, took = taken_bits(self._octets[self._at :], count)
        self._take(took)
        return values

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._octets):
            raise ValueError(f"{len(self._octets) - self._at} octets too many")

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._octets) - self._at:
            raise ValueError(f"{count} octets expected at {self._at} of {len(self._octets)}")
        self._at += count
        return self._octets[self._at - count : self._at]


def in_bits(values: NDArray[np.signedinteger]) -> bytes:
    """Integers ``(n,)`` of less than 2**56 in few bits each; how they are written is said before them.

    All in as many bits as the largest needs, or, where that is less, in Rice's code: the low bits of each as they are,
    the rest as so many zeros and a one, signs folded in. Sums, of which few are large, take nearly a bit less each so.
    Source: R. F. Rice, Some practical universal noiseless coding techniques (JPL 79-22, 1979).

    >>> in_bits(np.array([1, -2])), from_bits(in_bits(np.array([1, -2])), 2).tolist()
    (b'\\x02\\xc0', [1, -2])
    """
    wide = values.astype(np.int64)
    folded = wide << 1 ^ wide >> 63
    bits = max(int(folded.max(initial=0)).bit_length(), 1)
    lows = np.arange(max(bits - 4, 0), bits)
    sizes = (folded >> lows[:, None]).sum(axis=1) + (lows + 1) * len(wide)
    best = int(sizes.argmin())
    if sizes[best] >= bits * len(wide):
        return bytes([bits]) + _packed(wide + (1 << (bits - 1)), bits)
    low = int(lows[best])
    ends = np.cumsum((folded >> low) + 1) - 1
    ones = np.zeros(int(ends[-1]) + 1, np.uint8)
    ones[ends] = 1
    return bytes([low | _RICE]) + _packed(folded & ((1 << low) - 1), low) + np.packbits(ones).tobytes()


def _packed(values: Ints, bits: int) -> bytes:
    octets = (bits + 7) // 8
    digits = np.unpackbits(values.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 8 - octets :], axis=1)
    return np.packbits(digits[:, 8 * octets - bits :]).tobytes()


def _unpacked(octets: bytes, bits: int, count: int) -> Ints:
    digits = np.unpackbits(np.frombuffer(octets, np.uint8, (bits * count + 7) // 8), count=count * bits)
    values: Ints = digits.reshape(count, bits).astype(np.int64) @ (
        1 << np.arange(bits - 1, -1, -1, dtype=np.int64)
    )
    return values


def from_bits(octets: bytes, count: int) -> Ints:
    """The inverse of ``in_bits``; ``(count,)``. Raises ``ValueError`` on what it did not write."""
    return taken_bits(octets, count)[0]


def taken_bits(octets: bytes, count: int) -> tuple[Ints, int]:
    """The same where more follows: the values, and how many octets they took."""
    bits = octets[0] & ~_RICE
    end = 1 + (bits * count + 7) // 8
    if len(octets) < end:
        raise ValueError(f"{end} octets expected, {len(octets)} are there")
    values = _unpacked(octets[1:end], bits, count)
    if octets[0] == bits:
        return values - (1 << (bits - 1)), end
    ones = np.flatnonzero(np.unpackbits(np.frombuffer(octets, np.uint8, offset=end)))[:count]
    if len(ones) < count:
        raise ValueError(f"{count} numbers expected, {len(ones)} are there")
    folded = (np.diff(ones, prepend=-1) - 1) << bits | values
    end += (int(ones[-1]) + 8) // 8 if count else 0
    return np.where(folded & 1, ~(folded >> 1), folded >> 1), end


def pack_bits(values: NDArray[np.signedinteger]) -> str:
    """``in_bits`` in base64, after how many there are: two octets or so for each component of a theme's sum."""
    return b64encode(len(values).to_bytes(2, "little") + in_bits(values)).decode("ascii")


def unpack_bits(text: str) -> Ints:
    """The inverse of ``pack_bits``; ``(n,)``."""
    octets = b64decode(text)
    return from_bits(octets[2:], int.from_bytes(octets[:2], "little"))


def write_texts(written: Writer, texts: Sequence[str]) -> None:
    """Texts after their number."""
    written.number(len(texts))
    for text in texts:
        written.text(text)


def read_texts(read: Reader) -> list[str]:
    """The inverse of ``write_texts``."""
    return [read.text() for _ in range(read.number())]

"""The ways in which a text may hide words: invisible, in look-alike letters, spelt out, backwards, encoded.

In:   a text.   Out: readings of it, each with the place in the text of every character, so that what is found in a
reading can be shown in the text.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class View:
    """``plain[i]`` stands for ``text[places[i]]``. ``hidden``: nobody would read the text like this by chance."""

    plain: str
    places: Sequence[int]
    hidden: bool


# Letters of other scripts that look like Latin ones.
_LOOKS_LIKE: Final = str.maketrans("асеорхуікјѕһԁɡьвнкмтαεικνορτυχγ", "aceopxyikjshdgbbhkmtaeiknoptuxy")
_DIGITS: Final = str.maketrans("013457@$", "oieastas")
_ROT13: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_TAGS: Final = range(0xE0020, 0xE007F)
_DROPPED: Final = frozenset({"Cf", "Mn", "Cn", "Co"})
_GAPS: Final = " ._*-"
_SPELT: Final = re.compile(r"(?<!\w)\w(?:[ ._*-]{1,3}\w(?!\w)){4,}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}|[\w+.-]){4,}")
_LEAST_DECODED: Final = 8
_MIXED: Final = re.compile(r"[a-z][0134570@$]|[0134570@$][a-z]")


def views(text: str) -> Iterator[View]:
    """The text as it is read, then every other way in which there is something to read."""
    wide, wide_places, tagged = _folded(text)
    plain, places = _single_spaced(wide, wide_places)
    yield View(plain, places, hidden=False)
    if "\n" in plain:
        yield View(*_single_spaced(plain.replace("\n", " "), places), hidden=False)
    if tagged:
        yield View(*tagged, hidden=True)
    unmasked = plain.translate(_LOOKS_LIKE)
    if unmasked != plain:
        yield View(unmasked, places, hidden=True)
    if _MIXED.search(plain):
        yield View(plain.translate(_DIGITS), places, hidden=True)
    yield View(plain.translate(_ROT13), places, hidden=True)
    yield View(plain[::-1], places[::-1], hidden=True)
    yield from _spelt(wide, wide_places)
    yield from _decoded(text)


def _folded(text: str) -> tuple[str, list[int], tuple[str, list[int]] | None]:
    """Lower case without what is not seen; and what invisible tags spell."""
    plain: list[str] = []
    places: list[int] = []
    tags: list[str] = []
    tag_places: list[int] = []
    for at, char in enumerate(text):
        if ord(char) in _TAGS:
            tags.append(chr(ord(char) - 0xE0000).lower())
            tag_places.append(at)
            continue
        if unicodedata.category(char) in _DROPPED and char not in "्ािीुूेैोौं":
            continue
        for one in unicodedata.normalize("NFKC", char).lower().replace("’", "'"):
            plain.append(_spaced(one))
            places.append(at)
    return "".join(plain), places, ("".join(tags), tag_places) if tags else None


def _spaced(char: str) -> str:
    """Any line break as one, any other white space as a space."""
    if not char.isspace():
        return char
    return "\n" if char in "\n\r\x0b\x0c\x85\u2028\u2029" else " "


def _single_spaced(plain: str, places: Sequence[int]) -> tuple[str, list[int]]:
    kept = [at for at, char in enumerate(plain) if char != " " or plain[at - 1 : at] != " "]
    return "".join(plain[at] for at in kept), [places[at] for at in kept]


def _spelt(plain: str, places: Sequence[int]) -> Iterator[View]:
    """The text with words that are spelt out, letter by letter, put together; more than one gap ends a word."""
    kept: list[int] = []
    at = 0
    for run in _SPELT.finditer(plain):
        kept += range(at, run.start())
        for offset, char in enumerate(run.group(), start=run.start()):
            if char.isalnum() or (plain[offset - 1] in _GAPS and plain[offset + 1] not in _GAPS):
                kept.append(offset)
        at = run.end()
    if at:
        kept += range(at, len(plain))
        yield View(
            *_single_spaced("".join(plain[one] for one in kept), [places[one] for one in kept]), hidden=True
        )


def _decoded(text: str) -> Iterator[View]:
    for token in _TOKEN.finditer(text):
        for said in _readings(token.group()):
            yield View(said, [token.start()] * len(said), hidden=True)
    for token in _PERCENT.finditer(text):
        if "%" in token.group():
            said = unquote(token.group()).replace("+", " ").lower()
            yield View(said, [token.start()] * len(said), hidden=True)


def _readings(token: str) -> Iterator[str]:
    """What a token says as hexadecimal or base64, where that is text."""
    for decode in (_of_hex, _of_base64):
        try:
            said = decode(token).decode()
        except (ValueError, binascii.Error):
            continue
        if len(said) >= _LEAST_DECODED and said.isprintable():
            yield said.lower()


def _of_hex(token: str) -> bytes:
    return bytes.fromhex(token.removeprefix("0x"))


def _of_base64(token: str) -> bytes:
    padded = token.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)

"""F22, F23, F24: too large, not text, from another version. A dead letter or not; neighbours never notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.cluster import LARGEST_RECORD
from contracts.diversions import DeadLetter
from contracts.feedback import MAX_TEXT_CHARS
from contracts.registry import write_record
from contracts.stages import RedactedItem
from tests.support.steps import Journey

EXPORT, LOGIN = "The export to CSV is broken.", "The login page never opens."
BOM = b"\xef\xbb\xbf"
CORPUS: dict[str, bytes] = {
    "nothing": b"",
    "invalid UTF-8": b'{"text": "\xff\xfe is broken"}',
    "half a character": b'{"text": "\xe2\x82"}',
    "NUL": b"\x00",
    "NUL in a string": b'{"text": "a\x00b"}',
    "lone surrogate": b'{"text": "\\ud800 is broken"}',
    "byte order mark": BOM + b'{"text": "is broken"}',
    "UTF-16": '{"text": "is broken"}'.encode("utf-16"),
    "10,000 lists deep": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects deep": b'{"text":' * 10_000 + b'"x"' + b"}" * 10_000,
    "no number": b'{"text": "x", "rating": NaN}',
    "a number without end": b'{"text": "x", "mrr": 1e999}',
    "cut short": b'{"text": "is bro',
    "two at once": b'{"text": "a"}{"text": "b"}',
}


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    journey.steps = {"journal": journey.steps["journal"]}
    yield journey
    journey.vault.close()


def letters(journey: Journey) -> list[DeadLetter]:
    return journey.of("dead-letters", DeadLetter)


def passed(journey: Journey) -> list[str]:
    items = journey.of("redacted", RedactedItem)
    return [(journey.vault.open(item.tenant, item.text) or b"").decode() for item in items]


# -- F23: bytes that are no text -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPUS)
def test_a_body_of_bad_bytes_is_a_dead_letter_that_opens_to_them(journey: Journey, name: str) -> None:
    journey.deliver(EXPORT, record="before")
    journey.deliver("", raw=CORPUS[name], record="bad")
    journey.deliver(LOGIN, record="after")
    (letter,) = letters(journey)
    assert passed(journey) == [EXPORT, LOGIN]
    assert letter.reason in ("decode", "invalid", "not_an_object")
    assert journey.vault.open("acme", letter.original) == CORPUS[name]


@pytest.mark.parametrize("name", CORPUS)
def test_a_journal_value_of_bad_bytes_is_a_dead_letter_that_opens_to_them(
    journey: Journey, name: str
) -> None:
    journey.deliver(EXPORT, record="before")
    journey.put(CORPUS[name])
    journey.deliver(LOGIN, record="after")
    (letter,) = letters(journey)
    assert passed(journey) == [EXPORT, LOGIN]
    assert (letter.reason, letter.tenant) == ("schema", "nobody")
    assert journey.vault.open(letter.tenant, letter.original) == CORPUS[name]


def test_an_escaped_nul_is_a_character_like_others(journey: Journey) -> None:
    journey.deliver("", raw=b'{"text": "The export\\u0000 is broken."}')
    assert (len(passed(journey)), letters(journey)) == (1, [])


# -- F22: the largest that is accepted -----------------------------------------------------------------


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_text_passes_up_to_the_limit_and_is_a_dead_letter_beyond(journey: Journey, over: int) -> None:
    text = "€" * (MAX_TEXT_CHARS + over)
    received = journey.deliver(text)
    assert len(write_record(received)) < LARGEST_RECORD // 4
    assert [len(said) for said in passed(journey)] == ([len(text)] if over <= 0 else [])
    assert [letter.field for letter in letters(journey)] == (["text"] if over > 0 else [])


# -- F24: schemas of other versions --------------------------------------------------------------------


def _as_version(journey: Journey, version: str, **more: Any) -> bytes:
    """A delivery as a producer of another version would write it."""
    fields = json.loads(write_record(journey.deliver(EXPORT, record="old")))
    fields |= {"schema": version, "item_id": "another"} | more
    return json.dumps(fields).encode()


def test_a_newer_minor_version_is_read_without_what_it_adds(journey: Journey) -> None:
    journey.put(_as_version(journey, "1.7", mood={"new": [1, 2]}))
    assert (passed(journey), letters(journey)) == ([EXPORT, EXPORT], [])


@pytest.mark.parametrize("version", ["2.0", "0.9"])
def test_another_major_version_is_a_dead_letter(journey: Journey, version: str) -> None:
    journey.put(_as_version(journey, version))
    (letter,) = letters(journey)
    assert (letter.reason, letter.field, passed(journey)) == ("schema_unsupported", "schema", [EXPORT])

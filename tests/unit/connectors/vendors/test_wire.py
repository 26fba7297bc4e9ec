"""JSON as vendors write it: halves of characters, bytes that are no UTF-8, nesting that cannot be written again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectors.outgoing import Heard
from connectors.vendors.envelopes import read_or_put_aside
from connectors.vendors.generic import VENDOR
from connectors.vendors.http import Answer
from connectors.vendors.port import Request, Unreadable, Utterance
from connectors.vendors.typeform import VENDOR as TYPEFORM
from connectors.vendors.values import fingerprint
from connectors.vendors.wire import read_json, write_json
from tests.support.vendors.clock import NOW
from tests.support.vendors.drained import polled
from tests.support.vendors.server import Said
from tests.unit.connectors.vendors.trackers import connection


def nested(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'"cut \\ud83d"', "cut \ufffd"),
        (b'"\\ude00 cut"', "\ufffd cut"),
        (b'"\\ud83d\\uD83D\\uDE00"', "\ufffd\U0001f600"),
        (b'"\\\\ud83d \\ud83d"', "\\ud83d \ufffd"),
        (b'"\xff"', "\ufffd"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"\\ud83dname":"\\u00e9\\n"}', {"\ufffdname": "\u00e9\n"}),
    ],
)
def test_what_no_strict_parser_takes_is_read_all_the_same(body: bytes, read: Any) -> None:
    assert read_json(body) == read
    assert Answer(200, {}, body).json() == read
    assert Heard(200, {}, body).json() == read


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"a": NaN}', b'"\\ud83d'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_json(body)


def test_what_is_nested_too_deeply_is_written_without_its_depths() -> None:
    written = orjson.loads(write_json([1, nested(900), [nested(3)]]))
    assert (written[0], written[2]) == (1, [nested(3)])
    assert write_json(nested(900)).count(b"in") == 200
    assert fingerprint(nested(900)) == fingerprint(nested(901)) != fingerprint(nested(3))


def test_one_record_that_is_nested_too_deeply_holds_up_no_stream() -> None:
    rows = [
        {"id": 1, "text": "The export is slow", "raw": nested(400)},
        {"id": 2, "raw": nested(400)},
        {"id": 3, "text": "The map is slow"},
    ]
    body = b'{"items": [%s]}' % b", ".join(
        orjson.dumps(row | {"raw": 0}).replace(b'"raw":0', b'"raw":' + b'{"in":' * 400 + b"1" + b"}" * 400)
        for row in rows
    )
    options = {"records": "items", "fields": {"id": "id", "text": "text"}}
    got, _ = polled(VENDOR, lambda _asked: Said(body), options, {"token": "t"})
    assert sorted(got.said) == ["1", "3"]
    assert [one.record_id for one in got.taken if isinstance(one, Unreadable)] == ["2"]
    assert got.cursor is not None


def test_a_record_whose_reading_fails_in_whatever_way_is_put_aside() -> None:
    for trouble in (OverflowError, RecursionError, ZeroDivisionError):

        def failing(_told: Any, trouble: type[Exception] = trouble) -> list[Any]:
            raise trouble

        (one,) = read_or_put_aside("7", nested(400), failing)
        assert isinstance(one, Unreadable)
        assert one.why == trouble.__name__


def test_a_webhook_with_half_a_character_is_taken() -> None:
    body = (
        b'{"event_type":"form_response","event_id":"e1","form_response":{"form_id":"f","token":"t",'
        b'"submitted_at":"2026-03-01T11:00:00Z","definition":{"fields":[]},'
        b'"answers":[{"type":"text","text":"it is slow \\ud83d","field":{"ref":"r"}}]}}'
    )
    here = connection(TYPEFORM, forms=["f"])
    (one,) = TYPEFORM.received(here, Request({}, body, NOW))
    assert isinstance(one, Utterance)
    assert one.body["text"] == "it is slow \ufffd"

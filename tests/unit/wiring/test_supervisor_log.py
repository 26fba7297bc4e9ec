"""The one log: who wrote each line, all of them, and nobody who waits for ever."""

from __future__ import annotations

import io
import os
import threading
from datetime import UTC, datetime

import orjson

from wiring.supervising.log import LONGEST_LINE_BYTES, MOST_WAITING, OneLog


def _copied(said: bytes, *, as_json: bool = False) -> str:
    out = io.StringIO()
    log = OneLog(out, as_json=as_json, width=9, now=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    log.copy("extract", 1, io.BytesIO(said))
    log.close()
    return out.getvalue()


def test_each_line_says_who_wrote_it() -> None:
    assert _copied(b"one\r\n\xfftwo") == "extract/1  │ one\nextract/1  │ \ufffdtwo\n"


def test_as_json_each_line_is_an_object() -> None:
    wanted = {"time": "2026-03-01T00:00:00+00:00", "stage": "extract", "process": 1, "line": 'a "b"'}
    assert orjson.loads(_copied(b'a "b"\n', as_json=True)) == wanted


def test_a_line_without_end_is_cut_and_not_kept_whole() -> None:
    lines = _copied(b"x" * (LONGEST_LINE_BYTES + 10)).splitlines()
    assert [len(line.split("│ ")[1]) for line in lines] == [LONGEST_LINE_BYTES, 10]


def test_the_last_words_are_the_complaint_or_else_the_last_lines() -> None:
    log = OneLog(io.StringIO())
    log.copy("themes", 0, io.BytesIO(b"1\n2\n3\n\n4\n5\n6\n"))
    log.copy("intake", 0, io.BytesIO(b"undercurrent: no such file\nthread panicked\n"))
    log.close()
    assert log.last_words("themes", 0) == "2 | 3 | 4 | 5 | 6"
    assert log.last_words("intake", 0) == "no such file"
    assert log.last_words("intake", 1) == ""


class Gone(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_left_holds_nobody_up() -> None:
    log = OneLog(Gone())
    log.copy("themes", 0, io.BytesIO(b"word\n" * 20 * MOST_WAITING))
    log.close()
    assert log.last_words("themes", 0, count=1) == "word"


def test_a_slow_reader_holds_up_the_processes_but_not_the_supervisor() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as out, os.fdopen(read) as reader:
        log = OneLog(out)
        many = 40 * MOST_WAITING
        copying = threading.Thread(target=log.copy, args=("themes", 0, io.BytesIO(b"word\n" * many)))
        copying.start()
        copying.join(0.3)
        assert copying.is_alive()
        log.say("still here")
        lines = [reader.readline() for _ in range(many + 1)]
        copying.join()
        log.close()
    assert lines.count("supervisor │ still here\n") == 1

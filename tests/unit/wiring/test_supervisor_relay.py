"""Stages that feed each other: each ends once the one before it has and it has read all; real processes."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from wiring.supervising.plan import Command, Launch, Stage
from wiring.supervising.relay import Relay, SharedLog

pytestmark = pytest.mark.lengthy

UNTIL_ASKED = "import signal, time; signal.signal(15, lambda *_: exit()); time.sleep(60)"


def python(code: str) -> Command:
    return lambda _process, _addresses: Launch((sys.executable, "-c", code))


def sign(path: Path) -> tuple[str, str]:
    """What waits for a sign of another process, and what gives it."""
    place = f"__import__('pathlib').Path({str(path)!r})"
    return f"import time\nwhile not {place}.exists(): time.sleep(0.01)", f"{place}.touch()"


def relay(asked: list[str], *stages: Stage) -> tuple[Relay, SharedLog, io.StringIO]:
    out = io.StringIO()
    log = SharedLog(out)

    def caught_up(stage: str) -> bool:
        asked.append(stage)
        return asked.count(stage) > 1

    return Relay(stages, log, caught_up), log, out


def test_a_stage_is_ended_when_it_has_read_what_the_one_before_it_left(tmp_path: Path) -> None:
    asked: list[str] = []
    wait, go = sign(tmp_path / "go")
    one, log, out = relay(
        asked,
        Stage("first", python(f"{wait}\nprint('done')"), finite=True),
        # It is asked to end as soon as the first one has: by then it has said something, however late it started.
        Stage("second", python(f"print('follows', flush=True); {go}; {UNTIL_ASKED}")),
    )
    assert one.run()
    log.end()
    assert asked == ["second", "second"]
    assert "second/0" in out.getvalue()


def test_a_stage_that_is_given_up_ends_the_others() -> None:
    one, _log, _out = relay(
        [], Stage("first", python(UNTIL_ASKED), finite=True), Stage("second", python("exit(2)"))
    )
    with pytest.raises(WrongUsage, match="stage second keeps ending with status 2"):
        one.run()


def test_all_stages_run_at_once(tmp_path: Path) -> None:
    """The first one waits for what the second one does when it starts."""
    wait, go = sign(tmp_path / "go")
    one, _log, _out = relay(
        [],
        Stage("first", python(wait), finite=True),
        Stage("second", python(f"{go}; {UNTIL_ASKED}")),
    )
    assert one.run()


def test_a_stop_drains_every_stage() -> None:
    one, _log, _out = relay(
        [], Stage("first", python(UNTIL_ASKED), finite=True), Stage("second", python(UNTIL_ASKED))
    )
    threading.Timer(1.0, one.stop).start()
    assert one.run()

"""Many requests at once into a journal in files, which other commands may write to in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connectors.jsonl.accepting import JsonlAccepting
from connectors.jsonl.log import JsonlLog, read_log
from contracts.errors import RecoveryRefused, RetryLater, WrongUsage

pytestmark = pytest.mark.lengthy


def stored(folder: Path) -> list[bytes]:
    return [line.data for line in read_log(folder, 0)]


async def another_writer(folder: Path) -> JsonlLog:
    """Whoever writes lets go when there is nothing to write, sooner or later."""
    while True:
        try:
            return JsonlLog(folder, 1)
        except RecoveryRefused:
            await asyncio.sleep(0.01)


def test_requests_at_once_are_all_there_each_in_its_order(tmp_path: Path) -> None:
    calls = [[b"%d-%d" % (n, k) for k in range(3)] for n in range(50)]

    async def called() -> None:
        with JsonlAccepting({"journal": tmp_path}, 1) as accepting:
            await asyncio.gather(*(accepting.append("journal", 0, lines) for lines in calls))

    asyncio.run(called())
    assert stored(tmp_path) == [line for lines in calls for line in lines]


def test_another_writer_gets_its_turn_when_there_is_nothing_to_write(tmp_path: Path) -> None:
    async def called() -> None:
        with JsonlAccepting({"journal": tmp_path}, 1, idle_s=0.01) as accepting:
            await accepting.append("journal", 0, [b"one"])
            with await another_writer(tmp_path) as other:
                other.append(0, [b"two"])
                with pytest.raises(RetryLater, match="another process"):
                    await accepting.append("journal", 0, [b"too early"])
            await accepting.append("journal", 0, [b"three"])

    asyncio.run(called())
    assert stored(tmp_path) == [b"one", b"two", b"three"]


def test_two_that_always_have_something_to_write_and_an_order_all_get_their_turn(tmp_path: Path) -> None:
    async def called() -> None:
        over, numbers = asyncio.Event(), [0, 0]
        with JsonlAccepting({"journal": tmp_path}, 1) as one, JsonlAccepting({"journal": tmp_path}, 1) as two:

            async def busy(who: int, accepting: JsonlAccepting) -> None:
                while not over.is_set():
                    await accepting.append("journal", 0, [b"%d-%d" % (who, numbers[who])])
                    numbers[who] += 1

            both = asyncio.gather(busy(0, one), busy(1, two))
            await asyncio.sleep(0.2)
            with await asyncio.to_thread(JsonlLog, tmp_path, 1, wait_s=10.0) as order:
                count = order.count(0)
                order.append(0, [b"order"])
            while not all(numbers):
                await asyncio.sleep(0.01)
            over.set()
            await both
        lines = stored(tmp_path)
        assert lines[count] == b"order"
        for who in (0, 1):
            mine = [line for line in lines if line.startswith(b"%d-" % who)]
            assert mine == [b"%d-%d" % (who, n) for n in range(numbers[who])]

    asyncio.run(asyncio.wait_for(called(), 30))


def test_what_must_be_finished_first_is_asked_before_the_log_is_opened(tmp_path: Path) -> None:
    def unfinished() -> None:
        raise WrongUsage("finish the load")

    async def called() -> None:
        with (
            JsonlAccepting({"journal": tmp_path}, 1, may_write=unfinished) as accepting,
            pytest.raises(WrongUsage, match="finish the load"),
        ):
            await accepting.append("journal", 0, [b"one"])

    asyncio.run(called())
    assert stored(tmp_path) == []

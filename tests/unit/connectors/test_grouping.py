"""Work that is shared: whoever comes while a group is worked on is served together with the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from connectors.grouping import Grouped


def test_what_comes_meanwhile_is_worked_on_together() -> None:
    groups: list[list[int]] = []
    gate = threading.Event()

    def work(group: Sequence[int]) -> list[int | Exception]:
        groups.append(list(group))
        gate.wait(5)
        return [2 * n for n in group]

    async def called() -> list[int]:
        grouped: Grouped[int, int] = Grouped("test", work)
        calls = [asyncio.create_task(grouped(n)) for n in range(10)]
        await asyncio.sleep(0.01)
        late = [asyncio.create_task(grouped(n)) for n in range(10, 20)]
        await asyncio.sleep(0.01)
        gate.set()
        made = await asyncio.gather(*calls, *late)
        grouped.close()
        return list(made)

    assert asyncio.run(called()) == [2 * n for n in range(20)]
    assert groups == [list(range(10)), list(range(10, 20))]


def test_an_answer_that_is_an_error_is_raised_to_its_caller_alone() -> None:
    async def called() -> list[int | BaseException]:
        grouped: Grouped[int, int] = Grouped(
            "test", lambda group: [ValueError("odd") if n % 2 else n for n in group]
        )
        made = await asyncio.gather(*(grouped(n) for n in range(3)), return_exceptions=True)
        grouped.close()
        return list(made)

    zero, odd, two = asyncio.run(called())
    assert (zero, two) == (0, 2)
    assert isinstance(odd, ValueError)


def test_work_that_fails_fails_its_group_and_the_next_one_goes_on() -> None:
    def work(group: Sequence[int]) -> list[int | Exception]:
        if 0 in group:
            raise OSError("disk")
        return list(group)

    async def called() -> int:
        grouped: Grouped[int, int] = Grouped("test", work)
        with pytest.raises(OSError, match="disk"):
            await grouped(0)
        one = await grouped(1)
        grouped.close()
        return one

    assert asyncio.run(called()) == 1

"""Work that is cheaper together: what comes while one group is worked on makes up the next one.

So a disk or a database that takes 5 ms a commit serves hundreds of callers a second, and one alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

MOST = 500
"""Callers that are served together at most: bounds how long one waits, and the memory of a group."""


class Grouped(Generic[Given, Made]):
    """Calls ``work`` with everything that waits, in one thread of its own, one group at a time, in order of coming.

    ``work`` answers for each of its group, in order; an answer that is an exception is raised to that caller, and what
    ``work`` itself raises to all of the group. For one event loop.
    """

    def __init__(
        self, name: str, work: Callable[[Sequence[Given]], Sequence[Made | Exception]], *, most: int = MOST
    ) -> None:
        self._work = work
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: deque[tuple[Given, asyncio.Future[Made]]] = deque()
        self._turns: asyncio.Task[None] | None = None

    async def __call__(self, given: Given) -> Made:
        """What ``work`` makes of ``given``."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Made] = loop.create_future()
        self._waiting.append((given, future))
        if self._turns is None or self._turns.done():
            self._turns = loop.create_task(self._take_turns())
        return await future

    def close(self) -> None:
        """Wait for the group that is worked on; nobody may come after."""
        self._thread.shutdown(wait=True)

    async def _take_turns(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            try:
                answers = await loop.run_in_executor(self._thread, self._work, [given for given, _ in group])
            except Exception as exc:  # noqa: BLE001 - whatever it is belongs to those who wait for it
                answers = [exc] * len(group)
            for (_, future), answer in zip(group, answers, strict=True):
                if future.done():  # its caller went away
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

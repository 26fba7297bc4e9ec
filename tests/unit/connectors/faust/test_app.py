"""A record of a topic is taken or set aside, however long that takes; it never vanishes."""

from __future__ import annotations

import asyncio

from connectors.faust.app import Message, Reader, taken
from contracts.errors import RetryLater

MESSAGE = Message("t", 0, 7, b"acme", b"{}", {})


def test_a_record_is_set_aside_when_what_it_is_put_into_is_back() -> None:
    aside, away = [], [RetryLater("the journal is away", retry_after_s=0.0)]

    async def take(_message: Message) -> None:
        raise LookupError("a defect")

    async def set_aside(message: Message, _error: Exception) -> None:
        if away:
            raise away.pop()
        aside.append(message.offset)

    asyncio.run(taken(Reader("r", "t", take, set_aside), MESSAGE))
    assert aside == [7]

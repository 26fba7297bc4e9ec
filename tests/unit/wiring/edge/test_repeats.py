"""What was taken lately is not taken again; whatever may be new is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.vendors.port import Connection, Gone, Taken, Unreadable, Utterance
from contracts.errors import RetryLater
from tests.support.vendors.clock import NOW
from tests.support.vendors.scripted import Took, said
from wiring.edge.repeats import Repeats

ACME = Connection("acme", "v", "acme")


def accept(gate: Took, *batches: Sequence[Taken], most: int = 10) -> Sequence[str]:
    """The ids that the journal got, each batch by itself; a shut gate refuses, and that is all."""

    async def go() -> None:
        repeats = Repeats(gate, most)
        for batch in batches:
            with contextlib.suppress(RetryLater):
                await repeats.accept(ACME, batch)

    asyncio.run(go())
    return gate.ids


def test_a_poll_brings_only_what_no_webhook_brought() -> None:
    assert accept(Took(), [said(1)], [said(1), said(2)], [said(1), said(2)]) == ["1", "2"]


@pytest.mark.parametrize(
    "other",
    [
        said(1, "edited"),
        replace(said(1), body={"text": "text 1", "created_at": "2026-03-02T00:00:00Z"}),
        replace(said(1), body={"text": "text 1", "source_updated_at": "2026-03-02T00:00:00Z"}),
    ],
)
def test_anything_else_under_the_same_id_is_taken(other: Utterance) -> None:
    assert accept(Took(), [said(1)], [other], [said(1)]) == ["1", "1", "1"]


def test_what_tells_no_time_is_not_new_because_it_was_read_later() -> None:
    assert accept(Took(), [said(1)], [replace(said(1), happened_at=NOW.replace(hour=1))]) == ["1"]


def test_what_nobody_can_read_is_a_dead_letter_once() -> None:
    bad = Unreadable("1", b"{}", "a record without text")
    assert accept(Took(), [bad], [bad], [said(1)], [bad], [replace(bad, raw=b"[]")]) == ["1", "1", "1", "1"]


def test_what_was_not_durable_is_taken_when_it_comes_again() -> None:
    assert accept(Took(shut=1), [said(1)], [said(1)]) == ["1"]


def test_what_is_taken_back_after_an_edit_that_got_no_answer_is_taken() -> None:
    gate = Took()
    shut = [0, 1, 0]

    async def go() -> None:
        repeats = Repeats(gate, 10)
        for gate.shut, batch in zip(shut, [[said(1)], [said(1, "edited")], [said(1)]], strict=True):
            with contextlib.suppress(RetryLater):
                await repeats.accept(ACME, batch)

    asyncio.run(go())
    assert gate.ids == ["1", "1"]


def test_what_is_said_again_after_it_was_gone_is_taken() -> None:
    assert accept(Took(), [said(1)], [Gone("1", "deleted")], [said(1)]) == ["1", "1", "1"]


def test_the_same_id_of_another_connection_is_another_record() -> None:
    gate = Took()

    async def go() -> None:
        repeats = Repeats(gate)
        for name in ("acme", "other"):
            await repeats.accept(replace(ACME, name=name), [said(1)])

    asyncio.run(go())
    assert gate.ids == ["1", "1"]


def test_what_came_longest_ago_is_forgotten_first() -> None:
    assert accept(Took(), [said(1), said(2), said(3)], [said(3)], [said(1)], most=2) == ["1", "2", "3", "1"]


def test_what_nothing_can_be_made_of_is_left_to_the_gate() -> None:
    half = Utterance("1", {"text": "\ud800"}, NOW)
    assert accept(Took(), [half], [half]) == ["1", "1"]

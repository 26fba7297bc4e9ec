"""F45: a vendor whose cursors go back, whose pages repeat or never end. The cursor is monotone and the drain ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from random import Random

import pytest

from connectors.vendors.port import Cursor, Page
from tests.support.vendors.scripted import Scripted, page
from tests.unit.wiring.edge.test_polling import Desk, desk


def places(told: Desk) -> list[int]:
    """Every cursor that was saved, in order."""
    return [cursor.state["at"] for _, cursor in told.shelf.log]


def test_a_cursor_that_goes_back_is_not_saved_and_is_counted() -> None:
    told = desk(page(5), page(3), page(6))
    (polled,) = told.once()
    assert places(told) == [5, 6]
    assert polled.counts.kept_cursors == 1
    assert told.gate.ids == ["5", "3", "6"]


def test_a_page_that_comes_again_is_left_out() -> None:
    told = desk(page(1), page(2), page(1), page(9))
    (polled,) = told.once()
    assert told.gate.ids == ["1", "2", "9"]
    assert (polled.counts.repeats, polled.looped) == (1, False)


def test_a_vendor_that_goes_round_in_circles_is_left_at_the_saved_cursor() -> None:
    told = desk(page(1), page(2), page(1), page(2), page(1), page(9))
    (polled,) = told.once()
    assert polled.looped
    assert (told.gate.ids, places(told)) == (["1", "2"], [1, 2])


def test_pages_that_never_end_end_at_the_bound() -> None:
    def endless(_since: Cursor | None) -> Iterator[Page]:
        return (page(n) for n in count())

    told = Desk(Scripted({"s": endless}))  # type: ignore[dict-item]  # an endless sequence is the point
    (polled,) = told.once()
    assert (polled.looped, polled.counts.pages) == (True, 50)
    assert told.once()[0].looped


def test_empty_pages_that_never_end_end() -> None:
    def empty(_since: Cursor | None) -> Iterator[Page]:
        return (Page([], Cursor({"at": 1}, (1,))) for _ in count())

    told = Desk(Scripted({"s": empty}))  # type: ignore[dict-item]
    assert told.once()[0].counts.pages <= 50


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_vendor_does_its_records_come_and_cursors_never_go_back(seed: int) -> None:
    rng = Random(seed)

    def pages(since: Cursor | None) -> Sequence[Page]:
        """Three records a page from the cursor on, inclusive; at times an old page, or the same again."""
        start = max(0, since.order[0] - 1) if since else 0  # type: ignore[operator]
        honest = [page(*range(n + 1, min(n + 4, 61))) for n in range(int(start), 60, 3)]
        for _ in range(4 if honest else 0):
            place = rng.randrange(len(honest))
            honest.insert(place + 1, honest[rng.randint(0, place)])
        return honest

    told = Desk(Scripted({"s": pages}))
    for _ in range(40):
        told.once()
    assert set(told.gate.ids) == {str(n) for n in range(1, 61)}
    assert places(told) == sorted(places(told))

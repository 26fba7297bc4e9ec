"""What every vendor's connector does when it polls, whatever the vendor does. A vendor joins with a ``case.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.vendors.http import Patience
from connectors.vendors.port import Connection
from contracts.errors import PipelineError, WrongUsage
from tests.support.vendors.case import VendorCase, cases
from tests.support.vendors.polls import Polls
from tests.support.vendors.server import (
    EVERY_TROUBLE,
    Said,
    Trouble,
    away,
    every,
    html_page,
    limited,
    once,
    script,
    troubled,
    vendor_server,
)
from tests.support.vendors.world import Lies, World, every_lie

pytestmark = pytest.mark.lengthy

Simulated = Callable[..., Polls]


@pytest.fixture(params=cases(), ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> VendorCase:
    return request.param


@pytest.fixture
def simulated(case: VendorCase, tmp_path: Path) -> Iterator[Simulated]:
    """Starts the vendor's simulation of a world, with lies and troubles; to be polled."""
    open_ones = []

    def start(world: World, lies: Lies | None = None, *troubles: Trouble) -> Polls:
        running = vendor_server(troubled(case.simulate(world, lies or Lies()), *troubles))
        open_ones.append(running)
        return Polls(case, running.__enter__(), tmp_path)

    yield start
    for running in open_ones:
        running.__exit__(None, None, None)


def nothing_wrong(polls: Polls, world: World) -> None:
    assert polls.ledger.wrong(world) == {"lost": [], "twice": [], "untrue": []}
    assert polls.ledger.unreadable == []
    assert polls.cursors_are_monotone()


def world_of(many: int) -> World:
    world = World()
    world.say(many)
    return world


def test_every_record_comes_once_over_several_pages(simulated: Simulated) -> None:
    world = world_of(25)
    polls = simulated(world)
    polls.until_quiet()
    nothing_wrong(polls, world)


def test_nothing_there_is_no_error(simulated: Simulated) -> None:
    assert all(polled.whole for polled in simulated(World()).once())


def test_the_next_poll_goes_on_at_the_saved_cursor(simulated: Simulated) -> None:
    world = world_of(8)
    polls = simulated(world)
    polls.once(2)
    world.say(5)
    polls.once(2)
    nothing_wrong(polls, world)
    assert polls.ledger.revisions == 0


@pytest.mark.parametrize(
    "trouble",
    [
        every(2, limited("0")),
        every(2, limited(None)),
        every(2, away(500)),
        every(2, html_page()),
        every(2, html_page(503)),
        every(3, Said(wire="reset")),
        every(3, Said({"x": "y" * 99}, wire="cut")),
    ],
    ids=["429 told", "429 bare", "500", "HTML", "HTML 503", "reset", "cut"],
)
def test_what_passes_loses_nothing(simulated: Simulated, trouble: Trouble) -> None:
    world = world_of(12)
    polls = simulated(world, None, trouble)
    polls.until_quiet()
    nothing_wrong(polls, world)


def test_a_quota_that_stays_used_up_ends_the_poll_and_loses_nothing(simulated: Simulated) -> None:
    world = world_of(12)
    polls = simulated(world)
    honest = polls.server.answer
    polls.server.answer = script(limited("3600"))
    assert all(polled.failed and polled.wait_s >= 3600 for polled in polls.once())
    polls.server.answer = honest
    polls.until_quiet()
    nothing_wrong(polls, world)


def test_a_token_that_is_refused_says_so_and_a_new_one_goes_on(simulated: Simulated) -> None:
    world = world_of(12)
    polls = simulated(world, None, once(1, Said({"error": "expired"}, 401)))
    polls.until_quiet()
    nothing_wrong(polls, world)


@pytest.mark.parametrize(
    "lies",
    [{"shuffle": True}, {"repeat_item": 1}, {"repeat_page": 3}, {"regress": 3}],
    ids=lambda lies: next(iter(lies)),
)
def test_pages_that_lie_lose_nothing(simulated: Simulated, lies: dict[str, Any]) -> None:
    world = world_of(25)
    polls = simulated(world, Lies(**lies))
    polls.until_quiet()
    nothing_wrong(polls, world)


def test_pages_that_never_end_do_end(simulated: Simulated) -> None:
    world = world_of(12)
    polls = simulated(world, Lies(endless=True))
    polls.once(3)
    nothing_wrong(polls, world)
    assert len(polls.server.asked) < 1_000


def test_an_edit_is_the_next_version_of_the_same_record(simulated: Simulated, case: VendorCase) -> None:
    world = world_of(6)
    polls = simulated(world)
    polls.once()
    if not case.edits:
        pytest.skip("this vendor tells of no edits: docs/connectors.md says so")
    world.edit(3)
    polls.once(2)
    nothing_wrong(polls, world)
    assert polls.ledger.revisions == 1


def test_what_was_deleted_is_gone(simulated: Simulated, case: VendorCase) -> None:
    world = world_of(6)
    polls = simulated(world)
    polls.once()
    if not case.deletes:
        pytest.skip("this vendor tells of no deletions: docs/connectors.md says so")
    world.delete(4)
    polls.once(2)
    nothing_wrong(polls, world)
    assert polls.ledger.gone


@pytest.mark.parametrize(
    "answer",
    [Said([]), Said({}), Said(None), Said("text"), Said({"errors": ["no"]}), Said(b"<oops"), Said(b"", 304)],
)
def test_an_answer_of_another_shape_ends_the_poll_and_moves_no_cursor(
    simulated: Simulated, answer: Said
) -> None:
    polls = simulated(world_of(3))
    polls.patience = Patience(tries=2)
    polls.server.answer = script(answer)
    told = polls.once()
    assert all("defect" not in polled.failed for polled in told), told
    assert polls.ledger.standing == {}
    assert polls.saved == {} or not polls.ledger.standing


@pytest.mark.parametrize("many", [60, pytest.param(2_000, marks=pytest.mark.slow)])
def test_every_misbehaviour_at_once_loses_nothing_and_doubles_nothing(
    simulated: Simulated, case: VendorCase, many: int
) -> None:
    world = world_of(many * 3 // 4)
    polls = simulated(world, every_lie(), *EVERY_TROUBLE)
    polls.once(2)
    world.say(many - len(world.items))
    for number in range(5, many, 10):
        if case.edits and number % 20 == 5:
            world.edit(number)
        elif case.deletes:
            world.delete(number)
    polls.until_quiet()
    nothing_wrong(polls, world)


def test_wrong_options_are_refused_by_name(case: VendorCase) -> None:
    good = case.connection("http://127.0.0.1:1")
    case.vendor.check(good)
    for options, word in case.wrong_options:
        bad = Connection(
            good.name, good.vendor, good.tenant, {**good.options, **options}, credential=good.credential
        )
        with pytest.raises(WrongUsage, match=word):
            case.vendor.check(bad)


def test_a_credential_that_is_missing_is_named(case: VendorCase) -> None:
    def none(which: str) -> str:
        raise WrongUsage(f"credential_files names no {which}")

    good = case.connection("http://127.0.0.1:1")
    bad = Connection(good.name, good.vendor, good.tenant, good.options, credential=none)
    with pytest.raises(PipelineError, match="credential_files"):
        case.vendor.check(bad)

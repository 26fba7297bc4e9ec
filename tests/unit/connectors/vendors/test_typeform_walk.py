"""Typeform's walk from new to old: what its cursor does with odd times, lost forms and interruptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.vendors.http import Patience
from tests.conformance.vendors.typeform.case import CASE, FORMS, response
from tests.support.vendors.polls import Polls
from tests.support.vendors.server import Asked, Said, away, vendor_server
from tests.support.vendors.world import Lies, World


def answering(world: World, **changed: Any) -> Any:
    """The simulation, with fields of every response changed."""
    honest = CASE.simulate(world, Lies())

    def answer(asked: Asked) -> Said:
        said = honest(asked)
        if asked.path.endswith("/responses") and "before" not in asked.query:
            odd = {**response(world.say()[0]), "token": "odd", "response_id": "odd", **changed}
            return Said({**said.body, "items": [odd, *said.body["items"]]})
        return said

    return answer


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00Z", "never", None])
def test_a_response_of_the_future_or_without_a_time_hides_no_other(tmp_path: Path, at: str | None) -> None:
    world = World()
    world.say(2)
    with vendor_server(answering(world, submitted_at=at, landed_at=at)) as server:
        polls = Polls(CASE, server, tmp_path)
        polls.once()
        server.answer = CASE.simulate(world, Lies())
        new = world.say(2)
        polls.once(2)
    told = [body.text for body in polls.ledger.standing.values()]
    assert all(item.text in told for item in new)
    assert len(polls.ledger.unreadable) == (0 if at and at.startswith("2099") else len(FORMS))


def test_a_form_that_is_not_seen_stops_no_other_and_is_named(tmp_path: Path) -> None:
    world = World()
    world.say(4)
    with vendor_server(CASE.simulate(world, Lies())) as server:
        polls = Polls(CASE, server, tmp_path, options={"forms": ["lost", *FORMS]})
        (polled,) = polls.once()
    assert "no form lost" in polled.failed
    assert polls.ledger.wrong(world)["lost"] == []


def test_a_walk_that_is_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    world = World()
    world.say(80)
    honest = CASE.simulate(world, Lies())
    with vendor_server(lambda asked: away() if asked.number == 4 else honest(asked)) as server:
        polls = Polls(CASE, server, tmp_path, options={"forms": [FORMS[0]]}, patience=Patience(tries=1))
        polls.once()
        first = [asked.query.get("before") for asked in server.asked]
        polls.once()
        again = [asked.query.get("before") for asked in server.asked][len(first) :]
    assert first[-1]
    assert again[1] == first[-1]
    assert len(polls.ledger.standing) == 40


def test_a_walk_whose_place_was_deleted_begins_anew(tmp_path: Path) -> None:
    world = World()
    world.say(40)
    honest = CASE.simulate(world, Lies())
    with vendor_server(lambda asked: away() if asked.number == 4 else honest(asked)) as server:
        polls = Polls(CASE, server, tmp_path, options={"forms": [FORMS[0]]}, patience=Patience(tries=1))
        polls.once()
        before = server.asked[-1].query["before"]
        lost = next(item for item in world.living if response(item)["token"] == before and item.id % 2 == 0)
        del world.items[lost.id]
        polls.once()
    assert len(polls.ledger.standing) == 20

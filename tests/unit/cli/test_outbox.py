"""``undercurrent outbox``: what is said of orders about several effects, one of which is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.outbox import approve
from connectors.store.engine import micros
from connectors.store.outbox import Effect, OutboxStore, State
from contracts.errors import OrderRefused
from settings import Settings
from tests.support.steps import NOON
from wiring.edge.opening import edge_store


def put(directory: Path, **states: State) -> OutboxStore:
    """Effects by name, each in its state."""
    at = micros(NOON)
    store = OutboxStore(edge_store(Settings(), directory))
    store.add(
        Effect(
            id=name, tenant="acme", destination="acme-linear", kind="linear", verb="open", about=name, place=1,
            record_id="0-1-priority-0", state=state, autonomy="suggest", happened_at=at, taken_at=at, changed_at=at,
        )
        for name, state in states.items()
    )  # fmt: skip
    return store


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_approved_is_said_though_another_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    store = put(tmp_path, a="proposed", b="done", c="proposed")
    with pytest.raises(OrderRefused, match=r"^b is done, not proposed$"):
        approve(["a", "b", "c"], "ann", data=tmp_path, as_json=as_json)
    assert [store.find(name)[0].state for name in "abc"] == ["pending", "done", "pending"]
    said = capsys.readouterr().out
    if as_json:
        assert [(one["id"], one["state"]) for one in json.loads(said)] == [("a", "pending"), ("c", "pending")]
    else:
        assert said == "pending: a\npending: c\n"


def test_an_effect_that_is_named_twice_is_approved_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, abc="proposed")
    approve(["abc", "ab"], "ann", data=tmp_path)
    assert capsys.readouterr().out == "pending: abc\n"

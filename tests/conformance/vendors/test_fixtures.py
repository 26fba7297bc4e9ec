"""Every fixture of every vendor is mapped as it is written beside it.

A fixture is JSON: ``webhook`` (the body of one) or ``answers`` (path → body, or a list of bodies in order, of what the
vendor answers), perhaps ``options`` of the connection; and ``taken``: what is made of it, fields that are given only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.vendors.port import Request, Taken, Utterance
from contracts.feedback import FeedbackBody
from tests.support.vendors.case import VendorCase, cases
from tests.support.vendors.clock import NOW
from tests.support.vendors.polls import Polls
from tests.support.vendors.server import Answering, Asked, Said, vendor_server

FIXTURES = [
    pytest.param(case, fixture, id=f"{case.name}-{name}")
    for case in cases()
    for name, fixture in case.fixtures
]


class Taking:
    """A gate that keeps what comes, in order."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []

    async def accept(self, _connection: Any, taken: Sequence[Taken], *, bulk: bool = False) -> None:
        self.taken += taken


def answers_of(fixture: Mapping[str, Any]) -> Answering:
    """Each path answers its bodies one after another, the last one again and again; 404 elsewhere."""
    left = {path: body if isinstance(body, list) else [body] for path, body in fixture["answers"].items()}

    def answer(asked: Asked) -> Said:
        bodies = left.get(asked.path)
        if not bodies:
            return Said({"error": "not found"}, 404)
        return Said(bodies.pop(0) if len(bodies) > 1 else bodies[0])

    return answer


def told(one: Taken) -> dict[str, Any]:
    """What was taken, as a fixture writes it."""
    kind = type(one).__name__
    said = orjson.loads(orjson.dumps(asdict(one), default=lambda raw: raw.decode()))
    if isinstance(one, Utterance):
        said["body"] = orjson.loads(
            FeedbackBody.model_validate(one.body).model_dump_json(exclude_defaults=True)
        )
    return {"is": kind, **said}


def narrowed(wanted: Any, got: Any) -> Any:
    """``got`` with the fields that ``wanted`` names; lists as long as they are."""
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [narrowed(w, g) for w, g in zip(wanted, got, strict=True)]
    if isinstance(wanted, dict) and isinstance(got, dict):
        return {name: narrowed(value, got.get(name)) for name, value in wanted.items()}
    return got


def place(one: Mapping[str, Any]) -> str:
    """Streams are read side by side, so their order is no fact."""
    return str(one.get("record_id") or one.get("account"))


@pytest.mark.parametrize(("case", "fixture"), FIXTURES)
def test_a_fixture_is_mapped_as_it_is_written(
    case: VendorCase, fixture: Mapping[str, Any], tmp_path: Path
) -> None:
    options = fixture.get("options", {})
    if "webhook" in fixture:
        body = orjson.dumps(fixture["webhook"])
        connection = case.connection("http://127.0.0.1:1", **options)
        taken = case.vendor.received(connection, Request({}, body, NOW))
    else:
        gate = Taking()
        with vendor_server(answers_of(fixture)) as server:
            Polls(case, server, tmp_path, ledger=gate, options=options).once()  # type: ignore[arg-type]
        taken = gate.taken
    got = sorted((told(one) for one in taken), key=place)
    wanted = sorted(fixture["taken"], key=place)
    assert narrowed(wanted, got) == wanted

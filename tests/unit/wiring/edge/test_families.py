"""What is deleted at a vendor takes everything with it that was said in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from connectors.store.engine import open_store, sqlite_url
from connectors.store.parts import PartStore
from connectors.vendors.port import Connection, Gone, Taken, Utterance
from contracts.errors import RetryLater
from tests.support.vendors.clock import NOW
from tests.support.vendors.scripted import Took
from wiring.edge.families import Families
from wiring.edge.vendors import vendors


def part(record: str, parent: str = "") -> Utterance:
    return Utterance(record, {"text": "It fails."}, NOW, parent=parent)


def accept(folder: Path, gate: Took, *batches: Sequence[Taken], name: str = "acme") -> None:
    """Through a gate of the same store, each batch by itself; a shut gate refuses, and that is all."""

    async def go() -> None:
        engine = open_store(sqlite_url(folder / "edge.sqlite3"))
        families = Families(gate, PartStore(engine))
        for batch in batches:
            with contextlib.suppress(RetryLater):
                await families.accept(Connection(name, "v", "acme"), batch)
        families.close()
        engine.dispose()

    asyncio.run(go())


def test_the_parts_of_what_is_gone_are_gone_with_its_reason(tmp_path: Path) -> None:
    gate = Took()
    accept(
        tmp_path,
        gate,
        [part("7:1", "7"), part("7:2", "7"), part("8:1", "8")],
        [Gone("7", "deleted", erase=True)],
    )
    assert gate.taken[3:] == [Gone(record, "deleted", erase=True) for record in ("7", "7:1", "7:2")]


def test_what_was_merged_leaves_its_parts_to_the_other(tmp_path: Path) -> None:
    gate = Took()
    merged = Gone("7", "merged", parts_stay=True)
    accept(tmp_path, gate, [part("m1", "7"), part("m2", "7")], [merged], [part("m1", "8")], [Gone("7", "x")])
    assert gate.ids[2:] == ["7", "m1", "7", "m2"]
    accept(tmp_path, gate, [Gone("8", "deleted")])
    assert gate.ids[6:] == ["8", "m1"]


def test_parts_are_known_before_they_are_durable(tmp_path: Path) -> None:
    gate = Took(shut=1)
    accept(tmp_path, gate, [part("7:1", "7")], [Gone("7", "deleted")])
    assert gate.ids == ["7", "7:1"]


def test_what_another_connection_calls_so_stays(tmp_path: Path) -> None:
    accept(tmp_path, Took(), [part("7:1", "7")], name="other")
    gate = Took()
    accept(tmp_path, gate, [Gone("7", "deleted")])
    assert gate.ids == ["7"]


def test_every_vendor_that_says_so_is_found() -> None:
    assert {"intercom", "zendesk", "typeform"} <= vendors().keys()
    assert all(name == vendor.name for name, vendor in vendors().items())

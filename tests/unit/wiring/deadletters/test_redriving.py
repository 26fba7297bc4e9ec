"""The order for a dead letter: as it came, corrected, or not at all, with what helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from contracts.commands import Redrive
from contracts.envelope import Envelope
from contracts.errors import WrongUsage
from contracts.feedback import Undecodable
from contracts.identity import item_id
from contracts.registry import NOBODY, UNKEYED, read_record, write_record
from tests.support.runs import NOON, RunBuilder
from tests.support.steps import Journey
from wiring.appending import Given
from wiring.deadletters.letters import Letter, Wanted, dead, named, oldest_first, read_letters
from wiring.deadletters.redriving import Fixed, redrive_of
from wiring.views.topics import Topics

BODY = orjson.dumps({"text": "The export is broken.", "author": "ann"})


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    journey.steps = {"journal": journey.steps["journal"]}
    yield journey
    journey.vault.close()


def letters(journey: Journey, directory: Path) -> list[Letter]:
    """What the topics of this journey, written to files, say of its letters."""
    for topic, records in journey.topics.items():
        folder = directory / "logs" / topic
        folder.mkdir(parents=True)
        lines = [as_it_came(record) for record in records]
        (folder / "p0000.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return read_letters(Topics(directory / "logs"))


def as_it_came(record: Envelope) -> bytes:
    if isinstance(record, Undecodable):
        return UNKEYED + record.value if record.reason == "no_key" else record.value
    return write_record(record)


def order(given: Given) -> Redrive:
    assert isinstance(given.order, Redrive)
    return given.order


def test_what_came_is_ordered_as_it_came(journey: Journey, tmp_path: Path) -> None:
    came = journey.deliver("", raw=b"{")
    (letter,) = letters(journey, tmp_path)
    given = redrive_of(letter, journey.vault, NOON)
    assert (given.tenant, order(given).item, order(given).attempt) == ("acme", came, 2)


def test_a_corrected_body_is_sealed_for_its_author(journey: Journey, tmp_path: Path) -> None:
    came = journey.deliver("", unreadable="torn", raw=b"{")
    (letter,) = letters(journey, tmp_path)
    item = order(redrive_of(letter, journey.vault, NOON, Fixed(BODY))).item
    assert (item.item_id, item.unreadable) == (came.item_id, None)
    assert item.author == item.body.subject == journey.vault.subject("acme", "ann")
    assert journey.vault.open("acme", item.body) == BODY


def test_a_value_that_this_version_can_read_needs_no_correction(journey: Journey, tmp_path: Path) -> None:
    value = write_record(journey.deliver("The export is broken."))
    journey.put(UNKEYED + value)
    (letter,) = letters(journey, tmp_path)
    assert order(redrive_of(letter, journey.vault, NOON)).item == read_record("journal", value)


def test_a_value_that_nobody_can_read_asks_for_a_correction_and_an_owner(
    journey: Journey, tmp_path: Path
) -> None:
    journey.put(b"\xff")
    (letter,) = letters(journey, tmp_path)
    with pytest.raises(WrongUsage, match="--fixed FILE, or drop it"):
        redrive_of(letter, journey.vault, NOON)
    with pytest.raises(WrongUsage, match="--tenant"):
        redrive_of(letter, journey.vault, NOON, Fixed(BODY))
    item = order(redrive_of(letter, journey.vault, NOON, Fixed(BODY, "acme"))).item
    assert (item.tenant, item.item_id) == ("acme", item_id("acme", "redrive", letter.id))


def test_a_correction_that_is_none_is_named_without_its_words(journey: Journey, tmp_path: Path) -> None:
    journey.deliver("", raw=b"{")
    (letter,) = letters(journey, tmp_path)
    with pytest.raises(WrongUsage, match="--fixed: not a feedback body: rating") as refused:
        redrive_of(letter, journey.vault, NOON, Fixed(b'{"text": "secret", "rating": 9}'))
    assert "secret" not in str(refused.value)


def test_letters_are_chosen_and_those_that_are_not_dead_are_refused(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    for record, reason in (("r1", "invalid"), ("r2", "decode")):
        run.reject(run.deliver("x", record=record), reason=reason)
    run.item("The export fails", record="r2", change="waiting")
    found = read_letters(Topics(run.write() / "logs"))
    run.close()
    assert [letter.state for letter in found] == ["dead", "superseded"]
    assert dead(found, Wanted(reason="decode")) == dead(found, Wanted(tenant="beta")) == []
    assert named(found, [found[0].id]) == dead(found) == found[:1]
    with pytest.raises(WrongUsage, match="a newer revision of its item went on since"):
        named(found, [found[1].id])


def test_the_oldest_letters_are_first_whatever_partition_they_lie_in(
    journey: Journey, tmp_path: Path
) -> None:
    journey.deliver("", raw=b"{")
    (letter,) = letters(journey, tmp_path)

    def came(name: str, minute: int, tenant: str = "acme") -> Letter:
        at = NOON.replace(minute=minute)
        known = {"id": name, "tenant": tenant, "ingested_at": at}
        return replace(letter, record=letter.record.model_copy(update=known))

    one, other = [came("0-1-intake-0", 5), came("0-2-intake-0", 3)], [came("7-1-intake-0", 4)]
    unknown = came("3-1-intake-0", 9, NOBODY)
    assert [found.id for found in oldest_first([*one, unknown, *other])] == [
        unknown.id, other[0].id, one[0].id, one[1].id
    ]  # fmt: skip

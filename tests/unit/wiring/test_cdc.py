"""A table's change events on a real broker become what stands of its feedback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from contracts.diversions import DeadLetter, Receipt
from contracts.errors import StateCorrupt, WrongUsage
from contracts.feedback import FeedbackReceived
from contracts.registry import write_record
from contracts.stages import RedactedItem
from tests.support.broker import make_topics
from tests.support.kafka_parts import delete_before
from tests.support.steps import NOON, Journey
from tests.unit.wiring.bulk.lanes import records
from wiring.cdc import Mirror, Table, map_of, mirror_for_ever
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

MS = 1_772_366_400_000


class Shop:
    """A table, its topic, and a mirror of it."""

    def __init__(self, broker: Broker, naming: Naming, folder: Path) -> None:
        self.cluster, self.naming = broker.cluster, naming
        self.topic = f"{naming.prefix}.public.reviews"
        make_topics(self.cluster, [self.topic, naming.journal], 1)
        self.journey = Journey(folder)
        self.journey.steps = {"journal": self.journey.steps["journal"]}
        self._producer = self.cluster.producer()

    def write(self, op: str, row: dict[str, Any], at: int) -> None:
        image = {"before": row} if op == "d" else {"after": row}
        told = {"op": op, **image, "source": {"ts_ms": MS + at, "lsn": at}}
        self._producer.produce(self.topic, orjson.dumps(told), orjson.dumps({"id": row["id"]}), 0)
        if op == "d":
            self._producer.produce(self.topic, None, orjson.dumps({"id": row["id"]}), 0)

    def flush(self) -> None:
        self._producer.flush(10)

    def mirrored(self, group: str = "g", mapping: str = "source_record_id=id,text=body") -> int:
        self.flush()
        table = Table("acme", "reviews", map_of(mapping))
        mirror = Mirror(table, self.journey.vault, lambda: NOON)
        with KafkaJournal(self.cluster, self.naming.journal, 1, "cdc") as journal:
            name = f"{self.naming.prefix}-{group}"
            over = {"is_over": lambda: False, "until_end": True}
            return mirror_for_ever(self.cluster, self.topic, name, mirror, journal, 0, **over)

    def taken_in(self) -> list[tuple[int, bool]]:
        """Revision, and whether it was withdrawn, of all that intake made of the journal."""
        for record in records(self.cluster, self.naming.journal):
            self.journey.put(write_record(record))
        return [(r.revision, r.withdrawn) for r in self.journey.of("redacted", RedactedItem)]


@pytest.fixture
def shop(broker: Broker, naming: Naming, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(broker, naming, tmp_path)
    yield opened
    opened.journey.vault.close()


def test_inserts_updates_and_deletes_are_mirrored(shop: Shop) -> None:
    shop.write("c", {"id": 1, "body": "The export is broken"}, 1)
    shop.write("u", {"id": 1, "body": "The export is still broken"}, 2)
    shop.write("d", {"id": 1}, 3)
    assert (shop.mirrored(), shop.taken_in()) == (3, [(1, False), (2, False), (3, True)])


def test_a_row_that_is_made_again_after_its_deletion_stands(shop: Shop) -> None:
    for op, at in (("c", 1), ("d", 2), ("c", 3)):
        shop.write(op, {"id": 1, "body": "The export is broken"}, at)
    shop.mirrored()
    assert shop.taken_in() == [(1, False), (2, True), (3, False)]


def test_a_topic_that_is_read_again_from_its_start_changes_nothing(shop: Shop) -> None:
    for at, body in enumerate(("The export is broken", "The map is slow", "The login fails")):
        shop.write("u", {"id": 1, "body": body}, at)
    shop.write("r", {"id": 2, "body": "The search is empty"}, 9)
    shop.mirrored("first")
    shop.mirrored("again")
    assert shop.taken_in() == [(1, False), (2, False), (3, False), (1, False)]
    assert [r.outcome for r in shop.journey.of("receipts", Receipt)] == ["stale", "stale", "repeat", "repeat"]


def test_a_mirror_goes_on_where_its_group_is(shop: Shop) -> None:
    shop.write("c", {"id": 1, "body": "The export is broken"}, 1)
    assert shop.mirrored() == 1
    shop.write("c", {"id": 2, "body": "The map is slow"}, 2)
    assert shop.mirrored() == 1


def test_what_is_no_change_event_is_a_dead_letter_and_the_rest_goes_on(shop: Shop) -> None:
    shop._producer.produce(shop.topic, b"not json", None, 0)
    shop.write("c", {"id": 2, "body": "The map is slow"}, 2)
    shop.mirrored()
    assert shop.taken_in() == [(1, False)]
    (letter,) = shop.journey.of("dead-letters", DeadLetter)
    assert (letter.reason, letter.found_at.line) == ("unreadable", 0)


@pytest.mark.parametrize("odd", [{"body": "x" * 3_400_000}, {"body": "slow", "shop": "s" * 65}])
def test_a_row_that_no_record_can_hold_is_put_aside_and_the_rest_goes_on(
    shop: Shop, odd: dict[str, Any]
) -> None:
    shop.write("c", {"id": 1, "by": "jo", **odd}, 1)
    shop.write("c", {"id": 2, "by": "jo", "body": "The export is broken"}, 2)
    assert shop.mirrored(mapping="source_record_id=id,text=body,source=shop,author=by") == 2
    aside, fine = records(shop.cluster, shop.naming.journal)
    assert isinstance(aside, FeedbackReceived)
    assert isinstance(fine, FeedbackReceived)
    assert [bool(aside.unreadable), bool(fine.unreadable)] == [True, False]
    assert aside.body.subject == fine.body.subject  # what is erased for its author includes it


def test_an_update_that_does_not_repeat_a_large_text_leaves_it_standing(shop: Shop) -> None:
    shop.write("c", {"id": 1, "body": "The export is broken", "stars": 1}, 1)
    shop.write("u", {"id": 1, "body": "__debezium_unavailable_value", "stars": 2}, 2)
    shop.mirrored(mapping="source_record_id=id,text=body,rating=stars")
    assert shop.taken_in() == [(1, False)]
    (letter,) = shop.journey.of("dead-letters", DeadLetter)
    assert "REPLICA IDENTITY" in letter.message


@pytest.mark.parametrize("claimed", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 10**14, "never"])
def test_a_row_that_cannot_have_been_made_then_counts_as_of_its_change(shop: Shop, claimed: Any) -> None:
    shop.write("c", {"id": 1, "body": "The map is slow", "made": claimed}, 0)
    shop.mirrored(mapping="source_record_id=id,text=body,created_at=made")
    (record,) = records(shop.cluster, shop.naming.journal)
    assert record.event_time.timestamp() * 1000 == MS


def test_a_value_that_is_nested_too_deeply_to_be_written_is_put_aside(shop: Shop) -> None:
    deep = b'{"op":"c","after":{"id":1,"body":' + b"[" * 300 + b"]" * 300 + b"}}"
    shop._producer.produce(shop.topic, deep, None, 0)
    shop.write("c", {"id": 2, "body": "The map is slow"}, 2)
    assert shop.mirrored() == 2


def test_changes_that_retention_deleted_unread_are_never_jumped_over(shop: Shop) -> None:
    for n in range(4):
        shop.write("c", {"id": n, "body": "The export is broken"}, n)
        if n == 0:
            shop.mirrored()
    shop.flush()
    delete_before(shop.cluster, shop.topic, 0, 3)
    with pytest.raises(StateCorrupt, match="it begins at 3"):
        shop.mirrored()


def test_a_map_without_the_rows_key_is_refused() -> None:
    with pytest.raises(WrongUsage, match="source_record_id"):
        Table("acme", "reviews", map_of("text=body"))

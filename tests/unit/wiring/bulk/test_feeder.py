"""The feeder on a real broker: all of it, in order, in turns, once, and only while little waits before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connectors.kafka.messages import KafkaMessage
from connectors.kafka.names import Naming
from contracts.envelope import Envelope
from contracts.errors import StateCorrupt
from contracts.feedback import FeedbackReceived
from tests.support.broker import make_topics
from tests.support.kafka_parts import delete_before, put
from tests.unit.wiring.bulk.lanes import NOW, lane_of, messages, records, reviews, write_csv
from wiring.bulk import channel
from wiring.bulk.feeder import Feeder, Pace
from wiring.bulk.upload import Options, upload
from wiring.kafka.broker import Broker
from wiring.kafka.positions import commit_positions, position_group
from wiring.topics import INPUTS

pytestmark = pytest.mark.lengthy

EAGER = Pace(ahead=10**6, ahead_in_all=10**6)


class Site:
    """Topics of one partition, and uploads into them."""

    def __init__(self, broker: Broker, naming: Naming, folder: Path) -> None:
        self.cluster, self.naming, self.folder = broker.cluster, naming, folder
        make_topics(broker.cluster, [naming.topic("bulk"), *map(naming.topic, INPUTS.values())], 1)

    def upload(self, tenant: str, count: int) -> None:
        path = write_csv(self.folder / f"{tenant}-{count}.csv", reviews(count, f"{tenant}{count}-"))
        upload(path, Options(), lane_of(self.cluster, self.naming, self.folder, tenant), now=NOW)

    def feeder(self, pace: Pace = EAGER) -> Feeder:
        return Feeder(self.cluster, self.naming, 1, self.folder / "feeder", pace)

    def fed(self) -> list[Envelope]:
        return records(self.cluster, self.naming.journal)

    def tenants(self) -> list[str]:
        return [record.tenant for record in self.fed()]

    def lines(self, tenant: str) -> list[int | None]:
        deliveries = [r for r in self.fed() if isinstance(r, FeedbackReceived)]
        return [r.found_at.line for r in deliveries if r.tenant == tenant]

    def done(self, ordinal: int) -> None:
        """The first stage has done so much of the journal."""
        group = position_group(self.naming, "intake")
        commit_positions(self.cluster, group, {(self.naming.journal, 0): ordinal})


@pytest.fixture
def site(broker: Broker, naming: Naming, tmp_path: Path) -> Iterator[Site]:
    return Site(broker, naming, tmp_path)


def drained(feeder: Feeder) -> None:
    with closing(feeder):
        while feeder.turn():
            pass


def test_all_of_an_upload_reaches_the_journal_once_and_in_order(site: Site) -> None:
    site.upload("acme", 1300)
    drained(site.feeder())
    assert site.lines("acme") == list(range(2, 1302))


def test_a_record_is_fed_byte_for_byte(site: Site) -> None:
    site.upload("acme", 3)
    drained(site.feeder())
    bulk, fed = (messages(site.cluster, t) for t in (site.naming.topic("bulk"), site.naming.journal))
    assert [(m.key(), m.value()) for m in fed] == [(m.key(), m.value()) for m in bulk]


def test_what_retention_deleted_before_it_was_fed_is_never_jumped_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "NOTED_EVERY", 1)
    site.upload("acme", 10)
    with closing(site.feeder(Pace(ahead=4, ahead_in_all=4))) as feeder:
        feeder.turn()
    delete_before(site.cluster, site.naming.topic("bulk"), 0, 8)
    with pytest.raises(StateCorrupt, match="begins at 8"):
        site.feeder()
    (site.folder / "feeder" / "0.json").unlink()
    drained(site.feeder())
    assert site.lines("acme")[-2:] == [10, 11]


def test_what_goes_while_a_feeder_looks_is_refused_with_the_same_remedy(site: Site) -> None:
    with closing(site.feeder()) as feeder:
        site.upload("acme", 10)
        delete_before(site.cluster, site.naming.topic("bulk"), 0, 8)
        with pytest.raises(StateCorrupt, match=r"begins at 8.*to go on without it delete .*0\.json"):
            feeder.turn()


def test_a_small_upload_does_not_wait_for_a_large_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "BUFFERED", 50)
    site.upload("large", 400)
    site.upload("small", 10)
    drained(site.feeder())
    assert set(site.tenants()[:20]) == {"large", "small"}
    assert (site.tenants()[:20].count("small"), site.lines("large")) == (10, list(range(2, 402)))


@pytest.mark.parametrize("notes", ["kept", "lost"])
def test_a_feeder_that_was_killed_goes_on_where_the_journal_ends(site: Site, notes: str) -> None:
    site.upload("acme", 100)
    site.upload("beta", 30)
    with closing(site.feeder(Pace(ahead=40, ahead_in_all=40))) as first:
        first.turn()
    if notes == "lost":
        for note in (site.folder / "feeder").glob("*.json"):
            note.unlink()
    drained(site.feeder())
    assert (site.lines("acme"), site.lines("beta")) == (list(range(2, 102)), list(range(2, 32)))


def test_a_key_that_is_no_text_is_fed_as_it_is_and_remembered(site: Site) -> None:
    odd = KafkaMessage(b"\xff\xfe", b"{}", (), 0)
    put(site.cluster, site.naming.topic("bulk"), 0, [odd, b"[1,"])
    drained(site.feeder())
    drained(site.feeder())
    assert [m.key() for m in messages(site.cluster, site.naming.journal)] == [b"\xff\xfe", b"acme"]


@pytest.mark.parametrize("said", [b"soon", b"-1", b"", b"9" * 5_000, b"\xff", b"7000000"])
def test_a_header_of_the_feeder_s_that_is_not_its_own_ends_nothing_and_loses_nothing(
    site: Site, said: bytes
) -> None:
    strange = KafkaMessage(b"acme", b"{}", ((channel.FED, said),), 0)
    put(site.cluster, site.naming.journal, 0, [strange])
    put(site.cluster, site.naming.topic("bulk"), 0, [strange])
    site.upload("acme", 3)
    for _ in range(2):
        drained(site.feeder())
    assert len(messages(site.cluster, site.naming.journal)) == 1 + 1 + 3


def test_nothing_is_fed_while_the_stages_are_behind(site: Site) -> None:
    site.upload("acme", 100)
    with closing(site.feeder(Pace(ahead=30, ahead_in_all=30))) as feeder:
        assert (feeder.turn(), feeder.turn()) == (30, 0)
        site.done(12)
        assert (feeder.turn(), feeder.turn()) == (12, 0)


def test_what_is_uploaded_later_is_fed_too(site: Site) -> None:
    site.upload("acme", 5)
    with closing(site.feeder()) as feeder:
        assert (feeder.turn(), feeder.turn()) == (5, 0)
        site.upload("acme", 7)
        assert feeder.turn() == 7

"""Where a replay begins, what it makes and drops, and what it refuses; on a real broker, without stages."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.replay import read_since
from cli.replay import replay as replay_command
from connectors.kafka.admin import topic_ids
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held
from connectors.labelling.table import AnswerTable
from contracts.errors import RecoveryRefused, StateCorrupt, StopWorker, WrongUsage
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker
from wiring.kafka.home import Member, joined
from wiring.kafka.replay import (
    Advances,
    Replay,
    Since,
    _offsets_at,
    begin,
    drop,
    own_answers,
    own_topics,
    read_replay,
)
from wiring.kafka.running import Site

pytestmark = pytest.mark.lengthy

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def site(broker: Broker, naming: Naming, tmp_path: Path) -> Site:
    """g1 has an enriched topic with a message a second in partition 0 and none in partition 1; g2 is new."""
    make_topics(broker.cluster, [naming.topic("enriched")], 2)
    producer = broker.cluster.producer()
    for second in range(10):
        at = round((START + timedelta(seconds=second)).timestamp() * 1000)
        producer.produce(naming.topic("enriched"), b"{}", partition=0, timestamp=at)
    assert producer.flush(10) == 0
    return Site(broker.cluster, replace(naming, generation="g2"), tmp_path, 2)


def test_a_time_becomes_an_offset_in_every_partition(site: Site) -> None:
    made, _ = begin(site, "enriched", "g1", Since(time=START + timedelta(seconds=6)))
    assert (made.starts, made.stages) == ({0: 6}, ("themes", "priority"))


def test_a_time_behind_everything_begins_at_the_end(site: Site) -> None:
    made, _ = begin(site, "enriched", "g1", Since(time=START + timedelta(days=1)))
    assert made.starts == {0: 10}


def test_a_time_before_all_time_begins_at_the_first_record(site: Site) -> None:
    made, _ = begin(
        site, "enriched", "g1", Since(time=datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    )
    assert made.starts == {}


def test_a_partition_that_does_not_answer_for_a_time_is_no_place_to_begin(site: Site) -> None:
    topic = replace(site.naming, generation="g1").topic("enriched")
    with pytest.raises(StopWorker, match="looking for a time"):
        _offsets_at(site.cluster, topic, {0: Held(0, 10), 7: Held(0, 0)}, START)


def test_the_same_command_finds_what_it_began_and_another_one_is_refused(site: Site) -> None:
    begun, new = begin(site, "enriched", "g1", Since({0: 4}))
    assert (new, begin(site, "enriched", "g1", Since({0: 4}))) == (True, (begun, False))
    with pytest.raises(RecoveryRefused, match="was begun from enriched of g1, offsets 0=4, not from"):
        begin(site, "enriched", "g1", Since())


@pytest.mark.parametrize(
    ("source", "of", "since", "said"),
    [
        ("redacted", "g1", Since(), "redacted.v1 does not exist"),
        ("enriched", "g2", Since(), "cannot be replayed into itself"),
        ("themes", "g1", Since(), "a replay reads one of journal, redacted, enriched, assignments"),
        ("enriched", "g1", Since({0: 11}), "holds 0 up to before 10, not 11"),
        ("enriched", "g1", Since({7: 0}), "has no partition 7"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    site: Site, source: str, of: str, since: Since, said: str
) -> None:
    with pytest.raises(WrongUsage, match=said):
        begin(site, source, of, since)
    assert topic_ids(site.cluster, own_topics(site.naming)) == {}


def test_another_number_of_partitions_is_refused(site: Site) -> None:
    with pytest.raises(WrongUsage, match="has 2 partitions, not 3: give --partitions 2"):
        begin(replace(site, partitions=3), "enriched", "g1", Since())


def test_dropping_takes_the_topics_and_the_folder_of_that_generation_alone(site: Site) -> None:
    begin(site, "enriched", "g1", Since())
    gone = drop(site)
    assert sorted(gone) == sorted(own_topics(site.naming))
    assert read_replay(site) is None
    assert topic_ids(site.cluster, gone + own_topics(replace(site.naming, generation="g1"))).keys() == {
        replace(site.naming, generation="g1").topic("enriched")
    }


def test_a_generation_whose_stage_runs_is_not_dropped(site: Site) -> None:
    begin(site, "enriched", "g1", Since())
    with (
        joined(site.home("themes"), Member(), lambda: None),
        pytest.raises(RecoveryRefused, match="in use by the group"),
    ):
        drop(site)


def test_a_generation_keeps_a_copy_of_the_answers_that_it_was_given(site: Site, tmp_path: Path) -> None:
    make_topics(site.cluster, [replace(site.naming, generation="g1").topic("redacted")], 2)
    given = tmp_path / "answers.sqlite3"
    AnswerTable(given, make=True).close()
    with pytest.raises(WrongUsage, match="--from enriched does not run it"):
        begin(site, "enriched", "g1", Since(), given)
    begin(site, "redacted", "g1", Since(), given)
    given.unlink()
    assert own_answers(site) == tmp_path / "g2" / "answers.sqlite3"
    (tmp_path / "g2" / "answers.sqlite3").unlink()
    with pytest.raises(StateCorrupt, match="put the file back"):
        own_answers(site)


def test_a_generation_that_was_begun_without_answers_is_given_none_later(site: Site, tmp_path: Path) -> None:
    make_topics(site.cluster, [replace(site.naming, generation="g1").topic("redacted")], 2)
    begin(site, "redacted", "g1", Since())
    assert own_answers(site) is None
    with pytest.raises(RecoveryRefused, match="begun without a table"):
        begin(site, "redacted", "g1", Since(), tmp_path / "answers.sqlite3")


def test_a_generation_named_like_a_topic_owns_no_public_topic() -> None:
    owned = own_topics(Naming(generation="journal"))
    assert "undercurrent.journal.v1" not in owned


def test_nothing_is_done_before_a_stage_tells_its_position(site: Site) -> None:
    made, _ = begin(site, "enriched", "g1", Since({0: 4}))
    told = Advances(site, made).read()
    assert [(one.stage, one.done, one.there) for one in told] == [("themes", 0, 6), ("priority", 0, 0)]


def test_whoever_asks_how_far_stages_are_is_not_held_up_by_a_broker_that_is_away(tmp_path: Path) -> None:
    nobody = Site(Cluster("127.0.0.1:9", {"log_level": "0"}), Naming(generation="g2"), tmp_path, 1)
    began = time.monotonic()
    with pytest.raises(StopWorker):
        Advances(nobody, Replay("g2", "g1", "journal", "the first record", {})).read()
    assert time.monotonic() - began < 15.0


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        ("themes", {}, "a replay reads one of"),
        ("enriched", {"offset": ["0=99"]}, "holds 0 up to before 10"),
        ("enriched", {"of": "g9"}, "does not exist"),
        ("enriched", {"answers": Path("no.sqlite3")}, "does not run it"),
    ],
)
def test_nothing_is_dropped_for_a_replay_that_cannot_begin(
    site: Site, monkeypatch: pytest.MonkeyPatch, source: str, more: dict[str, Any], said: str
) -> None:
    begun, _ = begin(site, "enriched", "g1", Since())
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", site.cluster.bootstrap)
    where = {"data": site.data, "prefix": site.naming.prefix, "partitions": 2}
    with pytest.raises(WrongUsage, match=said):
        replay_command("g2", source, restart=True, yes=True, **where, **more)
    assert read_replay(site) == begun
    assert len(topic_ids(site.cluster, own_topics(site.naming))) == len(own_topics(site.naming))


def test_one_offset_counts_for_every_partition() -> None:
    assert read_since(["7", "1=9"], None, 2) == Since({0: 7, 1: 9})


@pytest.mark.parametrize(
    ("offsets", "time"), [(["x"], None), (["1"], "2026-01-01"), ([], "2026-01-01T00:00")]
)
def test_a_place_that_is_none_is_refused(offsets: list[str], time: str | None) -> None:
    with pytest.raises(WrongUsage):
        read_since(offsets, time, 2)

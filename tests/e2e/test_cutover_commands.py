"""``undercurrent cutover``, ``rollback`` and ``generations`` on a real broker, with stages that tell positions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from connectors.kafka.journal import KafkaJournal
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, between, held
from tests.support.broker import make_topics
from tests.support.commands import Told, undercurrent
from tests.support.kafka_flow import ROOT
from tests.support.published import AT, Generations
from wiring.deadletters.kafka import KafkaTopics
from wiring.health import read_beat
from wiring.kafka.broker import Broker
from wiring.kafka.generations import active_generation
from wiring.kafka.positions import commit_positions, position_group
from wiring.kafka.publisher import publisher_home
from wiring.kafka.ticker import tick_record
from wiring.topics import INPUTS, published

PARTITIONS = 2


@pytest.fixture
def world(broker: Broker, naming: Naming, tmp_path: Path) -> Generations:
    """Two generations with a journal of one tick in each partition; g1 has read it, g2 never ran."""
    made = Generations(broker.cluster, naming, tmp_path, PARTITIONS)
    inputs = [Naming(naming.prefix, one).topic(short) for one in ("g1", "g2") for short in INPUTS.values()]
    make_topics(broker.cluster, sorted(set(inputs)), PARTITIONS)
    made.make("g1", "g2")
    with KafkaJournal(broker.cluster, naming.journal, PARTITIONS, "test") as journal:
        for partition in range(PARTITIONS):
            journal.append(partition, [tick_record(AT)])
    _tell(made, "g1", 1)
    return made


def _tell(world: Generations, generation: str, journal_offset: int, now: float | None = None) -> None:
    naming = Naming(world.naming.prefix, generation)
    for stage, short in INPUTS.items():
        offset = journal_offset if short == "journal" else 0
        positions = {(naming.topic(short), partition): offset for partition in range(PARTITIONS)}
        commit_positions(world.cluster, position_group(naming, stage), positions, now=now)


def _give(world: Generations, *argv: str) -> Told:
    env = {"KAFKA_BOOTSTRAP_SERVERS": world.cluster.bootstrap}
    return undercurrent(*argv, "--prefix", world.naming.prefix, env=env)


def _orders(world: Generations, partition: int) -> list[tuple[int, str, str]]:
    """Offset, tenant and generation of every cutover in the journal."""
    place = (world.naming.journal, partition)
    there = held(world.cluster.admin(), [place])[place]
    records = [
        (m.offset() or 0, orjson.loads(m.value() or b"")) for m in between(world.cluster, *place, *there)
    ]
    return [(at, r["tenant"], r["order"]["generation"]) for at, r in records if r["kind"] == "command"]


def test_a_generation_that_never_ran_cannot_be_cut_over_to(world: Generations) -> None:
    told = _give(world, "cutover", "g2")
    assert (told.code, _orders(world, 0)) == (1, [])
    assert "no stage of g2 ever ran" in told.err


def test_what_else_is_missing_is_said_all_at_once(world: Generations) -> None:
    _tell(world, "g2", 0)
    time.sleep(0.01)  # the tick is older than the lag that is allowed
    told = _give(world, "cutover", "g2", "--max-lag", "0.005", "--json")
    assert told.code == 1
    assert told.json["missing"] == [
        "stage intake is more than 0.005 s behind in partitions 0, 1 (2 messages in all)"
    ]


def test_a_cutover_is_one_order_in_every_partition_for_everyone(world: Generations) -> None:
    _tell(world, "g2", 1)
    assert _give(world, "cutover", "g2", "--dry-run").code == 0
    assert _orders(world, 0) == []
    told = _give(world, "cutover", "g2", "--json")
    assert (told.code, told.json["ordinals"]) == (0, {"0": 1, "1": 1})
    assert [_orders(world, partition) for partition in (0, 1)] == [[(1, "*", "g2")]] * 2


def test_a_rollback_goes_to_the_generation_before(world: Generations) -> None:
    world.publish()
    refused = _give(world, "rollback")
    assert (refused.code, "knows of no generation before" in refused.err) == (2, True)
    for generation in ("g1", "g2"):
        world.mark(generation, 1, to="g2")
    world.publish()
    told = _give(world, "rollback", "--json")
    assert (told.code, _orders(world, 1)) == (0, [(1, "*", "g1")])


def test_a_rollback_from_a_generation_that_is_dead_goes_on_without_it(world: Generations) -> None:
    for generation in ("g1", "g2"):
        world.mark(generation, 0, to="g2")
        world.say(generation, "theme-events", 1, [("acme", f"{generation} at 1")])
    world.publish()
    _tell(world, "g2", 1)
    leave = ("publish", "--leave", "g2", "--until-end", "--data", str(world.data), "--partitions", "2")
    unknown = _give(world, "publish", "--leave", "g7", *leave[3:])
    assert (unknown.code, "there is no generation g7" in unknown.err) == (2, True)
    running = _give(world, *leave)
    assert (running.code, "told its positions" in running.err) == (2, True)
    _tell(world, "g2", 1, now=time.time() - 90)
    unordered = _give(world, *leave)
    assert (unordered.code, "no generation other than g2" in unordered.err) == (2, True)
    ordered = _give(world, "rollback")
    assert (ordered.code, "undercurrent publish --leave g2" in ordered.out) == (0, True), ordered
    world.say("g1", "theme-events", 2, [("acme", "g1 at 2")])
    world.mark("g1", 3, to="g1")
    world.flush()
    assert _give(world, *leave).code == 0
    assert active_generation(world.cluster, world.naming.prefix) == "g1"
    assert world.public("theme-events") == ["acme=g2 at 1", "acme=g1 at 2"]


def test_an_active_generation_that_is_down_is_said_to_hold_up_the_change(world: Generations) -> None:
    world.mark("g1", 1, to="g1")
    world.publish()
    _tell(world, "g1", 0)
    _tell(world, "g2", 1)
    time.sleep(1.1)  # the tick, which g1 has not read, is older than the lag that is allowed
    told = _give(world, "cutover", "g2", "--max-lag", "1", "--dry-run")
    assert told.code == 0
    assert "g1: stage intake is more than 1 s behind in partitions 0, 1" in told.out


def test_the_marks_of_a_cutover_are_no_records_to_who_reads_a_generation(world: Generations) -> None:
    world.mark("g1", 1, to="g2")
    world.publish()
    assert {there.end for there in _held(world, "themes")} == {1}
    topics = KafkaTopics(world.cluster, Naming(world.naming.prefix, "g1"), PARTITIONS)
    assert [record for topic in published() for record in topics.records(topic)] == []


def test_commands_see_what_subscribers_see(world: Generations) -> None:
    assert active_generation(world.cluster, world.naming.prefix) is None
    world.publish()
    assert active_generation(world.cluster, world.naming.prefix) == "g1"
    world.mark("g1", 1, to="g2")
    world.mark("g2", 1, to="g2")
    world.publish()
    assert active_generation(world.cluster, world.naming.prefix) == "g2"


def _held(world: Generations, topic: str) -> list[Held]:
    name = Naming(world.naming.prefix, "g1").topic(topic)
    return list(held(world.cluster.admin(), [(name, partition) for partition in range(PARTITIONS)]).values())


def test_generations_are_listed_with_who_is_active_where(world: Generations) -> None:
    for generation in ("g1", "g2"):
        world.mark(generation, 1, to="g2")
    world.publish()
    told = _give(world, "generations", "--json").json
    assert [(one["generation"], one["active_in"]) for one in told["generations"]] == [
        ("g1", 0),
        ("g2", PARTITIONS * len(published())),
    ]
    assert {(one["generation"], one["since"]) for one in told["public"]} == {("g2", 1)}


def test_the_publisher_follows_until_it_is_told_to_end(world: Generations) -> None:
    env = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": world.cluster.bootstrap, "PYTHONPATH": str(ROOT)}
    where = ["--prefix", world.naming.prefix, "--data", str(world.data), "--partitions", str(PARTITIONS)]
    process = subprocess.Popen([sys.executable, "-m", "cli", "publish", *where], env=env)
    try:
        world.say("g1", "alerts", 3, [("acme:x", "1")])
        world.flush()
        deadline = time.monotonic() + 60
        while not world.public("alerts") and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        process.terminate()
    assert (process.wait(30), world.public("alerts")) == (0, ["acme:x=1"])
    assert read_beat(publisher_home(world.data).root / "health-0.json") is not None

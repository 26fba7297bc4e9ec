"""The lane as a pure machine: a generation's messages in, public messages out, in whatever pieces they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest

from connectors.kafka.messages import KafkaMessage, Origin, header, message_of
from contracts.commands import Command, Cutover
from contracts.envelope import Envelope
from contracts.errors import StateCorrupt
from contracts.identity import output_id
from contracts.registry import write_record
from wiring.kafka.publishing.lane import Departure, Lane, Rules, Standing
from wiring.kafka.publishing.marks import Position, Sourced, stamp_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = Rules("theme-events", 0, "themes", is_table=False)
TABLE = Rules("themes", 0, "themes", is_table=True)


@dataclass
class World:
    """Topics of generations, as far as they are written, and the public one; it is asked as Kafka would be."""

    rules: Rules
    topics: dict[str, list[Sourced]] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)
    public: list[KafkaMessage] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def first(self, generation: str) -> int | None:
        return self.firsts.get(generation, 0) if generation in self.topics else None

    def standing(self) -> Mapping[bytes, Standing]:
        return {m.key: Standing(stamp_of(m.headers), m.value is not None) for m in self.public if m.key}

    def tell(self, notice: str) -> None:
        self.notices.append(notice)

    def write(self, generation: str, ordinal: int, *values: str, cutover: str | None = None) -> None:
        """What a stage writes because of a journal record; ``"a=1"`` is key a, value 1, ``"a="`` a tombstone."""
        topic = self.topics.setdefault(generation, [])
        origin = Origin(self.rules.topic, "theme_id", generation, "themes", 0)
        for n, value in enumerate(values):
            record = _record(ordinal, n)
            made = message_of(origin, len(topic), record, value.partition("=")[2].encode() or None)
            topic.append(Sourced(len(topic), value.partition("=")[0].encode(), made.value, made.headers))
        if cutover is not None:
            command = _command(ordinal, cutover)
            made = message_of(origin, len(topic), command, write_record(command))
            topic.append(Sourced(len(topic), made.key, made.value, made.headers))

    def lane(self, start: Position | None = None) -> Lane:
        return Lane(self.rules, self, start or Position("g1", 0))

    def run(self, lane: Lane) -> Lane:
        """Give the lane all that there is."""
        while (message := self.following(lane)) is not None:
            self.public += lane.take(message)
        return lane

    def following(self, lane: Lane) -> Sourced | None:
        generation, offset = lane.reading
        topic = self.topics.get(generation, [])
        return topic[offset] if offset < len(topic) else None

    def resumed(self) -> Lane:
        """A lane that knows the public messages alone."""
        stamps = [stamp for message in self.public if (stamp := stamp_of(message.headers))]
        return self.lane(stamps[-1].position if stamps else None)

    def told(self) -> list[str]:
        return [f"{(m.key or b'').decode()}={(m.value or b'').decode()}" for m in self.public]

    def table(self) -> dict[bytes | None, bytes]:
        last = {message.key: message.value for message in self.public}
        return {key: value for key, value in last.items() if value is not None}


def _record(ordinal: int, n: int) -> Envelope:
    name = output_id(f"0-{ordinal}", "themes", n)
    return Envelope(id=name, kind="theme", tenant="acme", event_time=AT, ingested_at=AT)


def _command(ordinal: int, generation: str) -> Command:
    return Command(
        id=output_id(f"0-{ordinal}", "themes", 9),
        tenant="*",
        event_time=AT,
        ingested_at=AT,
        author="ada",
        order=Cutover(generation=generation),
    )


def two_generations(rules: Rules, ordinal: int = 2) -> World:
    world = World(rules)
    world.write("g1", 0, "a=1", "b=1")
    world.write("g2", 0, "a=x", "c=x")
    for generation in ("g1", "g2"):
        world.write(generation, ordinal, cutover="g2")
    world.write("g1", 3, "a=2")
    world.write("g2", 3, "c=y")
    return world


def test_what_is_published_is_the_message_and_where_it_came_from() -> None:
    world = World(EVENTS)
    world.write("g1", 0, "a=1")
    world.run(world.lane())
    source, public = world.topics["g1"][0], world.public[0]
    assert (public.key, public.value) == (source.key, source.value)
    assert public.headers == (
        *source.headers,
        ("undercurrent-origin", b"g1/0"),
        ("undercurrent-phase", b"live"),
    )


def test_events_are_those_of_the_old_generation_before_a_cutover_and_of_the_new_one_behind_it() -> None:
    world = two_generations(EVENTS)
    world.run(world.lane())
    assert world.told() == ["a=1", "b=1", "c=y"]


def test_a_table_becomes_that_of_the_new_generation_with_tombstones_for_the_rest() -> None:
    world = two_generations(TABLE)
    world.run(world.lane())
    assert world.told() == ["a=1", "b=1", "a=x", "c=x", "b=", "c=y"]


def test_standing_records_and_tombstones_say_what_they_are() -> None:
    world = two_generations(TABLE)
    world.run(world.lane())
    said = [(header(m.headers, "undercurrent-phase"), header(m.headers, "ce_id")) for m in world.public[2:5]]
    assert said == [
        ("standing", "0-0-themes-0"),
        ("standing", "0-0-themes-1"),
        ("standing", "0-2-publisher-0-b"),
    ]


def late_generation() -> World:
    """g1 met the cutover to g2, which has not come to it."""
    world = World(EVENTS)
    world.write("g1", 0, "a=1")
    world.write("g2", 0, "a=x")
    world.write("g1", 2, cutover="g2")
    world.write("g1", 3, "a=2")
    return world


def test_nothing_is_published_until_the_next_generation_gets_there() -> None:
    world = late_generation()
    lane = world.run(world.lane())
    assert (world.told(), lane.waiting_for is not None) == (["a=1"], True)
    world.write("g2", 1, "a=y")
    world.write("g2", 2, cutover="g2")
    world.write("g2", 3, "a=z")
    world.run(lane)
    assert world.told() == ["a=1", "a=z"]


def test_a_rollback_is_a_cutover_to_the_generation_before() -> None:
    world = two_generations(TABLE)
    for generation in ("g1", "g2"):
        world.write(generation, 5, cutover="g1")
    world.write("g1", 6, "b=3")
    world.run(world.lane())
    assert world.told()[6:] == ["b=1", "a=2", "c=", "b=3"]


def left_behind(rules: Rules) -> World:
    """g2 is active from record 2 on and ends with record 4; record 7 orders g1, which goes on."""
    world = two_generations(rules)
    world.write("g2", 4, "c=z")
    world.write("g1", 4, "a=3")
    world.write("g1", 5, "a=4", "b=")
    world.write("g1", 7, cutover="g1")
    world.write("g1", 8, "d=1")
    return world


def test_of_a_generation_that_ended_nobody_waits_for_its_mark() -> None:
    world = left_behind(EVENTS)
    lane = world.run(world.lane())
    lane.leave(Departure("g1", since=7, told_until=4))
    world.run(lane)
    assert world.told() == ["a=1", "b=1", "c=y", "c=z", "a=4", "b=", "d=1"]
    assert (lane.position, lane.generation) == (Position("g1", 9, since=7), "g1")


def test_a_table_that_is_left_becomes_the_other_generations() -> None:
    world = left_behind(TABLE)
    lane = world.run(world.lane())
    lane.leave(Departure("g1", since=7, told_until=4))
    world.run(lane)
    assert world.told()[-6:] == ["b=1", "a=3", "c=", "a=4", "b=", "d=1"]
    assert world.table() == {b"a": b"4", b"d": b"1"}


def test_who_is_left_is_not_gone_back_to_by_a_later_start() -> None:
    world = left_behind(EVENTS)
    lane = world.run(world.lane())
    lane.leave(Departure("g1", since=7, told_until=4))
    world.run(lane)
    world.write("g2", 5, "late=1")
    world.write("g2", 7, cutover="g1")
    world.write("g1", 9, "d=2")
    assert world.run(world.resumed()).generation == "g1"
    assert world.told()[-2:] == ["d=1", "d=2"]


@pytest.mark.parametrize("rules", [EVENTS, TABLE], ids=["events", "table"])
def test_a_leave_that_is_killed_anywhere_and_given_again_ends_the_same(rules: Rules) -> None:
    def play(world: World, *, lane: Lane) -> World:
        world.run(lane)
        if lane.generation == "g2":
            lane.leave(Departure("g1", since=7, told_until=4))
        world.run(lane)
        return world

    first = left_behind(rules)
    whole = play(first, lane=first.lane())
    for cut in range(len(whole.public) + 1):
        world = left_behind(rules)
        world.public = whole.public[:cut]
        play(world, lane=world.resumed())
        assert world.table() == whole.table(), cut
        if not rules.is_table:
            assert world.public == whole.public, cut


def test_a_generation_that_ended_before_it_became_active_is_forgotten() -> None:
    world = late_generation()
    lane = world.run(world.lane())
    lane.leave(Departure("g1", since=4, told_until=0))
    world.write("g1", 4, "a=3", cutover="g1")
    world.run(lane)
    assert world.told() == ["a=1", "a=2", "a=3"]
    assert "g2, which ended, did not come to cutover 2" in world.notices[0]


def test_nobody_leaves_for_a_generation_that_does_not_write_the_topic() -> None:
    world = left_behind(EVENTS)
    lane = world.run(world.lane())
    lane.leave(Departure("g9", since=7, told_until=4))
    assert (lane.generation, "g2 stays" in world.notices[0]) == ("g2", True)


def test_a_mark_to_the_active_generation_changes_nothing() -> None:
    world = World(TABLE)
    world.write("g1", 0, "a=1", cutover="g1")
    world.write("g1", 1, "a=2", cutover="g1")
    world.run(world.lane())
    assert world.told() == ["a=1", "a=2"]


def test_a_generation_that_was_started_behind_the_cutover_never_becomes_active() -> None:
    world = World(EVENTS)
    world.write("g1", 0, "a=1", cutover="g2")
    world.write("g1", 1, "a=2")
    world.write("g2", 1, "a=x")
    world.run(world.lane())
    assert world.told() == ["a=1", "a=2"]
    assert "g2 does not know of cutover 0" in world.notices[0]


def test_a_generation_without_topics_never_becomes_active() -> None:
    world = World(EVENTS)
    world.write("g1", 0, cutover="g9")
    world.write("g1", 1, "a=2")
    world.run(world.lane())
    assert (world.told(), len(world.notices)) == (["a=2"], 1)


def test_a_mark_that_retention_took_is_replaced_by_the_first_event_behind_it() -> None:
    world = two_generations(EVENTS)
    world.firsts["g2"] = 3
    world.topics["g2"][0:3] = [Sourced(n, None, b"gone", ()) for n in range(3)]
    world.run(world.lane())
    assert world.told() == ["a=1", "b=1", "c=y"]


def test_a_table_goes_on_where_a_dead_run_left_it_half_published() -> None:
    whole = two_generations(TABLE)
    whole.run(whole.lane())
    for cut in range(len(whole.public) + 1):
        world = two_generations(TABLE)
        world.public = whole.public[:cut]
        world.run(world.resumed())
        assert world.public == whole.public, cut


def test_what_a_dead_stage_wrote_twice_is_published_once() -> None:
    world = World(EVENTS)
    world.write("g1", 0, "a=1", "b=1")
    late = world.topics["g1"][0]._replace(offset=2)
    world.topics["g1"].append(late)
    world.run(world.lane())
    assert world.told() == ["a=1", "b=1"]


def test_a_missing_event_stops_the_lane() -> None:
    world = World(EVENTS)
    world.write("g1", 0, "a=1", "b=1", "c=1")
    lane = world.lane()
    lane.take(world.topics["g1"][0])
    with pytest.raises(StateCorrupt, match="number 1 of stage themes is missing in g1"):
        lane.take(world.topics["g1"][2])


@pytest.mark.parametrize("rules", [EVENTS, TABLE], ids=["events", "table"])
@pytest.mark.parametrize("seed", range(25))
def test_any_interleaving_with_any_crashes_publishes_the_same(rules: Rules, seed: int) -> None:
    rng = Random(seed)
    whole, active = _history(rules, rng)
    whole.run(whole.lane())
    world = World(rules, {name: [] for name in whole.topics})
    lane, kept = world.lane(), Position("g1", 0)
    while world.topics != whole.topics or world.following(lane) is not None:
        _grow(world, whole, rng)
        for _ in range(rng.randrange(6)):
            if (message := world.following(lane)) is None:
                break
            published = lane.take(message)
            if rng.random() < 0.08:  # killed while these were on their way
                world.public += published[: rng.randrange(len(published) + 1)]
                lane = _recovered(world, kept)
                break
            world.public += published
            kept = lane.position if rng.random() < 0.3 and not lane.position.is_standing else kept
    assert world.public == whole.public
    if rules.is_table:
        assert world.table() == _folded(whole.topics[active])
    else:
        assert lane.position.generation == active


def _history(rules: Rules, rng: Random) -> tuple[World, str]:
    """Three generations of one journal with cutovers among them; and the one that is active at the end."""
    world, active = World(rules), "g1"
    for ordinal in range(25):
        target = rng.choice(["g1", "g2", "g3"]) if rng.random() < 0.2 else None
        active = target or active
        for generation in ("g1", "g2", "g3"):
            values = [f"{rng.choice('abcd')}={rng.choice(['', '1', '2'])}" for _ in range(rng.randrange(3))]
            world.write(generation, ordinal, *values, cutover=target)
    return world, active


def _grow(world: World, whole: World, rng: Random) -> None:
    for name, topic in whole.topics.items():
        there = world.topics[name]
        there += topic[len(there) : len(there) + rng.randrange(8)]


def _recovered(world: World, kept: Position) -> Lane:
    stamps = [stamp for message in world.public if (stamp := stamp_of(message.headers))]
    last = stamps[-1].position if stamps else kept
    return world.lane(max(last, kept, key=lambda at: at.rank))


def _folded(topic: list[Sourced]) -> dict[bytes | None, bytes]:
    last = {m.key: m.value for m in topic if header(m.headers, "ce_type") != "undercurrent.themes.command.v1"}
    return {key: value for key, value in last.items() if value is not None}

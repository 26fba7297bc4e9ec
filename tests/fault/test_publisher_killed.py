"""The publisher killed at random moments, across cutovers: nothing is lost and nothing repeated (F01 for I4, I8)."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from connectors.kafka.names import Naming
from connectors.kafka.reading import held
from tests.support.crash import kill_repeatedly
from tests.support.published import Generations
from wiring.kafka.broker import Broker

KILLS = int(os.environ.get("FAULT_KILLS", "3"))
SEED = 7

# Cutovers by journal ordinal; every generation writes a few messages because of every record.
CUTOVERS = {200: "g2", 400: "g1", 600: "g2"}
RECORDS = 800
TOPICS = ("themes", "theme-events", "alerts")
PARTITIONS = 2


def test_a_killed_publisher_loses_nothing_and_repeats_nothing(
    broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    world = _written(broker, naming, tmp_path)
    survived = kill_repeatedly(world.argv, KILLS, SEED, alive_s=(0.0, 0.05), ready=_grows(world))
    assert survived.killed > 0
    for partition in range(PARTITIONS):
        for topic in ("theme-events", "alerts"):
            assert world.public(topic, partition) == _events(), topic
        assert world.table("themes", partition) == _table()
        repeats = [one for one, times in Counter(world.origins("themes", partition)).items() if times > 1]
        assert repeats == []


def _written(broker: Broker, naming: Naming, tmp_path: Path) -> Generations:
    world = Generations(broker.cluster, naming, tmp_path, PARTITIONS)
    world.make("g1", "g2")
    for ordinal in range(RECORDS):
        for generation in ("g1", "g2"):
            if ordinal in CUTOVERS:
                world.mark(generation, ordinal, to=CUTOVERS[ordinal])
            for topic in TOPICS:
                for partition in range(PARTITIONS):
                    world.say(generation, topic, ordinal, [_said(generation, ordinal)], partition)
    world.flush()
    return world


def _said(generation: str, ordinal: int) -> tuple[str, str]:
    """The generations have half of their keys in common."""
    return f"acme:{ordinal % (80 if generation == 'g1' else 120)}", f"{generation} {ordinal}"


def _events() -> list[str]:
    active, events = "g1", []
    for ordinal in range(RECORDS):
        active = CUTOVERS.get(ordinal, active)
        events.append("=".join(_said(active, ordinal)))
    return events


def _table() -> dict[bytes | None, bytes]:
    said = (_said("g2", ordinal) for ordinal in range(RECORDS))
    return {key.encode(): value.encode() for key, value in said}


def _grows(world: Generations) -> Callable[[], bool]:
    """Whether anything public has grown since this was last true."""
    admin = world.cluster.admin()
    places = [(world.naming.public(topic), partition) for topic in TOPICS for partition in range(PARTITIONS)]
    seen = [0]

    def has_grown() -> bool:
        time.sleep(0.005)
        end = sum(there.end for there in held(admin, places).values())
        grown, seen[0] = end > seen[0], max(end, seen[0])
        return grown

    return has_grown

"""Who sees to it that keywords are replaced: a mark on disk, orders once the encoder is back, and no order twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.errors import StopWorker
from models.encoders.base import EncoderAway
from models.encoders.guarded import GuardedEncoder
from tests.support.encoders import Mortal
from tests.support.steps import Journey
from wiring.appending import Given
from wiring.healing import AGAIN_AFTER_S, ENCODER_AWAY, Healer, lacking, watch


@dataclass
class World:
    """An encoder, what lacks vectors, what was ordered, and a clock."""

    folder: Path
    encoder: Mortal = field(default_factory=Mortal)
    wanted: list[Given] = field(default_factory=list)
    ordered: list[Given] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    now_s: float = 0.0
    fails: bool = False

    def __post_init__(self) -> None:
        self.guard = GuardedEncoder(self.encoder)
        self.mark = self.folder / ENCODER_AWAY
        watch(self.guard, self.mark, self.said.append)
        self.healer = Healer(
            self.guard, self.mark, self.look, self.ordered.extend, self.said.append, lambda: self.now_s
        )

    def look(self) -> list[Given]:
        if self.fails:
            raise StopWorker("the broker is away")
        return self.wanted

    def die(self) -> None:
        self.encoder.is_dead = True
        with pytest.raises(EncoderAway):
            self.guard.encode(["a text"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    journey = Journey(tmp_path)
    journey.deliver("The invoice is wrong and nobody answers.", record="r1")
    found.wanted = lacking(journey.topics["enriched"])
    journey.vault.close()
    return found


def test_a_death_leaves_a_mark_that_outlives_the_process(world: World) -> None:
    assert not world.mark.exists()
    world.die()
    assert world.mark.exists()
    assert "is away" in world.said[0]
    assert world.healer.heal() == 0
    assert world.ordered == []


def test_once_it_is_back_what_is_lacking_is_ordered_once_and_then_the_mark_goes(world: World) -> None:
    world.die()
    world.encoder.come_back()
    assert [world.healer.heal(), world.healer.heal()] == [1, 0]
    assert world.ordered == world.wanted
    world.wanted = []
    world.healer.heal()
    assert not world.mark.exists()


def test_what_still_lacks_a_vector_after_a_while_is_ordered_again(world: World) -> None:
    world.die()
    world.encoder.come_back()
    world.healer.heal()
    world.now_s += AGAIN_AFTER_S
    assert world.healer.heal() == 1


def test_without_a_mark_nothing_is_read(world: World) -> None:
    world.fails = True
    assert world.healer.heal() == 0
    assert world.said == []


def test_a_reading_that_fails_is_told_and_tried_again(world: World) -> None:
    world.die()
    world.encoder.come_back()
    world.fails = True
    assert world.healer.heal() == 0
    assert "the broker is away" in world.said[-1]
    world.fails = False
    assert world.healer.heal() == 1


def test_polling_orders_in_the_background(world: World) -> None:
    world.die()
    world.healer.poll()
    assert world.ordered == []
    world.encoder.come_back()
    world.now_s += 60
    world.healer.poll()
    assert world.healer.settled()
    assert world.ordered == world.wanted


def test_what_is_not_written_yet_keeps_the_mark(world: World) -> None:
    world.die()
    world.encoder.come_back()
    world.wanted = []
    for seconds, is_marked in ((10, True), (20, True), (45, False)):
        world.now_s = seconds
        world.healer.poll()
        assert world.healer.settled()
        assert world.mark.exists() is is_marked

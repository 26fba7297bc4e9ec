"""Our flow without embedding against the same step logic in a plain loop with the same delivery guarantee.

In:    enriched records of 24 tenants in 12 partitions.   Stages: themes, then priority on what themes wrote.
Both sides run the same steps with the vector index in memory, write the same messages, and commit every second; each
run has a process, topics and a directory of its own. The clock runs from the first record read to the last commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.kafka.common import Bench, Ground, Pairs, Took, fresh, profiled, said
from bench.kafka.enriched import put_enriched
from bench.kafka.plain_loop import PlainLoop
from bench.themes import _ThemesOnly
from connectors.kafka.messages import KafkaMessage, Origin
from contracts.envelope import Envelope
from flows.stages import Pipeline
from models.encoders.load import encoder_identity
from models.themes.policy import ThemePolicy
from operators.hosting import Emitted
from settings import Settings
from wiring.engine import tune_process
from wiring.kafka.recovery import Entry, StageTopics
from wiring.kafka.replay import drop
from wiring.kafka.running import StageRunning, run_stage
from wiring.stage import OpenStage, open_stage

ITEMS = 9_600
STAGES = ("themes", "priority")
SOURCE = "g1"


def measure(bench: Bench) -> dict[str, Any]:
    """Items a second through both stages, ours and the loop's, and the ratio; each stage's own too."""
    ground = bench.ground("overhead")
    ground.make(["extract"])
    items = bench.items(ITEMS)
    put_enriched(ground, items, *encoder_identity())
    if bench.profile:
        profile(ground)
    of: dict[str, Pairs] = {stage: Pairs() for stage in STAGES}
    both, cpu = Pairs(), Pairs()
    for n in range(bench.pairs):
        theirs = _through(ground.generation(f"loop{n}"), loop)
        ours = _through(ground.generation(f"flow{n}"), flow)
        both.add(sum(one.wall_s for one in ours.values()), sum(one.wall_s for one in theirs.values()))
        cpu.add(sum(one.cpu_s for one in ours.values()), sum(one.cpu_s for one in theirs.values()))
        for stage in STAGES:
            of[stage].add(ours[stage].wall_s, theirs[stage].wall_s)
    by_stage = {stage: pairs.figures(items) for stage, pairs in of.items()}
    figures = {**both.figures(items), "cpu_ratio": round(cpu.ratio, 3)}
    return {"items": items, "pairs": bench.pairs, **figures, "by_stage": by_stage}


def profile(ground: Ground) -> None:
    """Where our flow's time goes, in this process, stage by stage; and the loop's themes beside it."""
    for name, side in (("flowp", flow), ("loopp", loop)):
        own = ground.generation(name)
        own.make(STAGES)
        for stage in STAGES:
            profiled(side, own, stage)
        drop(own.site)


def _through(ground: Ground, side: Callable[[Ground, str], Took]) -> dict[str, Took]:
    """Seconds of each stage, one after the other, in a generation that is gone afterwards."""
    ground.make(STAGES)
    try:
        return {stage: fresh(side, ground, stage) for stage in STAGES}
    finally:
        drop(ground.site)


def flow(ground: Ground, stage: str) -> Took:
    """Our flow over all of its input, as ``undercurrent flow`` runs it."""
    opened, clock = _open(ground, stage)
    tune_process()
    run_stage(clock.begun_by(opened.pipeline), ground.site, StageRunning(follow=False, entry=_entry(stage)))
    took = clock.took()
    opened.close()
    return took


def loop(ground: Ground, stage: str) -> Took:
    """The plain loop over all of its input."""
    opened, clock = _open(ground, stage)
    tune_process()
    pipeline = clock.begun_by(opened.pipeline)
    topics = StageTopics.of(pipeline, ground.naming, _entry(stage))
    file = ground.site.home(stage).root / "loop.json"
    file.parent.mkdir(parents=True)
    PlainLoop(ground.cluster, pipeline, topics, file, writing(ground)).run()
    took = clock.took()
    opened.close()
    return took


def writing(ground: Ground) -> Callable[[Emitted], KafkaMessage]:
    """The message of what a stage emits."""
    origins: dict[tuple[str, str, int], Origin] = {}

    def write(emitted: Emitted) -> KafkaMessage:
        place = (emitted.out.topic, emitted.stage, emitted.partition)
        origin = origins.get(place) or origins.setdefault(place, ground.origin(*place))
        return said(origin, emitted.position, emitted.out.record)

    return write


def _entry(stage: str) -> Entry:
    return Entry(SOURCE if stage == STAGES[0] else None)


def _open(ground: Ground, stage: str) -> tuple[OpenStage, _Clock]:
    opened = open_stage(
        stage,
        ground.keys,
        Settings(),
        ground.partitions,
        lambda _p, _version, dims: _ThemesOnly(item_dims=dims, theme_dims=ThemePolicy().components),
    )
    return opened, _Clock()


class _Clock:
    """Runs from the first record that is decoded."""

    def __init__(self) -> None:
        self._began: Took | None = None

    def begun_by(self, pipeline: Pipeline) -> Pipeline:
        """The same pipeline; its first record starts the clock."""

        def decode(partition: int, position: int, value: bytes) -> Envelope:
            if self._began is None:
                self._began = Took.now()
            return pipeline.decode(partition, position, value)

        return replace(pipeline, decode=decode)

    def took(self) -> Took:
        """Seconds since then."""
        return Took.since(self._began or Took.now())

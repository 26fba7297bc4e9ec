"""What is checked before every start of a stage on Kafka, so that it resumes rightly or not at all.

The stage's directory must belong to these very topics (a topic that was deleted and made again has another id),
its store must be whole and from this run, snapshots of epochs that never committed are deleted, and what was
committed must lie inside what the topics hold.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.jsonl.layout import part_name
from connectors.kafka.admin import topics_as_asked
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import Held, held
from contracts.errors import RecoveryRefused, StateCorrupt
from flows.pipeline import TOPICS
from flows.stages import Pipeline
from wiring.datadir import write_whole
from wiring.kafka.home import StageHome, refuse_half_restored
from wiring.snapshots import RecoveryStore, Snapshots

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a replay enters the stream: its first stage reads another generation's topic, or from other places on.

    ``generation`` None is the stage's own; ``starts`` gives the first offset of partitions that do not begin at 0.
    """

    generation: str | None = None
    starts: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageTopics:
    """The topics of one stage: full names, the short ones of its outputs as keys."""

    input: str
    outputs: dict[str, str]
    state: str

    @classmethod
    def of(cls, pipeline: Pipeline, naming: Naming, entry: Entry | None = None) -> StageTopics:
        """What the only stage of ``pipeline`` reads and writes in a generation."""
        (stage,) = pipeline.stages
        reads = replace(naming, generation=entry.generation) if entry and entry.generation else naming
        outputs = {short: naming.topic(short) for short in pipeline.producers}
        return cls(reads.topic(stage.input_topic), outputs, naming.state(stage.name))

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [self.input, *self.outputs.values(), self.state]


@dataclass(frozen=True, slots=True)
class StageManifest:
    """What must stay as it is for state, offsets and outputs to fit each other."""

    flow: str
    partitions: int
    topics: dict[str, str]
    """Full name → the id that the cluster gave it."""
    format: int
    token: int
    starts: dict[str, int] = field(default_factory=dict)
    """Partition → the offset that it was begun at, where that is not 0."""


def prepare_stage(
    home: StageHome, pipeline: Pipeline, naming: Naming, cluster: Cluster, entry: Entry | None = None
) -> int:
    """Make a new directory or check an old one; the caller holds its lock. The number of scrubbed snapshots.

    Raises ``StopWorker`` naming what does not fit and the command that helps.
    """
    refuse_half_restored(home)
    topics = StageTopics.of(pipeline, naming, entry)
    starts = {str(partition): start for partition, start in sorted(entry.starts.items())} if entry else {}
    ids = _identified(cluster, topics, pipeline.partitions)
    found = read_manifest(home.manifest)
    if found is None:
        _create(home, StageManifest(pipeline.name, pipeline.partitions, ids, FORMAT, _token(), starts))
        return 0
    _refuse_other(found, pipeline, ids, home)
    if found.starts != starts:
        raise RecoveryRefused(
            f"{home.manifest}: was begun at the offsets {found.starts or 'of the topic itself'}, not at "
            f"{starts or 'its beginning'}; go on as it was begun, or begin again with `undercurrent replay --restart`"
        )
    store = RecoveryStore(home.recovery, advice(home))
    store.check(found.token)
    scrubbed = store.scrub()
    _check_positions(pipeline, topics, store.committed(pipeline.name), cluster, advice(home))
    return scrubbed


def rebuild_stage(home: StageHome) -> None:
    """Drop a stage's state; its next start makes it again from its input. The caller holds its lock.

    What it wrote stays: the sink goes on behind it.
    """
    if home.recovery.exists():
        shutil.rmtree(home.recovery)
    home.manifest.unlink(missing_ok=True)


def advice(home: StageHome) -> str:
    """The command that repairs a stage's state."""
    stage, generation = home.root.name, home.root.parent.name
    return f"rebuild it from its input with `undercurrent rebuild-stage {stage} --generation {generation}`"


def _identified(cluster: Cluster, topics: StageTopics, partitions: int) -> dict[str, str]:
    return {name: there.id for name, there in topics_as_asked(cluster, topics.names, partitions).items()}


def _token() -> int:
    return 1 + secrets.randbelow((1 << 31) - 1)


def read_manifest(path: Path) -> StageManifest | None:
    """Which flow and topics the state belongs to; None where there is none. Raises ``StateCorrupt``."""
    try:
        return StageManifest(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as exc:
        raise StateCorrupt(f"{path}: not a manifest ({exc}); {advice(StageHome(path.parent))}") from exc


def _create(home: StageHome, manifest: StageManifest) -> None:
    if home.recovery.exists():  # without a manifest nothing was ever committed here
        shutil.rmtree(home.recovery)
    RecoveryStore(home.recovery).create(manifest.token)
    write_whole(home.manifest, json.dumps(asdict(manifest), indent=1).encode())


def _refuse_other(found: StageManifest, pipeline: Pipeline, ids: dict[str, str], home: StageHome) -> None:
    here = {"format": found.format, "flow": found.flow, "partitions": found.partitions}
    there = {"format": FORMAT, "flow": pipeline.name, "partitions": pipeline.partitions}
    for what, value in here.items():
        if value != there[what]:
            raise RecoveryRefused(
                f"{home.manifest}: belongs to {what} {value!r}, not {there[what]!r}; use another directory"
            )
    for name, identity in ids.items():
        if found.topics.get(name) != identity:
            raise RecoveryRefused(
                f"{home.manifest}: topic {name} is not the one this state was made with (deleted and made again, or "
                f"another cluster); {advice(home)}"
            )


def _check_positions(
    pipeline: Pipeline, topics: StageTopics, snapshots: Snapshots, cluster: Cluster, repair: str
) -> None:
    """Source, state and outputs must stand at the same place, inside what the topics hold."""
    (stage,) = pipeline.stages
    places = [(name, p) for name in topics.names for p in range(pipeline.partitions)]
    there = held(cluster.admin(), places)
    for partition in range(pipeline.partitions):
        key = part_name(partition)
        offset, ordinal = snapshots.get((stage.input_topic, key), (0, 0))
        _inside(topics.input, partition, offset, there[topics.input, partition], repair)
        snapshot = snapshots.get((stage.name, key))
        applied = snapshot["applied"] if snapshot else 0
        if snapshot and applied != ordinal:
            raise StateCorrupt(
                f"stage {stage.name}, partition {partition}: its state stands at record {applied}, "
                f"its input at {ordinal}; {repair}"
            )
        for short, name in topics.outputs.items():
            written: Any = snapshots.get((TOPICS, f"{short}/{key}"), (0, 0))
            _not_shorter(name, partition, written[0], there[name, partition], repair)


def _not_shorter(topic: str, partition: int, committed: int, there: Held, repair: str) -> None:
    if committed > there.end:
        raise RecoveryRefused(
            f"{topic}, partition {partition}: ends at {there.end}, but {committed} was committed; "
            f"the topic lost records: {repair}"
        )


def _inside(topic: str, partition: int, offset: int, there: Held, repair: str) -> None:
    _not_shorter(topic, partition, offset, there, repair)
    if 0 < offset < there.first:
        raise RecoveryRefused(
            f"{topic}, partition {partition}: begins at {there.first}, but was read only up to {offset}; what lay "
            "between is gone (retention is shorter than the pause): restore the topic, or start from a savepoint"
        )

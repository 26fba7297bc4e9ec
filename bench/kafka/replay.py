"""Enriched records into a new generation: with the command of a data engineer, and their logic alone.

End to end is ``undercurrent replay --from enriched --until-end``, from its start to its end, processes, topics and the
embedded Qdrant included. The logic is the themes and priority steps over the same records, which were read before: one
thread, no engine, no Kafka, no JSON, no state log, the index in memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from bench.kafka.common import Bench, Ground, fresh, profiled, show_profile
from bench.kafka.enriched import put_enriched, records
from bench.themes import _ThemesOnly
from cli.processes import python_path
from connectors.keys.vault import LocalVault
from contracts.envelope import Envelope
from models.encoders.load import encoder_identity
from models.priority.policy import load_policy
from models.themes.policy import ThemePolicy
from operators.prioritise.step import PrioritiseStep
from operators.themes.step import ThemesStep
from wiring.engine import tune_process
from wiring.kafka.running import StageRunning
from wiring.stages.priority import Opener

ITEMS = 72_000
LOGIC_ITEMS = 9_600
WORKERS = (1, 2)


def measure(bench: Bench) -> dict[str, Any]:
    """Items a second, end to end with one and two processes a stage, and of the logic."""
    ground = bench.ground("replay")
    ground.make(["extract"])
    items = bench.items(ITEMS)
    put_enriched(ground, items, *encoder_identity())
    if bench.profile:
        _profile(ground)
    alone = bench.items(LOGIC_ITEMS)
    rates = sorted(fresh(logic, bench.ground(f"logic{n}"), alone) for n in range(min(3, bench.pairs)))
    took = {workers: _replayed(ground, f"w{workers}", "--workers", str(workers)) for workers in WORKERS}
    return {
        "items": items,
        "logic_items": alone,
        "logic_per_s": round(rates[len(rates) // 2], 1),
        **{f"workers_{workers}_per_s": round(items / seconds, 1) for workers, seconds in took.items()},
    }


def logic(ground: Ground, items: int) -> float:
    """Items a second of the two steps alone."""
    version, dims = encoder_identity()
    batches = list(_batches(ground, items, version, dims))
    with closing(LocalVault(ground.keys)) as vault:
        index = _ThemesOnly(item_dims=dims, theme_dims=ThemePolicy().components)
        policy = load_policy(None)
        themes = [ThemesStep(vault, index, version) for _ in range(ground.partitions)]
        priority = [PrioritiseStep(p, policy, Opener(vault)) for p in range(ground.partitions)]
        tune_process()
        began = time.perf_counter()
        for place, batch in batches:
            outs = themes[place].on_records(batch)
            priority[place].on_records([out.record for out in outs if out.topic == "assignments"])
        return items / (time.perf_counter() - began)


def _batches(ground: Ground, items: int, version: str, dims: int) -> Iterator[tuple[int, list[Envelope]]]:
    cut: dict[int, list[Envelope]] = {p: [] for p in range(ground.partitions)}
    for place, record in records(ground.keys, items, version, dims, ground.partitions):
        cut[place].append(record)
    for place, all_of_it in cut.items():
        rest = iter(all_of_it)
        while batch := list(islice(rest, StageRunning().batch)):
            yield place, batch


def _replayed(ground: Ground, generation: str, *more: str) -> float:
    """Seconds of the command."""
    argv = [sys.executable, "-m", "cli", "replay", "--generation", generation, "--from", "enriched"]
    argv += ["--until-end", *_where(ground), *more]
    began = time.perf_counter()
    done = subprocess.run(argv, env=_env(ground), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return time.perf_counter() - began


def _profile(ground: Ground) -> None:
    """The logic in this process, then the process of the themes stage."""
    profiled(logic, Ground(ground.cluster, ground.data / "logic", ground.naming), LOGIC_ITEMS)
    own = ground.generation("profiled")
    own.make(["themes"])
    file = str(ground.data / "themes.prof")
    argv = [sys.executable, "-m", "cProfile", "-o", file, "-m", "cli", "flow", "themes", "--until-end"]
    argv += ["--generation", "profiled", "--reads", ground.naming.generation, *_where(ground)]
    subprocess.run(argv, env=_env(ground), check=True)
    show_profile(file)


def _where(ground: Ground) -> list[str]:
    return [
        *("--data", str(ground.data), "--prefix", ground.naming.prefix),
        *("--partitions", str(ground.partitions)),
    ]


def _env(ground: Ground) -> dict[str, str]:
    return os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": ground.cluster.bootstrap,
        "PYTHONPATH": python_path(),
    }

"""The small fixed form of ``undercurrent eval themes``: does the engine find what it found before?

In: the demo's English concerns of one seed (made here, labels known), as keyword vectors, so that neither a data
set nor weights are needed. Played in five orders with four seeds each. Out: mean figures by order, to be held
against those of ``results/quality.json``, each with its noise: the deviation of that mean over blocks of other
seeds. A change of the engine that is as good as before moves a figure about as much as other seeds do.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from demo.sample import generate
from models.encoders.base import GRID_NORM
from models.encoders.hashing import KeywordEncoder
from models.themes.policy import ThemePolicy
from models.themes.scoring.figures import numbers_of, spread
from models.themes.scoring.play import LabelledSet, score_stream
from models.themes.scoring.streams import Order

BASELINE = Path(__file__).parent / "results" / "quality.json"
DEMO_SEED = 1
ORDERS: tuple[Order, ...] = ("shuffled", "waves", "bursts", "drift", "returns")
SEEDS = 4
BLOCKS = 6
"""Blocks of seeds over which the noise is measured; the first is the one that is compared."""
FIGURES = ("v", "ami", "ari", "b3", "strict.ami", "arrival_share", "kept_share", "noticed_share")
"""What must not fall; of all of them more is better."""
ALLOWED = 3.0
"""Noises that a figure may fall by."""
LEAST_NOISE = 0.002
"""A figure that other seeds hardly move has at least this noise."""

Table = Mapping[str, Mapping[str, Mapping[str, float]]]


def sample() -> LabelledSet:
    """About 1,750 concerns of 40 topics, in the order in which they were created."""
    truths = [truth for truth in generate(DEMO_SEED).truths.values() if truth.lang == "en"]
    concerns = [
        ("/".join(truth.key) + f"#{place}", truth.wording.text[one.start : one.end], one.label)
        for truth in truths
        for place, one in enumerate(truth.wording.concerns)
    ]
    ids, texts, labels = zip(*concerns, strict=True)
    vectors = KeywordEncoder().encode(texts).astype(np.float32) / np.float32(GRID_NORM)
    return LabelledSet.of(ids, vectors, labels, texts=texts)


def measure(
    data: LabelledSet, orders: Iterable[Order] = ORDERS, block: int = 0, policy: ThemePolicy | None = None
) -> dict[str, dict[str, float]]:
    """Mean figures by order over the seeds of a block."""
    seeds, setting = range(block * SEEDS, (block + 1) * SEEDS), policy or ThemePolicy()
    found: dict[str, dict[str, float]] = {}
    for order in orders:
        means = spread([numbers_of(score_stream(data, order, seed, setting)) for seed in seeds])
        found[order] = {name: mean for name in FIGURES if (mean := means[name]["mean"]) is not None}
    return found


def with_noise(data: LabelledSet) -> dict[str, dict[str, dict[str, float]]]:
    """The table to be held against: by order and figure its mean over the first block, and its noise."""
    blocks = [measure(data, block=block) for block in range(BLOCKS)]
    return {
        order: {
            name: {"mean": mean, "noise": round(_noise([block[order][name] for block in blocks]), 4)}
            for name, mean in figures.items()
        }
        for order, figures in blocks[0].items()
    }


def _noise(means: list[float]) -> float:
    return max(statistics.stdev(means), LEAST_NOISE)


def falls(now: Mapping[str, Mapping[str, float]], before: Table) -> list[str]:
    """What fell by more than is allowed, a line each."""
    return [
        f"{order}: {name} fell from {was['mean']:.4f} to {now[order][name]:.4f}, "
        f"more than {ALLOWED:g} times its noise of {was['noise']:.4f}"
        for order, figures in before.items()
        for name, was in figures.items()
        if now[order][name] < was["mean"] - ALLOWED * was["noise"]
    ]


def baseline() -> Table:
    """The table that was written last."""
    found: Table = json.loads(BASELINE.read_bytes())["orders"]
    return found


def write() -> Path:
    """Measure anew and write the table; for a change that is meant to move the figures."""
    told = {"items": "the demo's English concerns, seed 1, keyword vectors", "seeds": SEEDS, "blocks": BLOCKS}
    BASELINE.write_text(
        json.dumps(told | {"orders": with_noise(sample())}, indent=1) + "\n", encoding="utf-8"
    )
    return BASELINE


def table(now: Mapping[str, Mapping[str, float]]) -> str:
    """The figures beside those written last."""
    lines = ["| order | figure | before | noise | now |", "| --- | --- | --- | --- | --- |"]
    for order, figures in baseline().items():
        for name, was in figures.items():
            lines.append(
                f"| {order} | {name} | {was['mean']:.4f} | {was['noise']:.4f} | {now[order][name]:.4f} |"
            )
    return "\n".join([*lines, "", *(falls(now, baseline()) or ["nothing fell beyond its noise"])])

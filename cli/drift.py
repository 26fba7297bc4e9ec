"""``undercurrent eval drift``: false alarms on streams in which nothing drifts, and how soon a change is noticed."""

from __future__ import annotations

import statistics
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from cli.benchmark import vectors_of
from cli.evaluate import AsJson, InputFile, LabelField, Labels, read_labelled, renamed, report
from contracts.errors import WrongUsage
from models.encoders.base import Encoder
from models.encoders.load import load_encoder
from models.labellers.decision import ConcernText
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from models.themes.grid import to_grid
from operators.extract.decisions import decision_record
from settings import load_settings
from wiring.drift_trial import Concerns, Trial, changing, still

WANTED = 60
"""Concerns of a theme within which a change of its wording is to be noticed."""
BUDGET_OF = 20_000


def eval_drift(
    source: InputFile,
    seed: Annotated[int, typer.Option(help="Seed of the orders; the first of several.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="So many streams of each sort.")] = 1,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of a changed topic's concerns, those in new words.")
    ] = 1.0,
    vectors: Annotated[
        Path | None, typer.Option(help="Vectors are read from this .npz file, or written there if it is new.")
    ] = None,
    label_field: LabelField = "label",
    labels: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Play a labelled set as still streams and as streams in which eight topics change half of their words.

    Example: undercurrent eval drift --input intents.jsonl.gz --seeds 3
    """
    encoder, notice = load_encoder(load_settings().encoder)
    if notice:
        Console(stderr=True).print(notice, style="yellow", markup=False)
    concerns = _concerns(source, label_field, labels, encoder, vectors)
    numbers = range(seed, seed + seeds)
    quiet = [still(concerns, number) for number in numbers]
    loud = [changing(concerns, number, share, encoder.encode) for number in numbers]
    report(figures(quiet, loud), as_json)


def figures(quiet: list[Trial], loud: list[Trial]) -> dict[str, Any]:
    """Alarms of still streams, and the delays of changed topics in concerns of the topic."""
    count, alarms = sum(trial.concerns for trial in quiet), [e for trial in quiet for _, e in trial.events]
    delays = [delay for trial in loud for delay in trial.delays.values()]
    seen = sorted(delay for delay in delays if delay is not None)
    inside = sum(delay <= WANTED for delay in seen)
    return {
        "still_concerns": count,
        "false_alarms": len(alarms),
        "false_alarms_by": dict(Counter(event.detector for event in alarms)),
        "per_20000": round(len(alarms) * BUDGET_OF / max(count, 1), 2),
        "changed_topics": len(delays),
        "noticed_within_60": round(inside / max(len(delays), 1), 3),
        "median_delay": statistics.median(seen) if seen else None,
        "longest_delay": max(seen, default=None),
        "noticed_by": dict(Counter(name for trial in loud for name in trial.by.values())),
    }


def _concerns(
    source: Path, label_field: str, labels: str | None, encoder: Encoder, vectors: Path | None
) -> Concerns:
    rows = [row for row in read_labelled(source) if row.get(label_field) is not None]
    if not rows:
        raise WrongUsage(f"{source}: no row has the field {label_field!r}; say which one with --label-field")
    gold = renamed([str(row[label_field]) for row in rows], labels)
    texts = [str(row["text"]) for row in rows]
    grid = to_grid(vectors_of(rows, encoder, vectors))
    labeller = LocalLabeller(load_taxonomy(load_settings().taxonomy)[0], encoder)
    decided = labeller.label([ConcernText(text, "en", None) for text in texts], grid)
    decisions = [decision_record(one, text) for one, text in zip(decided, texts, strict=True)]
    topics = np.unique(gold, return_inverse=True)[1].astype(np.int64)
    return Concerns([str(row["id"]) for row in rows], texts, topics, grid, decisions)

"""``undercurrent eval joins``: the probability of assignments, fitted and checked across labelled sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import orjson
import typer

from contracts.errors import WrongUsage
from models.encoders.base import GRID_NORM
from models.encoders.load import load_encoder
from settings import load_settings

if TYPE_CHECKING:
    from models.themes.scoring.joins import Judged
    from models.themes.scoring.streams import Order

_ORDERS: tuple[Order, ...] = ("shuffled", "waves", "bursts", "drift", "returns", "stories")


def joins(
    source: Annotated[list[Path], typer.Option("--input", help="Labelled .jsonl or .jsonl.gz; two or more.")],
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each order.")] = 2,
    label_field: Annotated[str, typer.Option(help="The field that holds the label.")] = "label",
    out: Annotated[
        Path | None, typer.Option("--fit", help="Write weights fitted on all of them here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How right the stated probabilities are, on each set with weights fitted on the others.

    Every set is played in all six orders, with its words and without. ``standing`` is what would be said at the end of
    what is still held.

    Example: undercurrent eval joins --input banking.jsonl.gz --input intents.jsonl.gz
    """
    from cli.evaluate import report
    from models.themes.scoring.joins import figures, fit

    if len(source) < 2:
        raise WrongUsage("give two sets or more: weights are checked on a set that they were not fitted on")
    judged = {path.name: _judged(path, label_field, seeds) for path in source}
    scores: dict[str, Any] = {}
    for name, own in judged.items():
        weights = fit([one for other, js in judged.items() if other != name for j in js for one in j.said])
        scores[name] = {
            "said": figures(weights, [one for j in own for one in j.said]),
            "standing": figures(weights, [one for j in own for one in j.standing]),
        }
    if out is not None:
        weights = fit([one for js in judged.values() for j in js for one in j.said])
        out.write_bytes(orjson.dumps(weights.encode(), option=orjson.OPT_INDENT_2) + b"\n")
    report(scores if as_json else _flat(scores), as_json)


def _judged(path: Path, label_field: str, seeds: int) -> Sequence[Judged]:
    from cli.evaluate import read_labelled
    from models.themes.policy import ThemePolicy
    from models.themes.scoring.joins import judge
    from models.themes.scoring.play import LabelledSet

    rows = [row for row in read_labelled(path) if row.get(label_field) is not None]
    if not rows:
        raise WrongUsage(f"{path}: no row has the field {label_field!r}; say which one with --label-field")
    texts = [str(row["text"]) for row in rows]
    encoder, _notice = load_encoder(load_settings().encoder)
    vectors = encoder.encode(texts).astype(np.float32) / np.float32(GRID_NORM)
    data = LabelledSet.of([str(row["id"]) for row in rows], vectors, [str(row[label_field]) for row in rows])
    streams = ((order, seed) for order in _ORDERS for seed in range(seeds))
    played = [judge(data, texts, order, seed, ThemePolicy()) for order, seed in streams]
    return [*played, *(one.without_words() for one in played)]


def _flat(scores: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name} {part} {figure}": value
        for name, parts in scores.items()
        for part, figures in parts.items()
        for figure, value in figures.items()
    }

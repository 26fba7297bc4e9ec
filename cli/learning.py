"""``undercurrent eval learning``: what corrections are worth to a model, on a labelled set, seed by seed.

Of every seed's order the first texts are for corrections, the rest are held out: what a choice passed over is neither.
Before each correction is learned the model says what it makes of it (prequential). A model's version is asked as it
labels: frozen, in whole numbers.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console

from cli.benchmark import vectors_of
from cli.evaluate import KINDS, AsJson, InputFile, LabelField, Labels, Row, read_labelled, renamed, report
from contracts.errors import WrongUsage
from models.encoders.base import to_grid
from models.encoders.load import load_encoder
from models.labellers.decision import ConcernText, Decision
from models.labellers.local import LocalLabeller
from models.labellers.scoring import OTHER, kind_of, score_labels
from models.labellers.taxonomy import load_taxonomy
from models.language.detector import LanguageDetector
from models.learning.role import Reading, RoleModel, Said
from models.learning.scoring import calibration, ranking
from models.review.asking import ASK_ONE_IN, Asking, Doubt
from operators.extract.learning import VECTOR_WEIGHT
from settings import load_settings

LAST = 200
"""Corrections at the end of the stream that the prequential figure is of."""

REVIEW_BELOW = 500
"""A label that is more probably wrong than right is one to ask about."""


OFFERED = 5
"""Texts to an answer, where people are not asked about each."""


class Choice(StrEnum):
    """Which texts people answer about: all as they come, or one to each five that arrive."""

    random = "random"
    queue = "queue"  # what is put to people by then and is worth most, as in ``undercurrent review``
    held = "held"  # the same where nobody is asked about what goes on
    unsure = "unsure"  # of the five the one of whose label the newest version is least sure


class Role(StrEnum):
    """What is learned."""

    category = "category"
    sentiment = "sentiment"


class Labelled(NamedTuple):
    """A set as a model reads it: numbers ``(n, width)``, untrained labels, right labels, group of each row."""

    numbers: Any
    base: Sequence[str]
    gold: Sequence[str]
    group: Sequence[str]
    labels: tuple[str, ...]
    product: Sequence[str | None]
    decisions: Sequence[Decision]

    def reading(self, place: int) -> Reading:
        """One row as a model takes it."""
        return Reading(self.numbers[place], self.base[place], self.product[place])

    def doubt(self, place: int, sure_milli: int | None) -> Doubt:
        """What is open about one row, of whose label the model is so sure."""
        one = self.decisions[place]
        return Doubt(one.confidence_milli, one.severity, "unknown", sure_milli, one.needs_review)


def learning(
    source: InputFile,
    role: Annotated[Role, typer.Option(help="What is learned.")] = Role.category,
    corrections: Annotated[int, typer.Option(min=1, help="So many corrections.")] = 500,
    seeds: Annotated[int, typer.Option(min=1, help="So many orders; figures are means.")] = 3,
    first: Annotated[int, typer.Option(min=0, help="The first order.")] = 0,
    other: Annotated[
        Path | None, typer.Option(help="Another set, of another domain, to be no worse on than untrained.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="A field: figures for each of its values.")] = None,
    product: Annotated[str | None, typer.Option(help="The field that names the product.")] = None,
    choice: Annotated[Choice, typer.Option(help="Which texts people are asked about.")] = Choice.random,
    label_field: LabelField = "label",
    labels: Labels = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Vectors are read from this .npz file, or written there if it is new.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from so many corrections, and label what was held out.

    Example: undercurrent eval learning --input tweets.jsonl.gz --role sentiment --label-field sentiment
    """
    if role is Role.sentiment and choice is Choice.queue:
        raise WrongUsage(
            "--choice queue: the queue goes by how sure the category is; leave out --role sentiment"
        )
    asked = _labelled(source, role, label_field, labels, (by, product), vectors)
    needed = corrections * (1 if choice is Choice.random else OFFERED)
    if len(asked.gold) <= needed:
        raise WrongUsage(
            f"{source}: {len(asked.gold)} labelled rows are too few for {corrections} corrections out of {needed}"
        )
    away = _labelled(other, role, label_field, None, (None, None), None) if other else None
    runs = [run(asked, corrections, seed, away, choice) for seed in range(first, first + seeds)]
    means = {name: round(float(np.mean([one[name] for one in runs])), 4) for name in runs[0] if name != "by"}
    told: dict[str, Any] = {
        "n": len(asked.gold),
        "corrections": corrections,
        "choice": choice,
        "seeds": seeds,
    } | means
    if by:
        told["by"] = runs[0]["by"]
    report(told, as_json)


def run(
    asked: Labelled, corrections: int, seed: int, away: Labelled | None, choice: Choice = Choice.random
) -> dict[str, Any]:
    """The figures of one order."""
    offered = 1 if choice is Choice.random else OFFERED
    order = list(range(len(asked.gold)))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order to be repeated, no secret
    model = RoleModel(asked.labels, asked.numbers.shape[1])
    early, late, promoted, started = list[str](), list[int](), 0, time.perf_counter()
    desk = _Desk(model, asked, choice)
    for start in range(0, offered * corrections, offered):
        place = desk.answered(order[start : start + offered])
        if place is None:
            continue
        late.append(place)
        early.append(_says(model, asked, place).label)
        happened = model.correct(asked.reading(place), asked.gold[place])
        promoted += sum(one.event == "promoted" for one in happened)
    learned_s = time.perf_counter() - started
    held = order[offered * corrections :]
    said = [_says(model, asked, place) for place in held]
    figures = _figures(asked, held, said)
    figures |= {
        "answers": len(late),
        "labels_now": _macro(asked, held, [model.says(asked.reading(place)).label for place in held]),
        "put_to_people": desk.put / max(1, offered * corrections),
        "grave_answered": _grave(asked, late) / max(1, _grave(asked, order[: offered * corrections])),
        "untrained": _macro(asked, held, [asked.base[place] for place in held]),
        "prequential_last": _macro(asked, late[-LAST:], early[-LAST:]),
        "promoted": promoted,
        "ms_per_correction": 1000 * learned_s / max(1, len(late)),
        "by": _by_group(asked, held, said),
    }
    return figures | (_elsewhere(model, away) if away else {})


def _says(model: RoleModel, asked: Labelled, place: int) -> Said:
    return model.challenger().says(asked.reading(place), asked.labels)


class _Desk:
    """Where somebody answers one question each time that so many texts have arrived; ``put`` counts the questions."""

    def __init__(self, model: RoleModel, asked: Labelled, choice: Choice) -> None:
        self._model, self._asked, self._choice = model, asked, choice
        self._asking = Asking(ASK_ONE_IN if choice is Choice.queue else 0)
        self._waiting: list[tuple[int, int, int]] = []
        self.put = 0

    def answered(self, arrived: Sequence[int]) -> int | None:
        """The text that is answered about once these have arrived; None where nothing waits. Ties: the earliest."""
        if self._choice is Choice.random:
            return arrived[0]
        if self._choice is Choice.unsure:
            return min(arrived, key=lambda place: _says(self._model, self._asked, place).sure_milli)
        for place in arrived:
            taught = self._model.corrections > 0
            sure = _says(self._model, self._asked, place).sure_milli if taught else None
            value = self._asking.put(self._asked.doubt(place, sure))
            if value is not None:
                self.put += 1
                heapq.heappush(self._waiting, (-value, self.put, place))
        return heapq.heappop(self._waiting)[2] if self._waiting else None


def _grave(asked: Labelled, places: Sequence[int]) -> int:
    return sum(asked.decisions[place].severity in ("critical", "high") for place in places)


def _figures(asked: Labelled, held: Sequence[int], said: Sequence[Said]) -> dict[str, Any]:
    right = [one.label == asked.gold[place] for one, place in zip(said, held, strict=True)]
    sure = [one.sure_milli for one in said]
    return {
        "macro_f1": _macro(asked, held, [one.label for one in said]),
        "accuracy": float(np.mean(right)),
        "ece": calibration(sure, right),
        "auroc": ranking(sure, right),
        "review_share": float(np.mean([one < REVIEW_BELOW for one in sure])),
    }


def _elsewhere(model: RoleModel, away: Labelled) -> dict[str, Any]:
    """What the untrained labeller and this model make of another tenant's texts, which only the first one labels."""
    every = range(len(away.gold))
    said = [_says(model, away, place).label for place in every]
    return {
        "elsewhere_untrained": _macro(away, every, away.base),
        "elsewhere_if_it_were_asked": _macro(away, every, said),
    }


def _macro(asked: Labelled, places: Sequence[int], said: Sequence[str]) -> float:
    return score_labels([asked.gold[place] for place in places], said).macro_f1


def _by_group(asked: Labelled, held: Sequence[int], said: Sequence[Said]) -> dict[str, Any]:
    told = {}
    for group in sorted(set(asked.group)):
        those = [n for n, place in enumerate(held) if asked.group[place] == group]
        if those:
            places = [held[n] for n in those]
            told[group] = {
                "n": len(those),
                "macro_f1": round(_macro(asked, places, [said[n].label for n in those]), 4),
                "untrained": round(_macro(asked, places, [asked.base[place] for place in places]), 4),
            }
    return told


def _labelled(
    source: Path,
    role: Role,
    label_field: str,
    renames: str | None,
    fields: tuple[str | None, str | None],
    cache: Path | None,
) -> Labelled:
    """``fields`` are those of the group and of the product."""
    rows = [row for row in read_labelled(source) if row.get(label_field) is not None]
    if not rows:
        raise WrongUsage(f"{source}: no row has the field {label_field!r}; say which one with --label-field")
    gold = renamed([str(row[label_field]) for row in rows], renames)
    decisions, vectors = _read(rows, role, cache)
    base: list[str]
    labels: tuple[str, ...]
    if role is Role.sentiment:
        base, labels = [one.sentiment_label for one in decisions], ("negative", "neutral", "positive")
        if unknown := sorted(set(gold) - set(labels)):
            raise WrongUsage(
                f"{source}: {label_field} {unknown[0]!r} is none of {', '.join(labels)}; rename it with --labels"
            )
    elif set(gold) & set(KINDS):
        gold = [label if label in KINDS else OTHER for label in gold]
        base, labels = [kind_of(one) for one in decisions], (*KINDS, OTHER)
    else:
        base = [one.category for one in decisions]
        labels = tuple(sorted({*gold, *base}))
    numbers = np.hstack([vectors * VECTOR_WEIGHT, np.array([one.signals for one in decisions])])
    by, product = fields
    group = [str(row.get(by)) if by else "" for row in rows]
    products = [str(row[product]) if product and row.get(product) is not None else None for row in rows]
    return Labelled(numbers.astype(np.int16), base, gold, group, labels, products, decisions)


def _read(rows: Sequence[Row], role: Role, cache: Path | None) -> tuple[list[Decision], Any]:
    settings = load_settings()
    encoder, notice = load_encoder(settings.encoder)
    if notice:
        Console(stderr=True).print(notice, style="yellow", markup=False)
    labeller = LocalLabeller(load_taxonomy(settings.taxonomy)[0], encoder)
    texts = [str(row["text"]) for row in rows]
    languages = LanguageDetector().detect(texts)
    vectors = to_grid(vectors_of(rows, encoder, cache))
    # Stars are as good as the sentiment that is asked for, so they are shown for the category alone.
    stars = [row.get("rating") if role is Role.category else None for row in rows]
    asked = [
        ConcernText(text, language, round(star) if isinstance(star, int | float) else None)
        for text, language, star in zip(texts, languages, stars, strict=True)
    ]
    return labeller.label(asked, vectors), vectors

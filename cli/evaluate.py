"""``undercurrent eval``: quality on any labelled JSONL, so that it can be checked on data we never saw.

A row has ``id``, ``text`` and a label (``label`` by default); ``spans`` for redaction, ``ts`` optionally.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.benchmark import tables, vectors_of
from cli.printing import print_json
from connectors.files.reader import BadRow, read_rows
from contracts.errors import WrongUsage
from models.encoders.load import load_encoder
from models.labellers.decision import ConcernText, Decision
from models.labellers.local import LocalLabeller
from models.labellers.scoring import OTHER, as_gold_label, merge_labels, score_labels
from models.labellers.taxonomy import load_taxonomy
from models.language.detector import LanguageDetector
from models.privacy.scoring import score_redaction
from models.themes.policy import ThemePolicy
from models.toxicity.detector import ToxicityDetector
from models.toxicity.scoring import score_toxicity
from settings import load_settings
from wiring.stages.extract import bound_of
from wiring.stages.intake import open_readers

app = typer.Typer(help="Measure quality on labelled JSONL.", no_args_is_help=True, rich_markup_mode=None)

Row = Mapping[str, Any]
InputFile = Annotated[Path, typer.Option("--input", help="Labelled .jsonl or .jsonl.gz.")]
LabelField = Annotated[str, typer.Option(help="The field that holds the label.")]
Labels = Annotated[
    str | None, typer.Option(help="Rename labels: a=b,c=d. Labels not named stay as they are.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

KINDS = ("bug", "feature_request")
"""Labels that name a kind of concern rather than a category."""


class StreamOrder(StrEnum):
    """In which order a labelled set is played as a stream."""

    shuffled = "shuffled"
    waves = "waves"
    bursts = "bursts"
    drift = "drift"
    returns = "returns"
    stories = "stories"
    file = "file"
    all = "all"


@app.command("themes")
def themes(
    source: InputFile,
    order: Annotated[
        StreamOrder,
        typer.Option(help="How the set is played as a stream; all: every order, one after the other."),
    ] = StreamOrder.shuffled,
    seed: Annotated[int, typer.Option(help="Seed of the order and of the oracle; the first of several.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="So many seeds: means and deviations.")] = 1,
    peers: Annotated[
        bool, typer.Option("--peers", help="Beside it: average linkage, HDBSCAN, nearest-or-new, DBSTREAM.")
    ] = False,
    vectors: Annotated[
        Path | None, typer.Option(help="Vectors are read from this .npz file, or written there if it is new.")
    ] = None,
    label_field: LabelField = "label",
    labels: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Themes found online, against k-means that was told how many there are, on the same vectors.

    Example: undercurrent eval themes --input intents.jsonl.gz --order all --seeds 5 --peers
    """
    # scikit-learn takes two seconds to load, and every other command does without it.
    from models.themes.scoring.figures import benchmark
    from models.themes.scoring.play import LabelledSet, evaluate
    from models.themes.scoring.streams import ORDERS

    rows = [row for row in read_labelled(source) if row.get(label_field) is not None]
    gold = renamed([str(row[label_field]) for row in rows], labels)
    _need(rows, source, label_field)
    stderr = Console(stderr=True)
    encoder, notice = load_encoder(load_settings().encoder)
    if notice:
        stderr.print(notice, style="yellow", markup=False)
    ids, texts, stamps = [str(row["id"]) for row in rows], [str(row["text"]) for row in rows], None
    if all("ts" in row for row in rows):
        stamps = [_seconds(row, source) for row in rows]
    made, policy = vectors_of(rows, encoder, vectors), ThemePolicy()
    orders = [name for name in ORDERS if order.value in (name, "all")]
    if len(orders) == seeds == 1 and not peers:
        scores = evaluate(ids, made, gold, orders[0], seed, policy, stamps, time.perf_counter, texts=texts)
        report(scores, as_json)
        return
    found = benchmark(
        LabelledSet.of(ids, made, gold, stamps, texts=texts),
        orders,
        range(seed, seed + seeds),
        policy,
        time.perf_counter,
        lambda line: stderr.print(line, style="dim", markup=False, highlight=False),
        peers,
    )
    if as_json:
        print_json(found)
    else:
        sys.stdout.write("\n\n".join(tables(found)) + "\n")


@app.command("extraction")
def extraction(
    source: InputFile, label_field: LabelField = "label", labels: Labels = None, as_json: AsJson = False
) -> None:
    """Category of every text, untrained. Where bug or feature_request is a label, the rest count as other.

    Example: undercurrent eval extraction --input reviews.jsonl.gz --labels praise_or_rating=other
    """
    rows = [row for row in read_labelled(source) if row.get(label_field) is not None]
    _need(rows, source, label_field)
    gold = renamed([str(row[label_field]) for row in rows], labels)
    decisions = _decide(rows)
    gold = [label if label in KINDS else OTHER for label in gold] if set(gold) & set(KINDS) else gold
    names = sorted(set(gold))
    score = score_labels(gold, [as_gold_label(decision, names) for decision in decisions])
    review = sum(d.needs_review for d in decisions) / len(decisions)
    report(asdict(score) | {"review_share": round(review, 4)}, as_json)


@app.command("sentiment")
def sentiment(
    source: InputFile, label_field: LabelField = "sentiment", labels: Labels = None, as_json: AsJson = False
) -> None:
    """Sentiment (negative, neutral, positive) of every text, untrained.

    Example: undercurrent eval sentiment --input tweets.jsonl.gz
    """
    rows = read_labelled(source)
    if not any(label_field in row for row in rows) and any("label" in row for row in rows):
        label_field = "label"
    rows = [row for row in rows if row.get(label_field) is not None]
    _need(rows, source, label_field)
    gold = renamed([str(row[label_field]) for row in rows], labels)
    decisions = _decide(rows)
    score = score_labels(gold, [d.sentiment_label for d in decisions])
    review = sum(d.needs_review for d in decisions) / len(decisions)
    report(asdict(score) | {"review_share": round(review, 4)}, as_json)


@app.command("redaction")
def redaction(source: InputFile, as_json: AsJson = False) -> None:
    """Personal data found and covered, against labelled spans.

    Example: undercurrent eval redaction --input pii.jsonl.gz
    """
    rows = [row for row in read_labelled(source) if row.get("spans") is not None]
    _need(rows, source, "spans")
    _check_spans(rows, source)
    readers = open_readers(load_settings())
    languages = readers.language.detect([str(row["text"]) for row in rows])
    report(
        asdict(score_redaction(rows, readers.redactor, languages=languages, clock=time.perf_counter)), as_json
    )


@app.command("toxicity")
def toxicity(
    source: InputFile, label_field: LabelField = "label", labels: Labels = None, as_json: AsJson = False
) -> None:
    """Texts that would be quarantined; toxic are the labels ``hate``, ``toxic``, ``true``.

    Example: undercurrent eval toxicity --input messages.jsonl.gz --labels offensive=neither
    """
    rows = read_labelled(source)
    if not any(label_field in row for row in rows) and any("toxic" in row for row in rows):
        label_field = "toxic"
    _need(rows, source, "text")
    gold = renamed([str(row.get(label_field)).lower() for row in rows], labels)
    judged = ToxicityDetector().judge([str(row["text"]) for row in rows])
    report(asdict(score_toxicity(gold, [judgement.quarantine for judgement in judged])), as_json)


def read_labelled(source: Path) -> list[Row]:
    """The rows of a labelled file. Raises ``WrongUsage`` naming line and field of the first bad one."""
    rows: list[Row] = []
    for row in read_rows(source):
        if isinstance(row, BadRow):
            raise WrongUsage(f"{source}:{row.line}: {row.reason}")
        for name in ("id", "text"):
            if row.fields.get(name) in (None, ""):
                raise WrongUsage(f"{source}:{row.line}: {name} is missing")
        rows.append(row.fields)
    return rows


def renamed(labels: Sequence[str], renames: str | None) -> list[str]:
    """Labels after ``a=b,c=d``."""
    table: dict[str, str] = {}
    for pair in filter(None, (renames or "").split(",")):
        old, sign, new = pair.partition("=")
        if not sign or not new:
            raise WrongUsage(f"--labels {pair}: write old=new")
        table[old.strip()] = new.strip()
    return merge_labels(labels, table)


def report(scores: Mapping[str, Any], as_json: bool) -> None:
    """Print figures, as JSON or a line each."""
    if as_json:
        print_json(scores)
        return
    console = Console()
    for name, value in scores.items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        console.print(f"{name:>18}  {shown}", markup=False, highlight=False)


def _decide(rows: Sequence[Row]) -> list[Decision]:
    settings = load_settings()
    encoder, _notice = load_encoder(settings.encoder)
    taxonomy, _warnings = load_taxonomy(settings.taxonomy)
    labeller = LocalLabeller(taxonomy, encoder, review_below=bound_of(settings))
    texts = [str(row["text"]) for row in rows]
    languages = LanguageDetector().detect(texts)
    # The stars are an answer to the question being asked, so they are not shown to the model.
    asked = [ConcernText(text, language, None) for text, language in zip(texts, languages, strict=True)]
    return labeller.label(asked, encoder.encode(texts))


def _need(rows: Sequence[Row], source: Path, field: str) -> None:
    if not rows:
        raise WrongUsage(f"{source}: no row has the field {field!r}; say which one with --label-field")


def _seconds(row: Row, source: Path) -> int:
    """When a row was written, in seconds. Raises ``WrongUsage``."""
    at = row["ts"]
    try:
        return int(at if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp())
    except (ValueError, OverflowError):
        raise WrongUsage(
            f"{source}: row {row['id']!r}: ts {at!r} is neither a number of seconds nor ISO 8601"
        ) from None


def _check_spans(rows: Sequence[Row], source: Path) -> None:
    """Raises ``WrongUsage`` for spans that are none of their text."""
    for row in rows:
        length = len(str(row["text"]))
        if not isinstance(row["spans"], list) or not all(_is_span(one, length) for one in row["spans"]):
            raise WrongUsage(
                f"{source}: row {row['id']!r}: spans is a list of {{type, start, end}}, in characters of the text"
            )


def _is_span(told: Any, length: int) -> bool:
    if not isinstance(told, Mapping) or not isinstance(told.get("type"), str):
        return False
    start, end = told.get("start"), told.get("end")
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length

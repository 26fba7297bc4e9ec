"""``undercurrent eval language``: how often the language of a text is named right, and how fast."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.evaluate import AsJson, InputFile, LabelField, Labels, read_labelled, renamed, report
from contracts.errors import WrongUsage
from models.language.detector import LanguageDetector

WARM_TEXTS = 200
"""So many texts are read before the clock runs: the first ones load the models of each language."""


def language(
    source: InputFile,
    label_field: LabelField = "lang",
    labels: Labels = None,
    without: Annotated[str, typer.Option(help="Languages left out, with commas.")] = "",
    as_json: AsJson = False,
) -> None:
    """Language of every text, against a field with its ISO 639-1 code.

    Example: undercurrent eval language --input tweets.jsonl.gz --without hi
    """
    left_out = set(filter(None, without.split(",")))
    rows = [row for row in read_labelled(source) if row.get(label_field) not in (None, *left_out)]
    if not rows:
        raise WrongUsage(f"{source}: no row has the field {label_field!r}; say which one with --label-field")
    gold = renamed([str(row[label_field]) for row in rows], labels)
    texts = [str(row["text"]) for row in rows]
    detector = LanguageDetector()
    detector.detect(texts[:: max(1, len(texts) // WARM_TEXTS)])
    started = time.perf_counter()
    found = detector.detect(texts)
    seconds = time.perf_counter() - started
    report(language_figures(gold, found) | {"texts_per_s": round(len(texts) / seconds)}, as_json)


def language_figures(gold: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """Accuracy in 0 … 1, over all and by language, and the ten most frequent mistakes.

    >>> language_figures(["de", "en"], ["de", "de"])["by_language"]
    {'de': 1.0, 'en': 0.0}
    """
    pairs = list(zip(gold, found, strict=True))
    many = Counter(gold)
    right = Counter(label for label, said in pairs if label == said)
    wrong = Counter(f"{label} read as {said}" for label, said in pairs if label != said)
    return {
        "accuracy": sum(right.values()) / max(1, len(pairs)),
        "n": len(pairs),
        "by_language": {label: round(right[label] / many[label], 4) for label in sorted(many)},
        "mistakes": dict(sorted(wrong.items(), key=lambda one: (-one[1], one[0]))[:10]),
    }

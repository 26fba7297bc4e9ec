"""The whole flow against its models alone: how much of the time is not the models'?

Same texts, same batches, one process, alternating pairs; the flow is the product's, on Bytewax, with files,
snapshots, keys and the embedded Qdrant. The models alone are language, redaction, sentiment and both
embeddings of every concern, called as the stages call them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.jsonl.log import JsonlLog, read_log
from connectors.keys.vault import LocalVault
from contracts.envelope import Envelope, Out
from contracts.feedback import Coordinates
from contracts.registry import read_journal
from demo.sample import generate
from flows.stages import Pipeline, Stage
from models.encoders.base import Encoder
from models.encoders.load import load_encoder
from models.labellers.sentiment import SentimentModel
from models.labellers.taxonomy import fold
from models.segments.concerns import concerns
from models.segments.summary import summary
from operators.intake.redaction import Readers
from operators.step import Step
from settings import Settings
from wiring.engine import Running, run_pipeline, tune_process
from wiring.history import Feed
from wiring.journal import Arrival, RecordMaker
from wiring.product import Parts, open_parts, product_pipeline
from wiring.stages.intake import open_readers

BATCH = 64
START = datetime(2026, 1, 1, tzinfo=UTC)


def measure(*, items: int, pairs: int) -> dict[str, Any]:
    """Medians over alternating pairs; ``ratio`` is models' time by flow's time, so 1 is no overhead."""
    texts = _texts(items)
    encoder, _notice = load_encoder("auto")
    readers = open_readers(Settings())
    _models_alone(texts[:BATCH], readers, encoder)  # warm up
    alone, whole, stages = [], [], defaultdict[str, list[float]](list)
    embedding: list[float] = []
    for _pair in range(pairs):
        models, encoding = _models_alone(texts, readers, encoder)
        alone.append(models)
        embedding.append(encoding)
        took, by_stage = _whole_flow(texts)
        whole.append(took)
        for stage, seconds in by_stage.items():
            stages[stage].append(seconds)
    models_s, flow_s = statistics.median(alone), statistics.median(whole)
    embedding_s, extract_s = statistics.median(embedding), statistics.median(stages["extract"])
    return {
        "items": items,
        "pairs": pairs,
        "models_s": round(models_s, 2),
        "flow_s": round(flow_s, 2),
        "ratio": round(models_s / flow_s, 3),
        "embedding_s": round(embedding_s, 2),
        "extract_ratio": round(embedding_s / extract_s, 3),
        "items_per_s": round(items / flow_s, 1),
        "stages_s": {stage: round(statistics.median(seconds), 2) for stage, seconds in stages.items()},
    }


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    rows = [
        f"## Whole flow against its models alone: ratio {result['ratio']}",
        "",
        f"{result['items']} items, median of {result['pairs']} pairs: models {result['models_s']} s, "
        f"flow {result['flow_s']} s ({result['items_per_s']} items/s).",
        "",
        f"Embedding the same texts alone: {result['embedding_s']} s; the extract stage has "
        f"{result['extract_ratio']:.0%} of "
        "its throughput.",
        "",
        "| stage | s | share of the flow |",
        "| --- | --- | --- |",
    ]
    for stage, seconds in result["stages_s"].items():
        rows.append(f"| {stage} | {seconds} | {seconds / result['flow_s']:.0%} |")
    rest = result["flow_s"] - sum(result["stages_s"].values())
    rows.append(f"| engine, files, snapshots | {rest:.2f} | {rest / result['flow_s']:.0%} |")
    return "\n".join([*rows, ""])


def _texts(items: int) -> list[str]:
    """Distinct texts of the demo's samples, as many seeds as needed."""
    found: dict[str, None] = {}
    seed = 1
    while len(found) < items:
        found |= dict.fromkeys(truth.wording.text for truth in generate(seed).truths.values())
        seed += 1
    return list(found)[:items]


def _models_alone(texts: Sequence[str], readers: Readers, encoder: Encoder) -> tuple[float, float]:
    """Seconds that the models take for these texts, in the flow's batches; and those of embedding alone."""
    sentiment = SentimentModel()
    spent = embedding = 0.0
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        began = time.perf_counter()
        languages = readers.language.detect(batch)
        redactions = readers.redactor.redact(batch, languages)
        spent += time.perf_counter() - began
        found = [r.text[s.start : s.end] for r in redactions for s in concerns(r.text)]
        summaries = [summary(text) for text in found]
        began = time.perf_counter()
        for text in found:
            sentiment.score(text, fold(text), "en", None)
        # Texts that are their own summary are embedded once, as the flow's cache does.
        encoding = time.perf_counter()
        encoder.encode(list(dict.fromkeys([*found, *summaries])))
        ended = time.perf_counter()
        embedding += ended - encoding
        spent += ended - began
    return spent, embedding


def _whole_flow(texts: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Seconds of the flow over a fresh directory, and of its steps; loading models is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        _write_journal(directory, texts)
        parts = open_parts(directory, Settings())
        by_stage: dict[str, float] = defaultdict(float)
        pipeline = _timed(product_pipeline(parts, 1), by_stage)
        tune_process()
        began = time.perf_counter()
        run_pipeline(pipeline, directory, Running(batch=BATCH))
        took = time.perf_counter() - began
        _close(parts)
        return took, dict(by_stage)


def _write_journal(directory: Path, texts: Sequence[str]) -> None:
    """One item a minute, each from an author of its own."""
    vault = LocalVault(directory / "keys")
    feed = Feed(RecordMaker("local", vault, START))
    arrivals = [
        Arrival(
            START + timedelta(minutes=n),
            START + timedelta(minutes=n),
            "bench",
            str(n),
            {"text": text, "author": f"author-{n}", "account": f"account-{n % 400}"},
            Coordinates(origin="bench", line=n + 1),
        )
        for n, text in enumerate(texts)
    ]
    with JsonlLog(directory / "logs" / "journal", 1) as journal:
        journal.append(0, list(feed.records(arrivals)))
    vault.close()
    first = next(read_log(directory / "logs" / "journal", 0))
    assert read_journal(0, 0, first.data).tenant == "local"


def _timed(pipeline: Pipeline, spent: dict[str, float]) -> Pipeline:
    """The same pipeline, its steps timed."""

    def timed(stage: Stage) -> Stage:
        return replace(stage, make=lambda p: _TimedStep(stage.make(p), stage.name, spent))

    return replace(pipeline, stages=tuple(timed(stage) for stage in pipeline.stages))


class _TimedStep:
    """A step that adds up its time; everything else is the step's own."""

    def __init__(self, step: Step, name: str, spent: dict[str, float]) -> None:
        self._step = step
        self._name = name
        self._spent = spent

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        began = time.perf_counter()
        outs = self._step.on_records(records)
        self._spent[self._name] += time.perf_counter() - began
        return outs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._step, name)


def _close(parts: Parts) -> None:
    for part in (parts.index, parts.vault):
        close = getattr(part, "close", None)
        if close is not None:
            close()

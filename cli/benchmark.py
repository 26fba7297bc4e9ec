"""``undercurrent eval themes``, the parts around the measuring: vectors that are made once, and tables.

A vectors file (``.npz``: ids, vectors, digest) holds no text, only a digest of ids, texts and encoder, so
that it can be kept beside other caches and is refused for other rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from contracts.errors import WrongUsage
from models.encoders.base import GRID_NORM, Encoder

WORST = " ▾"
Row = Mapping[str, Any]
_AGREEMENT = {
    "V": "v", "AMI": "ami", "ARI": "ari", "V ×": "ratio.v", "AMI ×": "ratio.ami", "ARI ×": "ratio.ari",
    "B³": "b3", "pair P": "pair_precision", "pair R": "pair_recall",
    "over": "over_grouped", "under": "under_grouped",
}  # fmt: skip
_STREAM = {
    "strict V ×": "strict_ratio.v", "AMI ×": "strict_ratio.ami", "ARI ×": "strict_ratio.ari",
    "themes ÷ topics": "themes_per_topic", "alone": "singletons_share", "dropped": "dropped_share",
    "on arrival": "arrival_share", "kept": "kept_share", "delay": "delay", "new topics": "topics_later",
    "their delay": "delay_later", "noticed": "noticed_share",
}  # fmt: skip
_CONFIDENCE = {
    "ECE": "ece", "AUROC": "auroc", "uncertain": "uncertain_share", "right": "right_share",
    "at once: ECE": "at_once.ece", "AUROC at once": "at_once.auroc",
    "uncertain at once": "at_once.uncertain_share", "right at once": "at_once.right_share",
}  # fmt: skip
_PEERS = {
    "V": "v", "AMI": "ami", "ARI": "ari", "B³": "b3", "pair P": "pair_precision", "pair R": "pair_recall",
    "clusters ≥ 5": "themes", "alone": "singletons",
}  # fmt: skip


def vectors_of(rows: Sequence[Row], encoder: Encoder, cache: Path | None) -> NDArray[np.float32]:
    """Unit vectors ``(n, dims)`` of the rows' texts: read from ``cache`` if it is there, else made and written.

    Raises ``WrongUsage`` when the file is of other rows or of another encoder.
    """
    texts = [str(row["text"]) for row in rows]
    digest = vectors_digest([str(row["id"]) for row in rows], texts, encoder.version)
    if cache is not None and cache.exists():
        return _read(cache, digest)
    vectors = encoder.encode(texts).astype(np.float32) / np.float32(GRID_NORM)
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with cache.open("wb") as file:
            np.savez(file, ids=np.array([str(row["id"]) for row in rows]), vectors=vectors, digest=digest)
    return vectors


def vectors_digest(ids: Sequence[str], texts: Sequence[str], version: str) -> str:
    """What a vectors file was made of."""
    parts = (version, *(part for pair in zip(ids, texts, strict=True) for part in pair))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(cache: Path, digest: str) -> NDArray[np.float32]:
    try:
        with np.load(cache, allow_pickle=False) as held:
            made_of, vectors = str(held["digest"]), held["vectors"].astype(np.float32)
    except (OSError, ValueError, KeyError, BadZipFile) as exc:
        raise WrongUsage(f"{cache} is no vectors file ({exc}); name another, or remove it") from exc
    if made_of != digest:
        raise WrongUsage(
            f"{cache} holds vectors of other rows or another encoder; name another, or remove it"
        )
    found: NDArray[np.float32] = vectors
    return found


def tables(report: Mapping[str, Any]) -> Iterator[str]:
    """A benchmark as Markdown tables: mean ± sd over seeds, the worst order of each figure marked ▾."""
    orders, worst = report["orders"], report["worst"]
    seeds = f"{len(report['seeds'])} seeds" if len(report["seeds"]) > 1 else f"seed {report['seeds'][0]}"
    told = ", ".join(f"{name.upper()} {_cell(one)}" for name, one in report["oracle"].items())
    yield f"{report['items']} items, {seeds}, mean ± sd; {WORST.strip()} worst order; × k-means with the true k: {told}"
    for columns in (_AGREEMENT, _STREAM, _CONFIDENCE):
        rows = [
            [
                order,
                *(_cell(figures.get(key)) + WORST * (worst.get(key) == order) for key in columns.values()),
            ]
            for order, figures in orders.items()
        ]
        if any(key in figures for figures in orders.values() for key in columns.values()):
            yield _table(["order", *columns], rows)
    yield from _stories(orders)
    if "peers" in report:
        named = [[p["name"], p["order"], str(p["items"]), p["told"]] for p in report["peers"]]
        cells = [[_cell(p["scores"].get(key)) for key in _PEERS.values()] for p in report["peers"]]
        rows = [name + found for name, found in zip(named, cells, strict=True)]
        yield _table(["beside it", "order", "items", "told", *_PEERS], rows)


def _stories(orders: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    figures = orders.get("stories", {})
    names = [key.split(".")[1] for key in figures if key.startswith("stories.") and key.endswith(".share")]
    rows = [
        [name, _cell(figures[f"stories.{name}.share"]), _cell(figures[f"stories.{name}.purity"])]
        for name in names
    ]
    if rows:
        yield _table(["planted story", "in its largest theme", "of that theme"], rows)


def _cell(figure: Mapping[str, float | None] | None) -> str:
    if figure is None:
        return "–"
    mean, sd = figure["mean"], figure["sd"] or 0.0
    if mean is None:
        return "never"
    shown: Callable[[float], str] = (lambda x: f"{x:.3f}") if abs(mean) < 3 else (lambda x: f"{x:.1f}")
    return f"{shown(mean)} ± {shown(sd)}" if sd else shown(mean)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    wide = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in wide], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, wide, strict=True)) + " |"
        for line in lines
    )

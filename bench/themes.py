"""Themes and priority over vectors that are already there: the project's own part, at 100,000 items.

Synthetic topics on the unit sphere, an item a minute with hourly ticks, state logs and snapshots as in a real
run; records are made outside the timed part. Once without the index's items (the stages alone, whose memory is
looked at every tenth of the way), once on fewer items with the embedded Qdrant.
"""

from __future__ import annotations

import base64
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from connectors.jsonl.state import JsonlStateLog
from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from connectors.qdrant.edge import EdgeIndex
from contracts.envelope import Envelope
from contracts.feedback import Tick
from contracts.stages import Concern, Decision, EnrichedItem, ItemFacts, Provenance, Vector
from contracts.vectors import ItemPoint
from models.priority.policy import load_policy
from operators.hosting import Handed, StepHost
from operators.ports import VectorIndex
from operators.prioritise.step import PrioritiseStep
from operators.themes.step import ThemesStep
from wiring.engine import tune_process

TOPICS = 300
DIMS = 384
THEME_DIMS = 64
SPREAD = 1.1
TENANT = "local"
START = datetime(2025, 1, 1, tzinfo=UTC)
MINUTES_APART = 1
BATCH = 64
SNAPSHOT_EVERY = 2_000  # items: about a second's worth
PROVENANCE = Provenance(run="bench", git_commit="", taxonomy="", labeller="", encoder="bench", redaction="")


def measure(*, items: int) -> dict[str, Any]:
    """Items per second through both stages, and resident memory; then with the embedded Qdrant."""
    alone = _run(items, lambda _folder: _ThemesOnly(item_dims=DIMS, theme_dims=THEME_DIMS))
    stored = _run(items // 5, _edge_index)
    return alone | {"qdrant_items": items // 5, "qdrant_items_per_s": stored["items_per_s"]}


def _run(items: int, open_index: Callable[[Path], VectorIndex]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        vault = LocalVault(root / "keys")
        vault.ensure(TENANT, [f"subject-{n}" for n in range(1_000)])
        index = open_index(root)
        themes = StepHost("themes", 0, ThemesStep(vault, index, "bench"), JsonlStateLog(root / "themes", 0))
        deciding = PrioritiseStep(0, load_policy(None), _Opener(vault))
        priority = StepHost("priority", 0, deciding, JsonlStateLog(root / "priority", 0))
        for host in (themes, priority):
            host.restore(None)
        tune_process()
        spent, done, at_tenths = 0.0, 0, list[float]()
        for batch in _batches(items, vault):
            before, began = done, time.perf_counter()
            done += sum(record.kind == "feedback" for record in batch)
            _through(batch, themes, priority, snapshot=done // SNAPSHOT_EVERY > before // SNAPSHOT_EVERY)
            spent += time.perf_counter() - began
            if done * 10 // items > before * 10 // items:
                at_tenths.append(round(_resident_mib(), 1))
        index.close()
        return {"items": items, "items_per_s": round(items / spent, 1), "resident_mib_at_tenths": at_tenths}


def _through(batch: list[Envelope], themes: StepHost, priority: StepHost, *, snapshot: bool) -> None:
    handed = [Handed(0, themes.applied + n, record) for n, record in enumerate(batch)]
    emitted = [e for e in themes.on_batch(handed) if e.out.topic == "assignments"]
    priority.on_batch([Handed(0, e.position, e.out.record) for e in emitted])
    if snapshot:
        themes.snapshot()
        priority.snapshot()


def _edge_index(folder: Path) -> VectorIndex:
    return EdgeIndex(folder / "qdrant", encoder_version="bench", item_dims=DIMS, theme_dims=THEME_DIMS)


class _ThemesOnly(MemoryIndex):
    """Centroids without items: those are the vector store's memory and time, not the stages'."""

    def settle(self) -> None:
        """As there."""

    def put_items(self, tenant: str, points: Sequence[ItemPoint]) -> None:
        """Nothing is kept."""


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    return "\n".join(
        [
            f"## Themes and priority over cached vectors: {result['items_per_s']:.0f} items/s",
            "",
            f"{result['items']} items; resident MiB at each tenth: {result['resident_mib_at_tenths']}.",
            f"With the embedded Qdrant, {result['qdrant_items']} items: {result['qdrant_items_per_s']:.0f} items/s.",
            "",
        ]
    )


def _batches(items: int, vault: LocalVault) -> Iterator[list[Envelope]]:
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(TOPICS, DIMS))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    batch: list[Envelope] = []
    hour = -1
    for n in range(items):
        at = START + timedelta(minutes=n * MINUTES_APART)
        if n * MINUTES_APART // 60 > hour:
            hour = n * MINUTES_APART // 60
            batch.append(Tick(id=f"0-{2 * n}", tenant=TENANT, event_time=at, ingested_at=at))
        topic = int(rng.integers(TOPICS))
        noise = rng.normal(size=DIMS) / np.sqrt(DIMS) * SPREAD
        batch.append(_item(n, at, topic, centres[topic] + noise, vault))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def _item(n: int, at: datetime, topic: int, vector: Any, vault: LocalVault) -> EnrichedItem:
    unit = np.rint(vector / np.linalg.norm(vector) * 2048).astype("<i2")
    subject = f"subject-{n % 1000}"
    text = " ".join(f"word{(topic * 7 + k * k) % 900}" for k in range(n % 5, n % 5 + 12))
    sealed = vault.seal(TENANT, subject, text.encode())
    decision = Decision(
        category="bug", severity="medium", sentiment="negative", sentiment_milli=-400, confidence_milli=900
    )
    concern = Concern(
        concern_id=f"{n:08x}-0000-4000-8000-000000000000",
        start=0,
        end=len(text),
        summary=sealed,
        decision=decision,
        vector=Vector(model="bench", data=base64.b64encode(unit.tobytes()).decode()),
    )
    return EnrichedItem(
        id=f"0-{2 * n + 1}-extract-0",
        tenant=TENANT,
        event_time=at,
        ingested_at=at,
        item_id=f"item-{n}",
        revision=1,
        text=sealed,
        language="en",
        coverage="full",
        facts=ItemFacts(source="bench", account=f"account-{n % 700}", tier="pro"),
        concerns=(concern,),
        provenance=PROVENANCE,
    )


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


class _Opener:
    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    def open(self, tenant: str, sealed: Any) -> str | None:
        opened = self._vault.open(tenant, sealed)
        return None if opened is None else opened.decode()

"""Run the parts on one broker, one after the other; each can be run alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.kafka import latency, overhead, passthrough, replay, restart, scale, stages
from bench.kafka.common import Bench
from bench.kafka.report import table
from models.encoders.load import encoder_identity
from settings import load_settings
from wiring.kafka.broker import open_broker

PARTS: Mapping[str, Callable[[Bench], dict[str, Any]]] = {
    "stages": stages.measure,
    "passthrough": passthrough.measure,
    "overhead": overhead.measure,
    "scale": scale.measure,
    "latency": latency.measure,
    "restart": restart.measure,
    "replay": replay.measure,
}


def measure(parts: Sequence[str], *, share: float, pairs: int, profile: bool = False) -> dict[str, Any]:
    """The results of these parts, and what they ran on; ``share`` is how much of the items, ``took_s`` seconds."""
    found: dict[str, Any] = {}
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        for part in parts:
            began = time.monotonic()
            with TemporaryDirectory(prefix="undercurrent-bench-") as folder:
                result = PARTS[part](Bench(broker.cluster, Path(folder), share, pairs, profile))
            found[part] = {**result, "took_s": round(time.monotonic() - began)}
            print(table({part: found[part]}), flush=True)
    finally:
        broker.stop()
    version, _dims = encoder_identity(load_settings().encoder)
    return {"broker": broker.why, "encoder": version, "pairs": pairs, "share": share, "parts": found}


def page(results: Mapping[str, Any]) -> str:
    """All of it as Markdown."""
    return "\n".join(
        [
            "## On Kafka",
            "",
            f"Broker: {results['broker']}. Encoder: {results['encoder']}. Ratios are medians of {results['pairs']} "
            "alternating pairs, their range in brackets.",
            "",
            table(results["parts"]),
        ]
    )

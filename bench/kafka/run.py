"""Run the parts on one broker, one after the other; each can be run alone."""

from __future__ import annotations

import time
import traceback
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
                bench = Bench(broker.cluster, Path(folder), share, pairs, profile, broker.pid)
                result = _measured(part, bench)
            if result is not None:
                found[part] = {**result, "took_s": round(time.monotonic() - began)}
                print(table({part: found[part]}), f"took {found[part]['took_s']} s\n", sep="\n", flush=True)
    finally:
        broker.stop()
    version, _dims = encoder_identity(load_settings().encoder)
    return {"broker": broker.why, "encoder": version, "pairs": pairs, "share": share, "parts": found}


def _measured(part: str, bench: Bench) -> dict[str, Any] | None:
    """A part's result; one that fails tells why and is left out, so that the others are not lost."""
    try:
        return PARTS[part](bench)
    except Exception:  # noqa: BLE001 - whatever it was, the other parts are still to be measured
        traceback.print_exc()
        for log in sorted(bench.folder.rglob("*.log")):
            print(f"--- {part}: the end of {log.name}", log.read_text("utf-8", "replace")[-3000:], sep="\n")
        return None


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

"""Run the headline on a broker of its own, and say it as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.headline import measure as headline
from bench.kafka.common import Bench
from models.encoders.load import encoder_identity
from settings import load_settings
from wiring.kafka.broker import open_broker


def measure(share: float = 1.0) -> dict[str, Any]:
    """The figures, and what they were taken on; ``share`` is how much of the time."""
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        with TemporaryDirectory(prefix="undercurrent-headline-") as folder:
            found = headline.measure(Bench(broker.cluster, Path(folder), share))
    finally:
        broker.stop()
    version, _dims = encoder_identity(load_settings().encoder)
    return {"broker": broker.why, "encoder": version, **found}


def page(found: Mapping[str, Any]) -> str:
    """All of it as Markdown."""
    rows = [f"| {name} | {value} |" for name, value in found.items()]
    return "\n".join(["## Webhook to issue", "", "| what | value |", "| --- | --- |", *rows])

"""Run the benchmarks and write ``bench/results``, the machine named.

``python -m bench [embedded|themes|engine|kafka|headline|quality]``

A part that was measured alone takes its place beside the others of the last run, if that was on the same machine and
of the same size. ``quality`` is no benchmark of speed: what the themes find, beside what they found (``quality``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import flow, quality, theme_engine, themes

RESULTS = Path(__file__).parent / "results"
SETS = ("themes", "engine", "embedded", "kafka")
KAFKA_PARTS = ("stages", "passthrough", "overhead", "scale", "latency", "restart", "replay")


def main() -> None:
    """What is named, or all; a smaller form with ``--quick``."""
    told = _told()
    chosen = told.sets or SETS
    # First what needs no weights: a deployed themes stage has no PyTorch in its process either.
    own = themes.measure(items=10_000 if told.quick else 100_000) if "themes" in chosen else None
    engine = theme_engine.measure(quick=told.quick) if "engine" in chosen else None
    whole = None
    if "embedded" in chosen:
        whole = flow.measure(items=200 if told.quick else 1_500, pairs=1 if told.quick else 3)
    if own or engine or whole:
        _write("latest", {"flow": whole, "themes": own, "engine": engine}, _embedded_page)
    if "kafka" in chosen:
        _on_kafka(told)
    if "headline" in chosen:
        _headline(told)
    if "quality" in chosen:
        print(quality.write() if told.accept else quality.table(quality.measure(quality.sample())))


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sets",
        nargs="*",
        choices=(*SETS, "headline", "quality"),
        help="which; default: all but headline and quality",
    )
    parser.add_argument("--accept", action="store_true", help="quality: what is now is what CI compares with")
    parser.add_argument("--quick", action="store_true", help="a tenth of the items: to see that it works")
    parser.add_argument("--only", action="append", choices=KAFKA_PARTS, help="parts of kafka; default: all")
    parser.add_argument("--scale", type=float, help="how much of the items of kafka's parts; default: 1.0")
    parser.add_argument("--pairs", type=int, help="alternating pairs of kafka's ratios; default: 5")
    parser.add_argument(
        "--profile",
        choices=KAFKA_PARTS,
        help="one part, with a profile of its hot process; nothing is written",
    )
    return parser.parse_args()


def _on_kafka(told: argparse.Namespace) -> None:
    from bench.kafka import run  # its parts load the whole product

    share = told.scale or (0.1 if told.quick else 1.0)
    pairs = told.pairs or (1 if told.quick else 5)
    if told.profile:
        run.measure([told.profile], share=share, pairs=1, profile=True)
        return
    found = run.measure(told.only or KAFKA_PARTS, share=share, pairs=pairs)
    before = _before("kafka").get("kafka") or {}
    if all(before.get(key) == found[key] for key in ("pairs", "share", "encoder")):
        found["parts"] = {**before["parts"], **found["parts"]}
    _write("kafka", {"kafka": found}, lambda results: run.page(results["kafka"]))


def _headline(told: argparse.Namespace) -> None:
    from bench.headline import run

    _write(
        "headline", {"headline": run.measure(told.scale or 1.0)}, lambda found: run.page(found["headline"])
    )


def _write(name: str, found: Mapping[str, Any], page: Callable[[Mapping[str, Any]], str]) -> None:
    """The results as JSON and as a page; what was not measured now stays as it was."""
    results = _before(name) | {key: value for key, value in found.items() if value is not None}
    RESULTS.mkdir(exist_ok=True)
    text = f"Machine: {machine()}\n\n{page(results)}"
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(text + "\n", encoding="utf-8")
    print(text)


def _before(name: str) -> dict[str, Any]:
    """The results of the last run on this machine."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found if found.get("machine") == machine() else {"machine": machine()}


def _embedded_page(results: Mapping[str, Any]) -> str:
    makers = (("flow", flow.table), ("themes", themes.table), ("engine", theme_engine.table))
    tables: Sequence[str] = [make(results[key]) for key, make in makers if key in results]
    return "\n".join(tables)


def machine() -> str:
    """What it ran on, without names of hosts."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()

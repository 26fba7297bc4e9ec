"""Run the benchmarks and write ``bench/results/latest.json`` and ``.md``, the machine named."""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

from bench import flow, themes

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Both benchmarks, or a smaller form with ``--quick``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the items: to see that it works")
    quick = parser.parse_args().quick
    # First what needs no weights: a deployed themes stage has no PyTorch in its process either.
    own = themes.measure(items=10_000 if quick else 100_000)
    whole = flow.measure(items=200 if quick else 1_500, pairs=1 if quick else 3)
    results = {"machine": machine(), "flow": whole, "themes": own}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    page = "\n".join([f"Machine: {machine()}", "", flow.table(whole), themes.table(own)])
    (RESULTS / "latest.md").write_text(page + "\n", encoding="utf-8")
    print(page)


def machine() -> str:
    """What it ran on, without names of hosts."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()

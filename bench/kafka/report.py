"""The figures as a table: what was asked for, what was measured, and the ends of the range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]
Row = tuple[str, str, str]
"""What, the bound, what was measured."""


def table(results: Mapping[str, Result]) -> str:
    """The parts that were measured, in the order of ``ROWS``, as Markdown."""
    rows = [row for part, make in ROWS.items() if part in results for row in make(results[part])]
    lines = ["| what | wanted | measured |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {what} | {wanted} | {found} |" for what, wanted, found in rows), ""])


def _pairs(one: Result, ours: str, theirs: str) -> str:
    spread = f"{one['lowest']:.2f}–{one['highest']:.2f}"
    rates = f"{ours} {_rate(one['ours_per_s'])}, {theirs} {_rate(one['theirs_per_s'])}"
    cpu = f"; by CPU time {one['cpu_ratio']:.2f} ×" if "cpu_ratio" in one else ""
    return f"**{one['ratio']:.2f} ×** ({spread}); {rates}{cpu}"


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}/s" if per_s >= 100 else f"{per_s:.1f}/s"


def _stages(one: Result) -> list[Row]:
    what = f"journal → assignment, four stages on Kafka against embedded, {one['items']} items a round"
    return [(what, "≥ 0.8 ×", _pairs(one, "Kafka", "embedded"))]


def _passthrough(one: Result) -> list[Row]:
    what = f"our source and sink against Bytewax's, {one['items']:,} messages, {one['partitions']} partitions"
    return [(what, "≥ 0.9 ×", _pairs(one, "ours", "Bytewax's"))]


def _overhead(one: Result) -> list[Row]:
    what = f"themes and priority on Kafka against a plain loop, {one['items']:,} items"
    stages = one["by_stage"].items()
    return [
        (what, "≥ 0.8 ×", _pairs(one, "ours", "loop")),
        *((f"… the {name} stage alone", "", _pairs(stage, "ours", "loop")) for name, stage in stages),
    ]


def _scale(one: Result) -> list[Row]:
    rates = ", ".join(f"{n} {_rate(one[f'{key}_per_s'])}" for n, key in ((1, "one"), (2, "two")))
    what = f"extract with 1 → 2 processes of one PyTorch thread, {one['tenants']} tenants"
    free = f"{one['ratio_to_free_threads']:.2f} × ({_rate(one['free_per_s'])})"
    share = f"the busier one did {one['busier_share']:.0%}"
    return [
        (what, "≥ 1.5 ×", f"**{one['ratio']:.2f} ×**; {rates}; {share}"),
        ("… 2 such processes against 1 with PyTorch's own threads", "", free),
    ]


def _latency(one: Result) -> list[Row]:
    what = f"journal → assignment at half of capacity ({_rate(one['rate_per_s'])})"
    found = f"p50 {one['p50_s']:.2f} s, **p95 {one['p95_s']:.2f} s**, p99 {one['p99_s']:.2f} s"
    steps = ", ".join(f"→ {short} {took:.2f} s" for short, took in one["p50_by_step_s"].items())
    thirds = " → ".join(f"{took:.2f} s" for took in one["p50_of_thirds_s"])
    return [
        (what, "p95 ≤ 1.0 s", f"{found}; {one['assignments']} assignments"),
        ("… p50 of each step; of the first, second and last third", "", f"{steps}; {thirds}"),
    ]


def _restart(one: Result) -> list[Row]:
    bounds = {"extract": "≤ 15 s", "themes": "≤ 6 s", "priority": "≤ 6 s"}
    return [
        (
            f"kill -9 of {stage} until its lag is back, at {_rate(one['rate_per_s'])}",
            bound,
            f"**{one[stage]['median_s']:.1f} s**, longest {one[stage]['longest_s']:.1f} s",
        )
        for stage, bound in bounds.items()
    ]


def _replay(one: Result) -> list[Row]:
    what = f"`replay --from enriched --until-end`, {one['items']:,} items, whole command"
    flows = ", ".join(
        f"{n} process{'es' if n > 1 else ''} a stage {_rate(one[f'workers_{n}_per_s'])}" for n in (1, 2)
    )
    return [
        (what, "≥ 1,500/s", flows),
        ("… its logic alone", "≥ 3,000/s", f"**{_rate(one['logic_per_s'])}**"),
    ]


ROWS: Mapping[str, Callable[[Result], list[Row]]] = {
    "stages": _stages,
    "passthrough": _passthrough,
    "overhead": _overhead,
    "scale": _scale,
    "latency": _latency,
    "restart": _restart,
    "replay": _replay,
}
"""The parts, in the order of the page."""

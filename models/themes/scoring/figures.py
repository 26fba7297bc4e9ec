"""Figures of many runs: mean and deviation over seeds, the worst order, and ratios to the oracle.

In: what ``score_stream`` says of each run, and the oracle of each seed. Out: plain mappings, fit for JSON.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from models.themes.policy import ThemePolicy
from models.themes.scoring import peers
from models.themes.scoring.peers import Peer, oracle
from models.themes.scoring.play import LabelledSet, score_stream
from models.themes.scoring.streams import Order, make_stream

RATIOS = ("v", "ami", "ari")
LOW_IS_GOOD = frozenset(
    {"over_grouped", "under_grouped", "singletons_share", "delay", "delay_later", "dropped_share", "ece"}
)
"""Figures whose largest value is the worst; of all others in ``JUDGED`` the smallest is."""
JUDGED = LOW_IS_GOOD | {
    *("v", "ami", "ari", "b3", "pair_precision", "pair_recall", "arrival_share", "kept_share", "auroc"),
    *(f"{kind}ratio.{name}" for kind in ("", "strict_") for name in RATIOS),
}
Figures = Mapping[str, Mapping[str, float | None]]
Progress = Callable[[str], None]


def benchmark(
    data: LabelledSet,
    orders: Sequence[Order],
    seeds: Sequence[int],
    policy: ThemePolicy,
    clock: Callable[[], float] = lambda: 0.0,
    progress: Progress = lambda _line: None,
    with_peers: bool = False,
) -> dict[str, Any]:
    """Every order with every seed, beside the oracle and, if asked for, the peers.

    The file's order has no seed, so it is played once. ``progress`` is told what is about to run.
    """
    oracles = {}
    for seed in seeds:
        progress(f"k-means, seed {seed}")
        oracles[seed] = oracle(data.vectors, data.gold, seed)
    found: dict[str, Figures] = {}
    for order in orders:
        runs = []
        for seed in seeds[:1] if order == "file" else seeds:
            progress(f"{order}, seed {seed}")
            runs.append(flat(score_stream(data, order, seed, policy, clock), oracles[seed]))
        found[order] = spread(runs)
    report: dict[str, Any] = {
        "items": len(data.ids),
        "seeds": list(seeds),
        "oracle": spread(list(oracles.values())),
        "orders": found,
        "worst": worst(found),
    }
    return report | ({"peers": list(_peers(data, orders, seeds, progress))} if with_peers else {})


def flat(scores: Mapping[str, Any], oracle_scores: Mapping[str, float]) -> dict[str, float]:
    """One run's numbers by dotted name, with ratios to the oracle and shares of counts."""
    numbers = numbers_of(scores)
    for name in RATIOS:
        for kind, source in (("", name), ("strict_", f"strict.{name}")):
            numbers[f"{kind}ratio.{name}"] = round(numbers[source] / max(oracle_scores[name], 1e-9), 4)
    numbers["themes_per_topic"] = round(numbers["themes"] / max(numbers["gold"], 1), 4)
    return numbers


def numbers_of(scores: Mapping[str, Any]) -> dict[str, float]:
    """One run's numbers by dotted name; what never happened is infinite."""
    return {name: value for name, value in _flatten("", scores) if name != "seed"}


def _flatten(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}{name}.", value)
        elif value is None or isinstance(value, int | float):
            yield f"{prefix}{name}", math.inf if value is None else value


def spread(runs: Sequence[Mapping[str, float]]) -> Figures:
    """Mean and standard deviation (n - 1; 0 of a single run) of every figure that a run has.

    A delay that never ended is infinite: then the mean is the median, or None when that is infinite too.
    """
    found: dict[str, dict[str, float | None]] = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        values = [run[name] for run in runs if name in run]
        finite = [value for value in values if math.isfinite(value)]
        middle = statistics.mean(values) if len(finite) == len(values) else statistics.median_high(values)
        sd = statistics.stdev(finite) if len(finite) > 1 else 0.0
        known = math.isfinite(middle)
        found[name] = {"mean": round(middle, 4) if known else None, "sd": round(sd, 4) if known else None}
    return found


def worst(orders: Mapping[str, Figures]) -> dict[str, str]:
    """For each judged figure the order in which it is worst, the first of equals; None is worse than any."""
    found = {}
    for name in sorted(JUDGED):
        means = {order: figures[name]["mean"] for order, figures in orders.items() if name in figures}
        if means:
            sign = -1 if name in LOW_IS_GOOD else 1
            found[name] = min(means, key=lambda o: -math.inf if (m := means[o]) is None else sign * m)
    return found


def _peers(
    data: LabelledSet, orders: Sequence[Order], seeds: Sequence[int], progress: Progress
) -> Iterator[dict[str, Any]]:
    """Offline peers once (k-means with every seed), online ones in every order (DBSTREAM with the first seed)."""
    progress("k-means as a row, average linkage, HDBSCAN")
    yield _row([peers.k_means(data.vectors, data.gold, seed) for seed in seeds], "any")
    yield _row([peers.average_linkage(data.vectors, data.gold)], "any")
    yield _row([peers.hdbscan(data.vectors, data.gold)], "any")
    for order in orders:
        for peer in (peers.leader, peers.dbstream):
            progress(f"{peer.__name__}, {order}")
            streams = [make_stream(data.gold, data.vectors, order, seed).places for seed in seeds]
            streams = streams[:1] if order == "file" or peer is peers.dbstream else streams
            yield _row([peer(data.vectors[places], data.gold[places]) for places in streams], order)


def _row(rows: Sequence[Peer], order: str) -> dict[str, Any]:
    first = rows[0]
    scores = spread([row.scores for row in rows])
    return {"name": first.name, "order": order, "told": first.told, "items": first.items, "scores": scores}

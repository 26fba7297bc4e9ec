"""Whether what the product measured bears complaints out, and by how much.

In: a decision and its item's telemetry; sums of many.   Out: ``Measured``, and a theme's ``Corroboration``.
Promise: pure functions; sums are integers in one dictionary of counters, so what is taken out again leaves no trace.
Nobody complains, or neither errors nor latency are known: that is unknown, and never counts as "not corroborated".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from contracts.priority import Corroboration, Levels
from contracts.stages import Decision, ItemTelemetry, TelemetryVerdict
from models.priority.wilson import wilson_interval
from models.priority.windows import count

Metric = Literal["errors", "latency"]

COMPLAINTS = "complaints"
"""The counter of complaints, measured or not; the other counters are ``metric verdict part`` and ``deploy NAME``."""

_VERDICTS = {True: "raised", False: "calm"}


class Measured(NamedTuple):
    """What was measured before one complaint, of the metric that decides: errors in millionths, latency p95 in ms.

    ``corroborated``: it was far above ``usual``. ``deploy`` is what ran then, where that is known.
    """

    corroborated: bool
    metric: Metric
    value: int
    usual: int
    deploy: str | None

    @property
    def verdict(self) -> TelemetryVerdict:
        """The same in a record's words."""
        return "corroborated" if self.corroborated else "not_corroborated"

    @property
    def times_milli(self) -> int | None:
        """How many times the usual, in thousandths; None where nothing is usual."""
        return 1000 * self.value // self.usual if self.usual else None


def complains(decision: Decision) -> bool:
    """Whether a concern is one that errors or latency could bear out: a bug, or a negative one."""
    return decision.bug or decision.sentiment == "negative"


def measured(decision: Decision, telemetry: ItemTelemetry | None) -> Measured | None:
    """What was measured before a complaint; None where nobody complains, and where nothing is known."""
    if telemetry is None or not complains(decision):
        return None
    raised = telemetry.elevated
    errors, latency = telemetry.error_ppm, telemetry.latency_p95_ms
    if errors is not None and raised != "latency":
        return Measured(
            raised is not None, "errors", errors, telemetry.usual_error_ppm or 0, telemetry.deploy
        )
    if latency is not None and raised != "errors":
        usual = telemetry.usual_latency_p95_ms or 0
        return Measured(raised is not None, "latency", latency, usual, telemetry.deploy)
    return None


def tally(sums: dict[str, int], one: Measured | None, sign: int) -> None:
    """Count a complaint, or take it out with ``sign`` -1; None: nothing is known of it."""
    count(sums, COMPLAINTS, sign)
    if one is None:
        return
    kind = f"{one.metric} {_VERDICTS[one.corroborated]}"
    for part, value in (("n", 1), ("value", one.value), ("usual", one.usual)):
        count(sums, f"{kind} {part}", sign * value)
    if one.corroborated and one.deploy:
        count(sums, f"deploy {one.deploy}", sign)


def corroboration(sums: Mapping[str, int]) -> Corroboration | None:
    """What telemetry says of these complaints; None where nothing was measured before any.

    Levels are means before the corroborated complaints of that metric; where there is none, before the others.
    """
    raised, calm = (
        sums.get(f"errors {verdict} n", 0) + sums.get(f"latency {verdict} n", 0)
        for verdict in _VERDICTS.values()
    )
    if not raised + calm:
        return None
    deploys = {name[7:]: number for name, number in sums.items() if name.startswith("deploy ")}
    deploy = min(deploys, key=lambda name: (-deploys[name], name)) if deploys else None
    return Corroboration(
        complaints=sums[COMPLAINTS],
        share=wilson_interval(raised, raised + calm),
        errors_ppm=_levels(sums, "errors", raised),
        latency_p95_ms=_levels(sums, "latency", raised),
        deploy=deploy,
        deploy_complaints=deploys[deploy] if deploy else None,
    )


def _levels(sums: Mapping[str, int], metric: Metric, raised: int) -> Levels | None:
    kind = f"{metric} {_VERDICTS[raised > 0]}"
    n = sums.get(f"{kind} n", 0)
    if not n:
        return None
    value, usual = (sums.get(f"{kind} {part}", 0) for part in ("value", "usual"))
    return Levels(before=value // n, usual=usual // n, complaints=n)

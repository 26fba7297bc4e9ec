"""What calls to language models tell Prometheus; label values are few: providers, models asked for, outcomes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.llm.base import Reply
from models.llm.guarded import Attempt
from models.llm.prices import DOLLAR_MICRO
from models.llm.spending import Standing

BUCKETS_S = tuple(0.01 * 2.0**n for n in range(14))
"""0.01 to 81.92 seconds: those of OpenTelemetry's conventions for generative models."""

PREFIX = "undercurrent_llm_"

_WHO = ("provider", "model")


COUNTERS = {
    "requests": ("Requests to language models by what came of them; ok is an answer.", (*_WHO, "outcome")),
    "tokens": ("Tokens as providers told them; input counts cached_input too.", (*_WHO, "kind")),
    "cost_usd": ("What answers cost, in US dollars.", _WHO),
    "unpriced": ("Answers whose cost is unknown: no price, or no usage told.", _WHO),
    "other_model": ("Answers whose author the provider names otherwise than asked for.", _WHO),
}
"""``undercurrent_llm_<name>_total``: its meaning and its labels."""

GAUGES = {
    "budget_remaining_usd": "What a tenant may still spend now, in US dollars.",
    "budget_used_ratio": "Share of the month's cap that is spent or reserved.",
}
"""``undercurrent_llm_<name>``, by tenant."""


class LlmMetrics:
    """A ``Watcher`` that counts every attempt in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters = {
            name: Counter(f"{PREFIX}{name}_total", told, labels, registry=registry)
            for name, (told, labels) in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(f"{PREFIX}{name}", told, ("tenant",), registry=registry)
            for name, told in GAUGES.items()
        }
        self._seconds = Histogram(
            f"{PREFIX}request_duration_seconds",
            "How long a request took.",
            _WHO,
            buckets=BUCKETS_S,
            registry=registry,
        )

    def attempted(self, attempt: Attempt) -> None:
        """Count one request."""
        who = (attempt.provider, attempt.model)
        self._counters["requests"].labels(*who, attempt.outcome).inc()
        self._seconds.labels(*who).observe(attempt.seconds)
        if attempt.reply is None:
            return
        self._answered(attempt.reply, who)

    def _answered(self, reply: Reply, who: tuple[str, str]) -> None:
        usage = reply.usage
        for kind, tokens in (
            ("input", usage.input_tokens),
            ("cached_input", usage.cached_input_tokens),
            ("output", usage.output_tokens),
        ):
            self._counters["tokens"].labels(*who, kind).inc(tokens or 0)
        if reply.cost_micro is None:
            self._counters["unpriced"].labels(*who).inc()
        else:
            self._counters["cost_usd"].labels(*who).inc(reply.cost_micro / DOLLAR_MICRO)
        if reply.is_other_model:
            self._counters["other_model"].labels(*who).inc()

    def stands(self, tenant: str, standing: Standing) -> None:
        """Tell where a tenant's budget stands."""
        self._gauges["budget_remaining_usd"].labels(tenant).set(standing.left_micro / DOLLAR_MICRO)
        cap = standing.caps.monthly_micro
        self._gauges["budget_used_ratio"].labels(tenant).set(standing.month_micro / cap if cap else 1.0)

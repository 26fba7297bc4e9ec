"""What calls to language models tell Prometheus; label values are few: providers, models asked for, outcomes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.llm.guarded import Attempt
from models.llm.prices import DOLLAR_MICRO
from models.llm.spending import Standing

BUCKETS_S = tuple(0.01 * 2.0**n for n in range(14))
"""0.01 to 81.92 seconds: those of OpenTelemetry's conventions for generative models."""

_WHO = ("provider", "model")


class LlmMetrics:
    """A ``Watcher`` that counts every attempt in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "undercurrent_llm_requests_total",
            "Requests to language models by what came of them; ok is an answer.",
            (*_WHO, "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "undercurrent_llm_request_duration_seconds",
            "How long a request took.",
            _WHO,
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._tokens = Counter(
            "undercurrent_llm_tokens_total",
            "Tokens as providers told them; input counts cached_input too.",
            (*_WHO, "kind"),
            registry=registry,
        )
        self._cost = Counter("undercurrent_llm_cost_usd_total", "What answers cost.", _WHO, registry=registry)
        self._unpriced = Counter(
            "undercurrent_llm_unpriced_total",
            "Answers whose cost is unknown: no price, or no usage told.",
            _WHO,
            registry=registry,
        )
        self._other_model = Counter(
            "undercurrent_llm_other_model_total",
            "Answers whose author the provider names otherwise than asked for.",
            _WHO,
            registry=registry,
        )
        self._left = Gauge(
            "undercurrent_llm_budget_remaining_usd",
            "What a tenant may still spend now.",
            ("tenant",),
            registry=registry,
        )
        self._used = Gauge(
            "undercurrent_llm_budget_used_ratio",
            "Share of the month's cap that is spent or reserved.",
            ("tenant",),
            registry=registry,
        )

    def attempted(self, attempt: Attempt) -> None:
        """Count one request."""
        who = (attempt.provider, attempt.model)
        self._requests.labels(*who, attempt.outcome).inc()
        self._seconds.labels(*who).observe(attempt.seconds)
        if attempt.reply is None:
            return
        usage = attempt.reply.usage
        for kind, tokens in (
            ("input", usage.input_tokens),
            ("cached_input", usage.cached_input_tokens),
            ("output", usage.output_tokens),
        ):
            self._tokens.labels(*who, kind).inc(tokens or 0)
        if attempt.reply.cost_micro is None:
            self._unpriced.labels(*who).inc()
        else:
            self._cost.labels(*who).inc(attempt.reply.cost_micro / DOLLAR_MICRO)
        if attempt.reply.model and attempt.reply.is_other_model:
            self._other_model.labels(*who).inc()

    def stands(self, tenant: str, standing: Standing) -> None:
        """Tell where a tenant's budget stands."""
        self._left.labels(tenant).set(standing.left_micro / DOLLAR_MICRO)
        cap = standing.caps.monthly_micro
        self._used.labels(tenant).set(standing.month_micro / cap if cap else 1.0)

"""Every attempt is counted by what came of it; what is not known is not counted as nothing."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from models.llm.base import Usage
from models.llm.guarded import Attempt
from models.llm.spending import Caps, Standing
from tests.support.llm import a_reply, busy
from wiring.llm.metrics import LlmMetrics

WHO = {"provider": "openai", "model": "gpt-5-mini"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> LlmMetrics:
    return LlmMetrics(registry)


def told(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"undercurrent_llm_{name}", labels)


def test_an_answer_counts_once_with_tokens_cost_and_time(
    metrics: LlmMetrics, registry: CollectorRegistry
) -> None:
    metrics.attempted(Attempt("openai", "gpt-5-mini", 0.5, reply=a_reply(cost_micro=85)))
    assert told(registry, "requests_total", **WHO, outcome="ok") == 1
    assert told(registry, "tokens_total", **WHO, kind="input") == 100
    assert told(registry, "cost_usd_total", **WHO) == pytest.approx(0.000085)
    assert told(registry, "request_duration_seconds_sum", **WHO) == 0.5


def test_failures_are_counted_by_status(metrics: LlmMetrics, registry: CollectorRegistry) -> None:
    metrics.attempted(Attempt("openai", "gpt-5-mini", 0.1, failure=busy(status=429)))
    assert told(registry, "requests_total", **WHO, outcome="http_429") == 1
    assert told(registry, "cost_usd_total", **WHO) is None


def test_an_unknown_price_is_counted_as_unknown(metrics: LlmMetrics, registry: CollectorRegistry) -> None:
    metrics.attempted(Attempt("openai", "gpt-5-mini", 0.1, reply=a_reply(usage=Usage())))
    assert told(registry, "unpriced_total", **WHO) == 1
    assert told(registry, "cost_usd_total", **WHO) is None


def test_another_author_is_counted(metrics: LlmMetrics, registry: CollectorRegistry) -> None:
    for model in ("gpt-5-mini-2026-03-01", "gpt-5"):
        reply = a_reply(model=model, asked_model="gpt-5-mini")
        metrics.attempted(Attempt("openai", "gpt-5-mini", 0.1, reply=reply))
    assert told(registry, "other_model_total", **WHO) == 1


def test_a_budget_is_told_as_dollars_left_and_share_used(
    metrics: LlmMetrics, registry: CollectorRegistry
) -> None:
    metrics.stands("acme", Standing(0, 800_000, 900_000, Caps(monthly_micro=1_000_000)))
    assert told(registry, "budget_remaining_usd", tenant="acme") == 0.2
    assert told(registry, "budget_used_ratio", tenant="acme") == 0.8
    metrics.stands("acme", Standing(0, 0, 0, Caps(monthly_micro=0)))
    assert told(registry, "budget_used_ratio", tenant="acme") == 1.0

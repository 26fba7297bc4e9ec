"""What the edge tells Prometheus; label values are few: vendors, outcomes, lanes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from wiring.edge.draining import Polled
from wiring.edge.webhooks import Answer

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""OpenTelemetry's for HTTP; 0.25 s is what a vendor may wait, 0.5 s where Intercom slows down."""


class EdgeMetrics:
    """Counts webhooks and polls in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._webhooks = Counter(
            "undercurrent_webhooks_total",
            "Webhook requests by what became of them; taken is durable.",
            ("vendor", "outcome"),
            registry=registry,
        )
        self._refused = Counter(
            "undercurrent_webhook_signatures_refused_total",
            "Requests whose signature was refused, by why.",
            ("vendor", "reason"),
            registry=registry,
        )
        self.seconds = Histogram(
            "undercurrent_webhook_duration_seconds",
            "From a request's first byte to its answer.",
            buckets=BUCKETS_S,
            registry=registry,
        )

        self._polled = Counter(
            "undercurrent_poll_records_total",
            "Records that polls made durable; utterance, gone, customer, issue or unreadable.",
            ("vendor", "kind"),
            registry=registry,
        )
        self._troubled = Counter(
            "undercurrent_poll_troubles_total",
            "What vendors did wrong: failed and looped ended a poll; a repeat was left out, a cursor kept; "
            "owed: a page that left records to be tried again.",
            ("vendor", "trouble"),
            registry=registry,
        )

    def polled(self, page: Polled) -> None:
        """Count one page of a poll, or its early end."""
        counts = page.counts
        for kind, many in (
            ("utterance", counts.utterances),
            ("gone", counts.gone),
            ("customer", counts.customers),
            ("issue", counts.issues),
            ("unreadable", counts.unreadable),
        ):
            self._polled.labels(page.vendor, kind).inc(many)
        for trouble, times in (
            ("failed", bool(page.failed)),
            ("looped", page.looped),
            ("repeat", counts.repeats),
            ("kept_cursor", counts.kept_cursors),
            ("owed", bool(page.owed) and not page.failed),
        ):
            self._troubled.labels(page.vendor, trouble).inc(times)

    def answered(self, vendor: str, answer: Answer) -> None:
        """Count one request."""
        self._webhooks.labels(vendor, answer.outcome).inc()
        if answer.outcome == "refused":
            self._refused.labels(vendor, answer.why).inc()

"""What is decided about one concern: every field a local model can fill, in integers and literal spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.labellers.sentiment import SentimentLabel
from models.labellers.severity import Level

Intent = Literal["complaint", "request", "question", "praise", "statement"]


@dataclass(frozen=True, slots=True)
class ConcernText:
    """A concern as the labeller sees it: redacted text, language (ISO 639-1), 1–5 stars, if known; whose it is."""

    text: str
    language: str | None = None
    rating: int | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision object for one concern.

    ``evidence`` holds spans of the concern's own text, so a quote is literal by construction; ``*_milli`` are
    thousandths; ``root_cause`` and ``segment`` are left to those who can know them. ``options`` are all categories, the
    likeliest first; ``signals`` is what a tenant's own models read beside the vector (scores, cues, mood, stars).
    """

    category: str
    sublabel: str | None
    runner_up: str | None
    severity: Level
    severity_rule: str
    sentiment_label: SentimentLabel
    sentiment_milli: int
    sentiment_certain: bool
    bug: bool
    feature_request: bool
    product_area: str
    owner: str | None
    suggested_action: str | None
    intent: Intent
    evidence: tuple[tuple[int, int], ...]
    explanation: str
    confidence_milli: int
    needs_review: bool
    churn_risk: bool
    urgency: bool
    models: tuple[tuple[str, str], ...]
    root_cause: str | None = None
    segment: str | None = None
    options: tuple[str, ...] = ()
    signals: tuple[int, ...] = ()

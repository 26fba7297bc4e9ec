"""One sample for all tests of the demo, and the outcome of a run that got everything right."""

from collections import Counter

import pytest

from demo.records import FADING, STORIES, Key, Sample
from demo.sample import generate
from demo.truth import DemoOutcome, Emitted, Rejected


@pytest.fixture(scope="session")
def sample() -> Sample:
    return generate(1)


@pytest.fixture
def perfect(sample: Sample) -> DemoOutcome:
    """Themes named like their labels, and nothing missed."""
    themes_of = {key: tuple(truth.labels) for key, truth in sample.truths.items() if truth.labels}
    states = {
        key: "quarantined" if truth.toxic else "themed" if truth.labels else "unthemed"
        for key, truth in sample.truths.items()
    }
    receipts: dict[Key, tuple[str, ...]] = {
        delivery.key: ("repeat" if delivery.kind == "redelivery" else "stale",)
        for delivery in sample.deliveries
        if delivery.key and delivery.kind in ("redelivery", "stale")
    }
    return DemoOutcome(
        themes_of=themes_of,
        theme_sizes=Counter(theme for themes in themes_of.values() for theme in themes),
        states=states,
        issues=[Emitted(story, sample.deliveries[-1].arrived_at, "impact") for story in STORIES],
        top_ten=[story for story in STORIES if story != FADING],
        rejects=[Rejected(d.line, d.breakage.field, "invalid") for d in sample.rejects if d.breakage],
        receipts=receipts,
        public_text=["Write to <EMAIL_1> or call <PHONE_1>."],
    )

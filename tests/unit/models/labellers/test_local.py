"""What the local labeller decides, with keywords everywhere and with weights where they are installed."""

from __future__ import annotations

import numpy as np
import pytest

from models.encoders import Encoder, load_encoder
from models.labellers import ConcernText, Decision, LocalLabeller, load_taxonomy
from models.labellers.bound import ReviewBound
from models.labellers.calibrate import fit, sentences
from models.labellers.confidence import KEYWORDS, MEANING

BOTH = ["keywords", pytest.param("minilm", marks=pytest.mark.needs_models)]


class Bench:
    """An encoder and the labeller built on it."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.labeller = LocalLabeller(load_taxonomy()[0], encoder)

    def decide(self, *concerns: ConcernText) -> list[Decision]:
        """Decisions for concerns, encoded together."""
        return self.labeller.label(concerns, self.encoder.encode([concern.text for concern in concerns]))

    def one(self, text: str, language: str | None = "en", rating: int | None = None) -> Decision:
        """The decision for one concern alone."""
        return self.decide(ConcernText(text, language, rating))[0]


@pytest.fixture(scope="module", params=BOTH)
def bench(request: pytest.FixtureRequest) -> Bench:
    """A labeller on each encoder."""
    return Bench(load_encoder(request.param)[0])


MIXED = [
    ConcernText("The invoice for March shows the wrong VAT", "en", 2),
    ConcernText("ok", "en"),
    ConcernText("Die Suche stürzt ab", "de"),
    ConcernText("", None),
    ConcernText("I'd love to be able to sort the cards by colour", "en"),
    ConcernText("😀", "en", 5),
]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("My invoice is wrong and I want a refund", "billing"),
        ("I can't log in, the password reset does nothing", "login"),
        ("Scrolling is terribly slow and it lags", "performance"),
        ("The menu is confusing and cluttered", "ux"),
        ("It would be great if you could add an option for grouping", "feature_request"),
        ("It crashes with an error when I press print", "bug"),
        ("Absolutely love it, great work", "praise"),
        ("This looks like a scam, I fear for my privacy", "trust"),
        ("How do I set up the printer, is there a tutorial?", "onboarding"),
        ("Please close my account and delete my profile", "account_management"),
    ],
)
def test_plain_feedback_gets_its_category_with_confidence(bench: Bench, text: str, category: str) -> None:
    decision = bench.one(text)
    assert decision.category == category
    assert not decision.needs_review


@pytest.mark.parametrize(
    "text",
    [
        "The only thing I would change is the size of the thumbnails",
        "It could be even better if the list were sorted",
        "They should really add a night mode",
        "Why don't you offer a plan for families",
    ],
)
def test_a_wish_is_told_by_its_words(bench: Bench, text: str) -> None:
    assert bench.one(text).feature_request


def test_who_reports_no_crash_reports_no_bug(bench: Bench) -> None:
    assert not bench.one("Fast and free of bugs, no crashes in two months, recommended").bug
    assert bench.one("It crashes when I rotate the screen").bug


@pytest.mark.parametrize(
    "text", ["ok", "hello??", "asdf", "nice", "👍👍", "...", "lol", "hmm", "xkcdqwrt plmkj"]
)
def test_chatter_goes_to_review(bench: Bench, text: str) -> None:
    assert bench.one(text).needs_review


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Rechnung wurde doppelt abgebucht", "de"),
        ("La aplicación se cierra al abrir el mapa", "es"),
        ("O aplicativo trava quando abro o mapa", "pt"),
        ("La page des factures ne s'affiche plus", "fr"),
    ],
)
def test_another_language_is_no_reason_for_review(bench: Bench, text: str, language: str) -> None:
    assert not bench.one(text, language).needs_review


def test_a_concern_is_decided_the_same_alone_and_in_any_company(bench: Bench) -> None:
    together = bench.decide(*MIXED)
    assert together == [bench.decide(concern)[0] for concern in MIXED]
    assert together[::-1] == bench.decide(*MIXED[::-1])


def test_no_concerns_need_no_decisions(bench: Bench) -> None:
    assert bench.decide() == []


def test_evidence_is_spans_of_whole_words_in_order(bench: Bench) -> None:
    text = "Since the update, I was charged twice and the invoice is wrong."
    spans = bench.one(text).evidence
    assert spans
    assert all(text[start:end].strip() == text[start:end] and end > start for start, end in spans)
    assert list(spans) == sorted(spans)


def test_the_explanation_repeats_nothing_of_the_feedback(bench: Bench) -> None:
    assert (
        "zebra" not in bench.one("The zebra invoice is wrong and the refund never came").explanation.lower()
    )


def test_a_billing_bug_is_billing_and_a_bug(bench: Bench) -> None:
    decision = bench.one("The invoice page crashes and fails to load my invoices and payment receipts")
    assert decision.bug
    assert decision.severity in {"medium", "high"}


def test_every_decision_names_the_versions_behind_it(bench: Bench) -> None:
    assert dict(bench.one("It crashes").models) == {
        "encoder": bench.encoder.version,
        "labeller": "local-2",
        "taxonomy": "2",
    }


def test_the_threshold_is_a_setting(bench: Bench) -> None:
    strict = LocalLabeller(load_taxonomy()[0], bench.encoder, review_below=ReviewBound(1000))
    concern = ConcernText("The invoice is wrong", "en")
    assert strict.label([concern], bench.encoder.encode([concern.text]))[0].needs_review


def test_confidence_separates_the_sentences_it_was_fitted_on(bench: Bench) -> None:
    concerns, kinds = sentences()
    decided = bench.decide(*concerns)
    wrong = [one.needs_review == bool(kind) for one, kind in zip(decided, kinds, strict=True)]
    assert np.mean(wrong) < 0.15


@pytest.mark.parametrize(
    ("setting", "stored"),
    [("keywords", KEYWORDS), pytest.param("minilm", MEANING, marks=pytest.mark.needs_models)],
)
def test_the_stored_coefficients_are_those_of_the_fit(setting: str, stored: object) -> None:
    again = fit(load_encoder(setting)[0])
    assert np.allclose(again.weights, stored.weights, atol=20)  # type: ignore[attr-defined]

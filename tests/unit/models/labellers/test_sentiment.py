"""Mood from words, stars, or both; in five languages, and honestly uncertain in the rest."""

from __future__ import annotations

import pytest

from models.labellers.sentiment import Sentiment, SentimentModel
from models.labellers.taxonomy import fold


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    """One model for all tests: it has no state."""
    return SentimentModel()


def mood(
    model: SentimentModel, text: str, language: str | None = "en", rating: int | None = None
) -> Sentiment:
    """The sentiment of one text."""
    return model.score(text, fold(text), language, rating)


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("This keeps crashing and I hate it", "en", "negative"),
        ("Wonderful, it saved my afternoon", "en", "positive"),
        ("Which cities do you serve?", "en", "neutral"),
        ("We have been on hold for three hours", "en", "negative"),
        ("Please help me find the export", "en", "neutral"),
        ("@superbrand which gate is it?", "en", "neutral"),
        ("Die App ist furchtbar langsam", "de", "negative"),
        ("Wirklich super und hilfreich", "de", "positive"),
        ("Nicht gut", "de", "negative"),
        ("Pésimo, siempre falla", "es", "negative"),
        ("Ótimo aplicativo, recomendo", "pt", "positive"),
        ("Une application géniale, merci", "fr", "positive"),
    ],
)
def test_words_tell_the_mood(model: SentimentModel, text: str, language: str, label: str) -> None:
    assert mood(model, text, language).label == label


def test_stars_outweigh_words(model: SentimentModel) -> None:
    assert mood(model, "a good bench, good lamps", rating=1).label == "negative"
    assert mood(model, "The table has four legs", rating=5).label == "positive"


def test_an_unread_language_is_neutral_and_says_so(model: SentimentModel) -> None:
    assert mood(model, "アプリが落ちます", "ja") == Sentiment("neutral", 0, certain=False)


def test_an_unread_language_takes_its_mood_from_the_stars(model: SentimentModel) -> None:
    assert mood(model, "アプリが落ちます", "ja", rating=1) == Sentiment("negative", -1000)


@pytest.mark.parametrize("rating", [None, 1, 3, 5])
@pytest.mark.parametrize("text", ["", "AWFUL!!! " * 50, "what a splendid day :) " * 50])
def test_the_score_stays_in_its_range(model: SentimentModel, text: str, rating: int | None) -> None:
    assert -1000 <= mood(model, text, rating=rating).milli <= 1000

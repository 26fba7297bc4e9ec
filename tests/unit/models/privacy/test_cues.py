"""Names, titles, ages and places that the words around them give away."""

import pytest

from models.privacy.cues import CueDetector

DETECTOR = CueDetector()


def found(text: str) -> set[tuple[str, str]]:
    return {(span.type, text[span.start : span.end]) for span in DETECTOR.find([text], ["und"])[0]}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("hello, my name is rubija and it fails", "PERSON", "rubija"),
        ("My name is Zoë van Ardent.", "PERSON", "Zoë van Ardent"),
        ("Dear Zoë, it fails", "PERSON", "Zoë"),
        ("I spoke to Ardent yesterday", "PERSON", "Ardent"),
        ("Mrs. Ardent called", "PERSON", "Ardent"),
        ("Mrs. Ardent called", "TITLE", "Mrs."),
        ("ich heiße Zoë", "PERSON", "Zoë"),
        ("It fails.\n\nZoë Ardent", "PERSON", "Zoë Ardent"),
        ("Zoë from support helped", "PERSON", "Zoë"),
        ("I am 42 years old", "AGE", "42"),
        ("my 6 year old son", "AGE", "6"),
        ("I live in Featherham", "LOCATION", "Featherham"),
    ],
)
def test_a_cue_gives_its_value_away(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dear Support Team, it fails",
        "Hi there, Hello Slack, hey Guys",
        "my name is not shown correctly",
        "Thanks Google",
        "my phone is 2 years old",
        "I miss the old app, Dr. is missing",
        "I moved to Android",
    ],
)
def test_greetings_products_and_devices_stay(text: str) -> None:
    assert found(text) == set()

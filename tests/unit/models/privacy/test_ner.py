"""Names in running English text."""

import pytest

from models.privacy.ner import NerDetector

pytestmark = pytest.mark.needs_models

TEXTS = [
    "Yesterday Michael Johnson in Chicago helped me.",
    "Slack and Zendesk stopped syncing with my iPhone on Monday.",
    "I think Margaret Thompson moved to Denver.",
    "ok",
]


@pytest.fixture(scope="module")
def detector() -> NerDetector:
    return NerDetector()


def test_persons_and_places_are_found(detector: NerDetector) -> None:
    found = {(s.type, TEXTS[0][s.start : s.end]) for s in detector.find(TEXTS[:1], ["en"])[0]}
    assert found == {("PERSON", "Michael Johnson"), ("LOCATION", "Chicago")}


@pytest.mark.parametrize(
    "text",
    [
        TEXTS[1],
        "The Android app crashes on Galaxy Note 4 since Tuesday",
        "Export to CSV from Jira into Google Sheets fails",
        "GitHub login with Okta SSO is BROKEN",
    ],
)
def test_products_and_weekdays_are_no_names(detector: NerDetector, text: str) -> None:
    assert detector.find([text], ["en"]) == [[]]


def test_a_result_does_not_depend_on_its_neighbours(detector: NerDetector) -> None:
    assert detector.find(TEXTS, ["en"] * 4) == [detector.find([text], ["en"])[0] for text in TEXTS]


def test_other_languages_are_not_read(detector: NerDetector) -> None:
    assert detector.find(["Michael Johnson war da"], ["de"]) == [[]]


def test_a_name_far_inside_a_long_text_is_found_at_its_place(detector: NerDetector) -> None:
    text = "It fails. " * 2_500 + "Yesterday Michael Johnson helped me."
    assert "Michael Johnson" in {text[s.start : s.end] for s in detector.find([text], ["en"])[0]}

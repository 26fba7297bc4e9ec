"""Names in running English text."""

import pytest

from models.privacy.ner import NerDetector, _pieces

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


@pytest.mark.parametrize("signs", ["\N{SLIGHTLY SMILING FACE}", "!", '("'])
def test_a_word_without_end_is_read_in_pieces_that_are_all_of_it(detector: NerDetector, signs: str) -> None:
    text = TEXTS[0] + " " + signs * 1_000 + " " + TEXTS[2]
    pieces = list(_pieces(text))
    assert "".join(piece for _, piece in pieces) == text
    assert all(text.startswith(piece, start) for start, piece in pieces)
    assert max(len(word) for _, piece in pieces for word in piece.split()) <= 400
    names = {text[s.start : s.end] for s in detector.find([text], ["en"])[0]}
    assert names >= {"Michael Johnson", "Margaret Thompson"}

"""The language of short feedback texts."""

import pytest

from models.language import LanguageDetector


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector()


@pytest.mark.parametrize(
    "text",
    [
        "app crashes on login",
        "cannot export to csv",
        "dark mode please",
        "ok",
        "Login broken since update 4.2",
    ],
)
def test_short_english_feedback_is_english(detector: LanguageDetector, text: str) -> None:
    assert detector.detect([text]) == ["en"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Die App stürzt beim Start ab", "de"),
        ("La aplicación se cierra sola cada vez", "es"),
        ("L'application plante au démarrage", "fr"),
        ("não funciona no meu telefone", "pt"),
        ("不能登录", "zh"),
    ],
)
def test_other_languages_keep_their_code(detector: LanguageDetector, text: str, code: str) -> None:
    assert detector.detect([text]) == [code]


@pytest.mark.parametrize(
    "text", ["", "12:30", "https://example.org/x", "<EMAIL_1>", "\U0001f44d", "@someone #tag", "x"]
)
def test_text_without_words_is_undetermined(detector: LanguageDetector, text: str) -> None:
    assert detector.detect([text]) == ["und"]


def test_addresses_handles_and_placeholders_do_not_count(detector: LanguageDetector) -> None:
    assert detector.detect(
        ["<PERSON_1> @united https://example.org/the/page Das geht leider nicht mehr"]
    ) == ["de"]


def test_a_result_does_not_depend_on_its_neighbours(detector: LanguageDetector) -> None:
    texts = ["app crashes", "Die App stürzt ab", "", "muy bien gracias"] * 5
    assert detector.detect(texts) == [detector.detect([text])[0] for text in texts]

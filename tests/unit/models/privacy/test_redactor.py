"""Placeholders, coverage and canaries."""

from collections.abc import Sequence

import pytest

from models.privacy.base import PiiSpan
from models.privacy.cues import CueDetector
from models.privacy.redactor import Redactor, default_redactor
from models.privacy.structured import StructuredDetector


class Blind:
    """A detector that reads every language and finds nothing."""

    def __init__(self, *, finds_names: bool = False) -> None:
        self.finds_names = finds_names

    def reads(self, language: str, /) -> bool:
        return language in ("en", "und")

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        return [[] for _ in texts]


class Broken(Blind):
    """A detector whose weights went missing."""

    def find(self, texts: Sequence[str], _languages: Sequence[str], /) -> list[list[PiiSpan]]:
        raise OSError("weights")


REDACTOR = Redactor([StructuredDetector(), CueDetector()])


def redacted(text: str, language: str = "en") -> str:
    return REDACTOR.redact([text], [language])[0].text


def test_the_same_value_gets_the_same_placeholder_and_numbers_follow_first_appearance() -> None:
    text = "b@example.org, a@example.org, B@example.org"
    assert redacted(text) == "<EMAIL_1>, <EMAIL_2>, <EMAIL_1>"


def test_a_name_found_once_is_hidden_wherever_it_stands() -> None:
    assert (
        redacted("My name is Zoë Ardent. Tell Zoë it fails.")
        == "My name is <PERSON_1>. Tell <PERSON_2> it fails."
    )


def test_a_literal_placeholder_is_kept_and_its_number_not_given_again() -> None:
    assert redacted("<EMAIL_1> and jo@example.org") == "<EMAIL_1> and <EMAIL_2>"


def test_a_placeholder_in_a_cue_is_not_taken_for_a_name() -> None:
    assert redacted("my name is <PERSON_4>") == "my name is <PERSON_4>"


def test_spans_and_counts_describe_the_original_text() -> None:
    redaction = REDACTOR.redact(["a@example.org b@example.org"], ["en"])[0]
    assert redaction.spans == (PiiSpan("EMAIL", 0, 13), PiiSpan("EMAIL", 14, 27))
    assert redaction.counts == {"EMAIL": 2}


@pytest.mark.parametrize(
    ("language", "text", "coverage"),
    [
        ("en", "it fails", "full"),
        ("de", "es geht nicht", "structured"),
        ("und", "ok", "full"),
        ("und", "nobody can tell what this is", "structured"),
    ],
)
def test_coverage_is_full_only_where_names_are_looked_for(language: str, text: str, coverage: str) -> None:
    redactor = Redactor([StructuredDetector(), Blind(finds_names=True)])
    assert redactor.redact([text], [language])[0].coverage == coverage


def test_without_a_detector_of_names_coverage_is_structured() -> None:
    assert REDACTOR.redact(["it fails"], ["en"])[0].coverage == "structured"


def test_an_error_of_a_detector_passes_through() -> None:
    with pytest.raises(OSError, match="weights"):
        Redactor([Broken()]).redact(["x"], ["en"])


@pytest.mark.parametrize("detector", [Blind(), Blind(finds_names=True), Broken()])
def test_canaries_fail_when_the_detectors_find_nothing_or_break(detector: Blind) -> None:
    assert not Redactor([detector]).canaries_pass()


@pytest.mark.needs_models
def test_all_detectors_together_pass_every_canary() -> None:
    redactor = default_redactor()
    assert redactor.finds_names
    assert redactor.canaries_pass()


def test_canaries_pass_without_the_models_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.privacy.redactor.load_ner", lambda: None)
    redactor = default_redactor()
    assert not redactor.finds_names
    assert redactor.canaries_pass()


def test_thousands_of_values_in_one_text_stay_fast() -> None:
    text = " ".join(f"u{n}@example.org" for n in range(3_000))
    assert REDACTOR.redact([text], ["en"])[0].counts == {"EMAIL": 3_000}

"""Laws of redaction, on generated texts."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from models.privacy.addresses import AddressDetector
from models.privacy.blocks import BlockDetector
from models.privacy.cues import CueDetector
from models.privacy.redactor import PLACEHOLDER, Redactor
from models.privacy.structured import StructuredDetector

REDACTOR = Redactor([StructuredDetector(), AddressDetector(), BlockDetector(), CueDetector()])

VALUES = st.sampled_from(
    [
        "jo@example.org",
        "z.ardent@mail.example.net",
        "4111 1111 1111 1111",
        "GB82WEST12345698765432",
        "078-05-1120",
        "192.0.2.7",
        "https://example.org/a?b=1",
        "+1 202-555-0143",
        "12 High Street",
        "Mrs. Ardent",
        "my name is Zoë Ardent",
        "<EMAIL_1>",
        "<PERSON_7>",
    ]
)
FILLER = st.text(alphabet="abz ÄZ09.,:;!?\n<>_-@/()'", max_size=12)
TEXTS = st.lists(st.one_of(VALUES, FILLER), max_size=8).map(" ".join)


def redacted(text: str) -> str:
    return REDACTOR.redact([text], ["en"])[0].text


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_no_found_value_is_left_as_a_word_of_its_own(text: str) -> None:
    redaction = REDACTOR.redact([text], ["en"])[0]
    rest = PLACEHOLDER.sub("\n", redaction.text)
    values = {text[span.start : span.end] for span in redaction.spans}
    assert not [v for v in values if len(v) >= 3 and re.search(rf"(?<!\w){re.escape(v)}(?!\w)", rest)]


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_a_second_redaction_keeps_every_placeholder(text: str) -> None:
    once = redacted(text)
    kept = PLACEHOLDER.findall(redacted(once))
    assert [p for p in PLACEHOLDER.findall(once) if p not in kept] == []


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_one_placeholder_stands_for_one_value(text: str) -> None:
    redaction = REDACTOR.redact([text], ["en"])[0]
    inserted = list(PLACEHOLDER.finditer(redaction.text))
    literal = len(PLACEHOLDER.findall(text))
    values = [(s.type, " ".join(text[s.start : s.end].casefold().split())) for s in redaction.spans]
    fresh = {p.group() for p in inserted} - {p.group() for p in PLACEHOLDER.finditer(text)}
    assert len(inserted) == len(values) + literal
    assert len(fresh) == len(set(values))


@given(st.lists(TEXTS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_text_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    assert REDACTOR.redact(texts, ["en"] * len(texts)) == [
        REDACTOR.redact([text], ["en"])[0] for text in texts
    ]


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_what_no_span_covers_is_unchanged(text: str) -> None:
    redaction = REDACTOR.redact([text], ["en"])[0]
    at, kept = 0, []
    for span in redaction.spans:
        kept.append(text[at : span.start])
        at = span.end
    rest = redaction.text
    for piece in [*kept, text[at:]]:
        assert piece in rest
        rest = rest[rest.index(piece) + len(piece) :]

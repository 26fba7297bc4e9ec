"""Laws of concern spans, on texts made of the things that real messages are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.segments import MAX_CONCERNS, MAX_SUMMARY, concerns, summary

PIECES = st.sampled_from(
    [
        "Hi team,",
        "Thanks!",
        "Best regards,\nAnn",
        "The map stays blank",
        "it fails",
        "<EMAIL_1>",
        "Also,",
        "but also",
        "Second, the list is empty.",
        "- ",
        "2) ",
        "\n",
        "\n\n",
        ". ",
        "! ",
        "? ",
        "… ",
        " ",
        "e.g. ",
        "¿por qué no carga?",
        "> quoted",
        "--\n",
        "🙃",
        "Außerdem",
        "。",
        ", ",
        ": ",
        "ok",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS)
def test_spans_are_ordered_disjoint_inside_the_text_and_not_blank(text: str) -> None:
    spans = concerns(text)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(
        0 <= span.start < span.end <= len(text) and text[span.start : span.end].strip() for span in spans
    )


@given(TEXTS)
def test_every_text_that_is_not_blank_has_a_bounded_number_of_concerns(text: str) -> None:
    assert (0 if not text.strip() else 1) <= len(concerns(text)) <= MAX_CONCERNS


@given(TEXTS)
def test_the_same_text_gives_the_same_concerns_and_summary(text: str) -> None:
    assert (concerns(text), summary(text)) == (concerns(text), summary(text))


@given(TEXTS)
def test_a_summary_is_one_short_line_of_the_text(text: str) -> None:
    line = summary(text)
    assert len(line) <= MAX_SUMMARY
    assert line.removesuffix("…") in " ".join(text.split())

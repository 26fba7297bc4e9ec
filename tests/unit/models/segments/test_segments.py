"""What is a concern, what is small talk around it, and which sentence stands for it."""

from __future__ import annotations

import pytest

from models.segments import MAX_CONCERNS, MAX_SUMMARY, concerns, summary
from models.segments.sentences import sentences


def parts(text: str) -> list[str]:
    """The concerns as text."""
    return [text[span.start : span.end] for span in concerns(text)]


LETTER = """Good morning team,

The weekly digest arrives twice. It has done so since Monday.

On another note, could the digest show totals?

Kind regards,
<PERSON_1>
Head of Operations
<PHONE_1>
"""


def test_a_letter_loses_its_greeting_and_signature_and_keeps_two_matters() -> None:
    assert parts(LETTER) == [
        "The weekly digest arrives twice. It has done so since Monday.",
        "On another note, could the digest show totals?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The map is blank.",
        "The map is blank. I have tried two browsers.",
        "Great tool. But the map is blank on my tablet.",
        "Not only is it slow but also it drains the battery.",
        "<EMAIL_1> and <PERSON_2> see a blank map, e.g. on the start page.",
    ],
)
def test_a_short_message_is_one_concern(text: str) -> None:
    assert parts(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Map is blank now. Also, the search ignores accents.",
            ["Map is blank now.", "Also, the search ignores accents."],
        ),
        (
            "The map is blank today, and also the search ignores accents.",
            ["The map is blank today,", "and also the search ignores accents."],
        ),
        ("1. Map is blank\n2. Search ignores accents", ["Map is blank", "Search ignores accents"]),
        ("- Map is blank\n- Search ignores accents\n", ["Map is blank", "Search ignores accents"]),
        (
            "Die Karte bleibt leer. Außerdem fehlt die Suche ganz.",
            ["Die Karte bleibt leer.", "Außerdem fehlt die Suche ganz."],
        ),
        (
            "¡Hola! El mapa está en blanco. Además, la búsqueda no funciona. ¡Gracias!",
            ["El mapa está en blanco.", "Además, la búsqueda no funciona."],
        ),
        (
            "Bonjour, la carte reste vide. De plus, la recherche est lente. Merci beaucoup !",
            ["la carte reste vide.", "De plus, la recherche est lente."],
        ),
        (
            "Olá, o mapa fica em branco. Além disso, a busca não funciona. Obrigado!",
            ["o mapa fica em branco.", "Além disso, a busca não funciona."],
        ),
    ],
)
def test_lists_and_turns_of_phrase_start_a_new_concern(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize("text", ["Thanks!", "Hello??", "🙃🙃", "ok"])
def test_a_message_of_small_talk_alone_still_has_an_outcome(text: str) -> None:
    assert len(concerns(text)) == 1


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n"])
def test_a_blank_message_has_no_concern(text: str) -> None:
    assert concerns(text) == []


def test_quoted_mail_below_an_answer_is_left_out() -> None:
    text = "It still fails for us.\nOn Monday, <PERSON_1> wrote:\n> Have you tried again?\n"
    assert parts(text) == ["It still fails for us."]


def test_many_matters_are_bounded_and_the_last_takes_the_rest() -> None:
    text = "\n".join(f"- matter number {n} needs your attention" for n in range(30))
    found = parts(text)
    assert len(found) == MAX_CONCERNS
    assert found[-1].endswith("29 needs your attention")


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", [".", "a. ", "but also we see it fail ", "Hi Ann ", "\n- ", "' ", "please "]
)
def test_a_hundred_kilobytes_of_one_thing_are_read_in_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert len(concerns(text)) <= MAX_CONCERNS
    assert len(summary(text)) <= MAX_SUMMARY


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "It fails e.g. on tablets, approx. twice a day. We are z.B. in Bonn!"
    assert [text[s.start : s.end] for s in sentences(text)] == [
        "It fails e.g. on tablets, approx. twice a day.",
        "We are z.B. in Bonn!",
    ]


def test_the_summary_is_the_sentence_that_says_what_is_wrong() -> None:
    text = "Hi all, we love the product. The weekly digest does not reach half of our people. Thank you"
    assert summary(text) == "The weekly digest does not reach half of our people."


def test_a_long_summary_is_cut_at_a_word() -> None:
    line = summary("Please " + "consider longer exports " * 20)
    assert len(line) <= MAX_SUMMARY
    assert line.endswith(("longer…", "exports…", "consider…"))


def test_a_placeholder_is_never_cut() -> None:
    text = "The digest never reaches " + ", ".join(f"<EMAIL_{n}>" for n in range(1, 40))
    assert summary(text).rstrip("…").endswith(">")

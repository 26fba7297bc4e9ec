"""How overlapping findings become disjoint spans."""

from models.privacy.base import PiiSpan, resolve


def test_the_host_inside_an_address_belongs_to_the_longer_finding() -> None:
    text = "jo@mail.example.org"
    assert resolve(text, [PiiSpan("URL", 3, 19), PiiSpan("EMAIL", 0, 19)]) == [PiiSpan("EMAIL", 0, 19)]


def test_the_loser_keeps_what_the_winner_does_not_cover() -> None:
    text = "Jo Ardent jo@example.org"
    spans = [PiiSpan("PERSON", 0, 16), PiiSpan("EMAIL", 10, 24)]
    assert resolve(text, spans) == [PiiSpan("PERSON", 0, 9), PiiSpan("EMAIL", 10, 24)]


def test_a_certain_type_wins_over_a_longer_guess() -> None:
    text = "card 4111111111111111 st"
    spans = [PiiSpan("PERSON", 0, 24), PiiSpan("CREDIT_CARD", 5, 21)]
    assert PiiSpan("CREDIT_CARD", 5, 21) in resolve(text, spans)


def test_taken_characters_belong_to_nobody() -> None:
    text = "see <EMAIL_1> there"
    assert resolve(text, [PiiSpan("PERSON", 0, 19)], [(4, 13)]) == [
        PiiSpan("PERSON", 0, 3),
        PiiSpan("PERSON", 14, 19),
    ]


def test_a_finding_of_separators_only_is_none() -> None:
    assert resolve("a -- b", [PiiSpan("PERSON", 1, 5)]) == []

"""Postal addresses of several countries, and sentences that only look like them."""

import pytest

from models.privacy.addresses import AddressDetector
from models.privacy.base import resolve

DETECTOR = AddressDetector()


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in resolve(text, DETECTOR.find([text], ["und"])[0])]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("I live at 12 High Street, Leeds LS1 4AB.", "12 High Street, Leeds LS1 4AB"),
        (
            "ship it to 4880 Elm Grove Apt. 267\nSpringfield, OH 43004\nThanks",
            "4880 Elm Grove Apt. 267\nSpringfield, OH 43004",
        ),
        ("Bitte an Lindenstraße 14, 10969 Berlin", "Lindenstraße 14, 10969 Berlin"),
        ("c'est au 20 Rue de la Paix", "20 Rue de la Paix"),
        ("mieszkam na ul. Narewska 94", "ul. Narewska 94"),
        ("my address is Hoge Wei 32", "Hoge Wei 32"),
        ("P.O. Box 194", "P.O. Box 194"),
        ("at the corner of Elm Road and Oak Lane, please", "the corner of Elm Road and Oak Lane"),
    ],
)
def test_an_address_is_found_whole(text: str, address: str) -> None:
    assert found(text) == [address]


def test_a_postcode_is_found_where_it_is_announced() -> None:
    assert found("my zip code is 90210") == ["90210"]


@pytest.mark.parametrize(
    "text",
    [
        "it took 5 minutes to drive home",
        "returned to Android 12 after that",
        "sent to support 3 times",
        "Creative Suite 6 fails, so does Unit 5",
        "navigate 2 pages, delegate 5 tasks",
        "Place order 12 again",
        "The app crashes after 2 days, the 2nd time",
    ],
)
def test_sentences_with_numbers_are_no_addresses(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "filler", ["12 ", "12 High ", "Apt 5 ", "A b ", "\n12 ", "corner of a ", "address is "]
)
def test_hostile_repetition_is_read_in_bounded_time(filler: str) -> None:
    assert len(DETECTOR.find([filler * 3_000], ["und"])) == 1

"""Formats of personal data are found, their look-alikes are not."""

import pytest

from models.privacy.structured import StructuredDetector

DETECTOR = StructuredDetector()


def found(text: str) -> list[tuple[str, str]]:
    return sorted({(span.type, text[span.start : span.end]) for span in DETECTOR.find([text], ["und"])[0]})


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("mail jo.do+x@mail.example.org now", "EMAIL", "jo.do+x@mail.example.org"),
        ("write jo (at) example (dot) org", "EMAIL", "jo (at) example (dot) org"),
        ("see https://example.org/a?b=1.", "URL", "https://example.org/a?b=1"),
        ("see www.example.org, please", "URL", "www.example.org"),
        ("card 4111-1111-1111-1111", "CREDIT_CARD", "4111-1111-1111-1111"),
        ("mistyped credit card number is 4111111111111112", "CREDIT_CARD", "4111111111111112"),
        ("to GB82WEST12345698765432 please", "IBAN", "GB82WEST12345698765432"),
        ("SSN 078-05-1120", "US_SSN", "078-05-1120"),
        ("my social security number is 078051120", "US_SSN", "078051120"),
        ("from 192.0.2.7 today", "IP", "192.0.2.7"),
        ("from 2001:db8::7 today", "IP", "2001:db8::7"),
        ("+1 202-555-0143", "PHONE", "+1 202-555-0143"),
        ("it is (505)498-8487x6837!", "PHONE", "(505)498-8487x6837"),
        ("call me at 450 0840", "PHONE", "450 0840"),
        ("22 498317 office", "PHONE", "22 498317"),
        ("my driver's license number is U62928788557186", "DRIVER_LICENSE", "U62928788557186"),
        ("account number: 0012345678", "ACCOUNT", "0012345678"),
        ("date of birth: 12/31/1999", "BIRTH_DATE", "12/31/1999"),
    ],
)
def test_a_format_is_found_whole(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112 is late",
        "version 10.2.3.4 crashes",
        "v4.2.2 on Android 4.4",
        "since 2019-2020 or 12.05.2021",
        "at 10:30:45 on 2021-05-12",
        "it costs 1,200,000 or 12 000",
        "call me in 5 to 10 minutes",
        "acme.com is down",
        "@united 5 stars",
        "a 1080 x 1920 screen",
    ],
)
def test_harmless_numbers_and_names_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("filler", ["1 ", "1", "(1", "a@", "a.", "http:", "00 ", "+1-", "x1 ", ":a"])
def test_hostile_repetition_is_read_in_linear_time(filler: str) -> None:
    assert len(DETECTOR.find([filler * 20_000], ["und"])) == 1

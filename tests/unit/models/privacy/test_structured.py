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
    ("text", "kind", "value"),
    [
        ("4111 1111 1111 1111 12/27 123", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("4111111111111111 12/27", "CREDIT_CARD", "4111111111111111"),
        ("2 times 1234 4111 1111 1111 1111 7", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("4111 1111\n1111 1111", "CREDIT_CARD", "4111 1111\n1111 1111"),
        ("to ES91 2100 0418 4502 0005 1332 FROM ME", "IBAN", "ES91 2100 0418 4502 0005 1332"),
        ("BE68-5390-0754-7034 or ES91 2100 0418 4502 0005 1332", "IBAN", "BE68-5390-0754-7034"),
        ("BE68 5390 0754 7034 ES91 2100 0418 4502 0005 1332", "IBAN", "ES91 2100 0418 4502 0005 1332"),
        ("0171 1234567 0171 7654321", "PHONE", "0171 7654321"),
    ],
)
def test_what_stands_beside_a_value_does_not_hide_it(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("see _jo@example.org_", "EMAIL", "_jo@example.org"),
        ("jo@example.org- it fails", "EMAIL", "jo@example.org"),
        ("jo@example.org2", "EMAIL", "jo@example.org"),
        ("?email=jo%40example.org&x=1", "EMAIL", "jo%40example.org"),
        ("jo&#64;example.org", "EMAIL", "jo&#64;example.org"),
        (f"{'很' * 70}jo@example.org谢谢{'很' * 30}", "EMAIL", "jo@example.org"),
        ("jo@example.com으로", "EMAIL", "jo@example.com"),
        ("jo@x.españa", "EMAIL", "jo@x.españa"),
        ("电话+8613812345678请", "PHONE", "+8613812345678"),
        ("010-1234-5678로 연락", "PHONE", "010-1234-5678"),
        ("番号は4111111111111111です", "CREDIT_CARD", "4111111111111111"),
        ("IBAN은 DE89370400440532013000입니다", "IBAN", "DE89370400440532013000"),
        ("请看https://example.org/a 好", "URL", "https://example.org/a"),
        ("地址192.0.2.44被", "IP", "192.0.2.44"),
        ("-+44 20 7946 0000-", "PHONE", "+44 20 7946 0000"),
        ("+44/20/7946/0000", "PHONE", "+44/20/7946/0000"),
        ("030/1234567", "PHONE", "030/1234567"),
    ],
)
def test_what_touches_a_value_does_not_hide_it(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "EMAIL", "ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ"),
        ("電話０３－１２３４－５６７８", "PHONE", "０３－１２３４－５６７８"),
        ("no 202\u2011555\u20130143 here", "PHONE", "202\u2011555\u20130143"),
        ("\u200dmail jo@exam\u200dple.org\u200d now", "EMAIL", "jo@exam\u200dple.org"),
        ("4111\u200c1111\u200c1111\u200c1111", "CREDIT_CARD", "4111\u200c1111\u200c1111\u200c1111"),
        ("🙂 jo@example.org 🙂", "EMAIL", "jo@example.org"),
    ],
)
def test_a_value_is_found_however_its_characters_are_written(text: str, kind: str, value: str) -> None:
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
        "10–20 per cent in 2019–2020",
        "C++112345678 and 1+234567",
        "at 2026-10-20T10:00:00.123456+02:00",
        "ticket 2026-10-20-0012345",
        "of20 some words here are quite long",
    ],
)
def test_harmless_numbers_and_names_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "filler", ["1 ", "1", "(1", "a@", "a.", "http:", "00 ", "+1-", "x1 ", ":a", "AB12 ", "很a@", "1111 "]
)
def test_hostile_repetition_is_read_in_linear_time(filler: str) -> None:
    assert len(DETECTOR.find([filler * 20_000], ["und"])) == 1

"""Fictitious customers and fictitious personal data.

Nothing here belongs to anyone: e-mails use domains reserved for examples, phone numbers the blocks that
regulators keep for fiction, cards are random digits behind test prefixes, IBANs are random digits; cards
and IBANs carry right check digits, since a recogniser may ask for them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from demo.grammar import read_words
from demo.records import Customer

ACCOUNTS = 400
_LANGS: tuple[Literal["en", "de", "es"], ...] = ("en", "de", "es")
_COUNTRIES = {"en": ("US", "GB", "IE", "CA", "AU", "NL"), "de": ("DE", "AT"), "es": ("ES", "MX")}
# Tier, share of accounts, lowest and highest monthly revenue.
_TIERS = (
    ("free", 42, 0, 0),
    ("pro", 32, 49, 199),
    ("business", 18, 290, 1500),
    ("enterprise", 8, 2400, 12000),
)
_STREETS = {
    "en": ("Harbour Street", "Mill Lane", "Oak Avenue", "Station Road", "Quarry Drive", "Elm Street"),
    "de": ("Hafenstraße", "Lindenallee", "Bahnhofstraße", "Mühlenweg"),
    "es": ("Calle Mayor", "Avenida del Puerto", "Calle de la Sierra"),
}
_TOWNS = {
    "en": ("Bristol", "Portland", "Leeds", "Dayton", "Galway", "Ottawa"),
    "de": ("12345 Berlin", "20457 Hamburg", "50667 Köln"),
    "es": ("28013 Madrid", "46001 Valencia", "41004 Sevilla"),
}
_MAIL_HOSTS = ("example.com", "example.org", "example.net")
_ASCII = str.maketrans({"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "í": "i", "á": "a", "é": "e", "ó": "o"})


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    return read_words("people")


def make_customers(rng: random.Random) -> tuple[Customer, ...]:
    """The accounts with their tier, revenue, country, language and one to four people each."""
    names = [f"{place} {trade}" for place in _words()["places"] for trade in _words()["trades"]]
    rng.shuffle(names)
    return tuple(_customer(number, name, rng) for number, name in enumerate(names[:ACCOUNTS], start=1))


def _customer(number: int, name: str, rng: random.Random) -> Customer:
    lang = rng.choices(_LANGS, weights=(88, 7, 5))[0]
    tier, _, low, high = rng.choices(_TIERS, weights=[row[1] for row in _TIERS])[0]
    people = tuple(_author(name, lang, rng) for _ in range(rng.randint(1, 4)))
    return Customer(
        account=f"acc-{number:04d}",
        name=name,
        tier=tier,
        mrr=rng.randint(low, high),
        country=rng.choice(_COUNTRIES[lang]),
        lang=lang,
        people=people,
    )


def _author(company: str, lang: str, rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"u-{rng.randint(100_000, 999_999)}"
    first, last = rng.choice(_words()[f"first_{lang}"]), rng.choice(_words()[f"last_{lang}"])
    host = company.lower().replace(" ", "-")
    return f"{first}.{last}@{host}.{rng.choice(_MAIL_HOSTS)}".lower().translate(_ASCII)


def personal_data(kind: str, lang: str, rng: random.Random) -> str:
    """One fictitious value; ``kind`` is a key of ``SPAN_TYPES``, an unknown one raises ``KeyError``."""
    return _MAKERS[kind](lang, rng)


def _email(lang: str, rng: random.Random) -> str:
    first, last = rng.choice(_words()[f"first_{lang}"]), rng.choice(_words()[f"last_{lang}"])
    local = rng.choice(
        (f"{first}.{last}", f"{first[0]}{last}", f"{last}{rng.randint(60, 99)}", f"{first}_{last}")
    )
    return f"{local}@{rng.choice(_MAIL_HOSTS)}".lower().translate(_ASCII)


def _phone(lang: str, rng: random.Random) -> str:
    if lang == "de":
        return f"+49 30 23125 {rng.randint(0, 999):03d}"
    area, line = rng.choice((212, 312, 415, 617)), rng.randint(100, 199)
    british = f"+44 20 7946 0{rng.randint(0, 999):03d}"
    return rng.choice((f"+1 {area} 555 0{line}", f"({area}) 555-0{line}", f"{area}-555-0{line}", british))


def _card(_lang: str, rng: random.Random) -> str:
    prefix = rng.choice(("411111", "555555", "401288", "510510"))
    body = prefix + "".join(str(rng.randint(0, 9)) for _ in range(9))
    digits = body + luhn_digit(body)
    return rng.choice((" ", "-", "")).join(digits[i : i + 4] for i in range(0, 16, 4))


def luhn_digit(body: str) -> str:
    """The digit that makes ``body`` + digit pass the Luhn check (ISO/IEC 7812-1).

    >>> luhn_digit("411111111111111")
    '1'
    """
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def _iban(lang: str, rng: random.Random) -> str:
    country, length = {"de": ("DE", 18), "es": ("ES", 20)}.get(lang, ("DE", 18))
    account = "".join(str(rng.randint(0, 9)) for _ in range(length))
    iban = country + iban_check(country, account) + account
    return rng.choice((iban, " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))))


def iban_check(country: str, account: str) -> str:
    """The two check digits of an IBAN (ISO 13616, mod 97-10).

    >>> iban_check("GB", "WEST12345698765432")
    '82'
    """
    number = int("".join(str(int(sign, 36)) for sign in account + country + "00"))
    return f"{98 - number % 97:02d}"


def _person(lang: str, rng: random.Random) -> str:
    return f"{rng.choice(_words()[f'first_{lang}'])} {rng.choice(_words()[f'last_{lang}'])}"


def _address(lang: str, rng: random.Random) -> str:
    street, town, number = rng.choice(_STREETS[lang]), rng.choice(_TOWNS[lang]), rng.randint(2, 190)
    return f"{number} {street}, {town}" if lang == "en" else f"{street} {number}, {town}"


SPAN_TYPES = {
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "person": "PERSON",
    "address": "STREET_ADDRESS",
}
STRUCTURED: Sequence[str] = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE")
_MAKERS = {
    "email": _email, "phone": _phone, "card": _card, "iban": _iban, "person": _person, "address": _address,
}  # fmt: skip

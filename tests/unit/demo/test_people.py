import random

import pytest

from demo.people import SPAN_TYPES, iban_check, luhn_digit, make_customers, personal_data


@pytest.mark.parametrize(
    ("body", "digit"), [("411111111111111", "1"), ("555555555555444", "4"), ("37828224631000", "5")]
)
def test_the_luhn_digit_completes_known_test_cards(body: str, digit: str) -> None:
    assert luhn_digit(body) == digit


def test_the_iban_check_agrees_with_the_example_of_the_standard() -> None:
    assert iban_check("GB", "WEST12345698765432") == "82"


@pytest.mark.parametrize("kind", SPAN_TYPES)
@pytest.mark.parametrize("lang", ["en", "de", "es"])
def test_personal_data_varies(kind: str, lang: str) -> None:
    rng = random.Random(3)
    assert len({personal_data(kind, lang, rng) for _ in range(40)}) > 10


def test_there_are_400_accounts_over_four_tiers_and_only_free_ones_pay_nothing() -> None:
    customers = make_customers(random.Random(1))
    assert len({customer.account for customer in customers}) == 400
    assert {customer.tier for customer in customers} == {"free", "pro", "business", "enterprise"}
    assert all((customer.mrr == 0) == (customer.tier == "free") for customer in customers)

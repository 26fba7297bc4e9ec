"""Words that everybody will read hold no personal data."""

from __future__ import annotations

import pytest

from contracts.errors import WrongUsage
from wiring.public import without_personal_data


@pytest.mark.parametrize("said", ["ask bob@example.com", "call +49 170 1234567", "card 4111 1111 1111 1111"])
def test_personal_data_in_an_order_is_refused_and_not_repeated(said: str) -> None:
    with pytest.raises(WrongUsage, match=r"^name: holds personal data") as refused:
        without_personal_data(reason="one defect", name=said)
    assert said.split()[-1] not in str(refused.value)


def test_numbers_of_tickets_and_addresses_of_pages_are_no_personal_data() -> None:
    without_personal_data(
        reason="ticket 4711, since 7.4.1 on 2026-03-01", name="https://example.com/issue/4711"
    )

"""A category that a tenant added is in the questions about that tenant's concerns, and in no other's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contracts.answers import Answer, AnswerSetAside
from contracts.commands import AddLabel
from models.llm.base import Call, Reply
from tests.support.clerk import Clerk, Desk, honest, latest
from tests.support.steps import Journey

TEXTS = ("The export to CSV is broken for large boards.", "I was charged twice for the invoice in March.")


def order(**other: Any) -> AddLabel:
    said = {"name": "gift_cards", "description": "Gift cards.", "product_area": "payments"}
    return AddLabel.model_validate({**said, "exemplars": ("The code of the gift card fails.",), **other})


@dataclass
class Heard(Clerk):
    """A clerk that says what it was told of each tenant."""

    calls: list[Call] = field(default_factory=list)

    def ask(self, call: Call) -> Reply:
        self.calls.append(call)
        return super().ask(call)

    def told_of(self, tenant: str) -> bool:
        (call,) = [one for one in self.calls if one.tenant == tenant]
        return "gift_cards [issue; payments]: Gift cards." in call.system and "gift_cards" in str(call.schema)


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    yield journey
    journey.vault.close()


def deliver(journey: Journey, record: str, *tenants: str) -> None:
    for tenant in tenants:
        for n, text in enumerate(TEXTS):
            journey.deliver(text, record=f"{record}{n}", tenant=tenant)


def prompts(journey: Journey, tenant: str) -> set[str]:
    return {answer.prompt for answer in journey.of("journal", Answer) if answer.tenant == tenant}


def test_each_tenant_is_asked_about_by_its_own_taxonomy(journey: Journey, tmp_path: Path) -> None:
    clerk = Heard()
    desk = Desk(journey, tmp_path, clerk)
    journey.order(order())
    deliver(journey, "r", "acme", "beta")
    desk.work()
    desk.close()
    assert (clerk.told_of("acme"), clerk.told_of("beta")) == (True, False)
    assert len(prompts(journey, "acme") | prompts(journey, "beta")) == 2
    assert journey.of("receipts", AnswerSetAside) == []


def test_an_answer_may_say_it_and_acts(journey: Journey, tmp_path: Path) -> None:
    said = {"category": "gift_cards", "sublabel": None, "product_area": "payments"}
    desk = Desk(journey, tmp_path, Clerk(lambda user: honest(user, **said)))
    journey.order(order())
    deliver(journey, "r", "acme")
    desk.work()
    desk.close()
    assert {concern.decision.category for concern in latest(journey).values()} == {"gift_cards"}


def test_what_was_answered_before_is_asked_anew_by_the_new_taxonomy(journey: Journey, tmp_path: Path) -> None:
    clerk = Heard()
    desk = Desk(journey, tmp_path, clerk)
    deliver(journey, "before", "acme", "beta")
    desk.work()
    journey.order(order())
    deliver(journey, "behind", "acme", "beta")
    desk.work()
    desk.close()
    assert [one.tenant for one in clerk.calls] == ["acme", "beta", "acme"]  # of beta it was in the cache
    assert (len(prompts(journey, "acme")), len(prompts(journey, "beta"))) == (2, 1)


def test_a_labeller_that_starts_again_knows_it(journey: Journey, tmp_path: Path) -> None:
    desk = Desk(journey, tmp_path, Clerk())
    journey.order(order(description="Vouchers."))
    journey.order(order())
    desk.work()
    desk.close()
    clerk = Heard()
    again = Desk(journey, tmp_path, clerk)
    deliver(journey, "r", "acme")
    again.work()
    again.close()
    assert clerk.told_of("acme")

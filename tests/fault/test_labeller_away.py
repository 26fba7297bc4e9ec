"""F30: the labeller over the vendors' real SDKs while their servers are killed, each in turn, then all, then back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.answers import Answer, AnswerSetAside
from models.llm.retrying import RetryPolicy
from settings import Settings
from tests.support.clerk import Desk, honest, provisional
from tests.support.model_vendors import Broken, Failed, Server, vendor
from tests.support.steps import Journey, text_about
from tests.support.vendor_wire import Asked
from wiring.llm.open import open_language_models


@dataclass
class Office:
    """A product flow in memory, a labeller, and three vendors."""

    journey: Journey
    desk: Desk
    openai: Server
    anthropic: Server
    compatible: Server
    delivered: int = 0

    def hear(self, count: int = 6) -> None:
        """So many people write, and the labeller does what it can."""
        for _ in range(count):
            draw = random.Random(self.delivered)
            topic = ("invoice", "export", "login", "map")[self.delivered % 4]
            self.journey.deliver(text_about(topic, draw), record=f"r{self.delivered}")
            self.delivered += 1
        self.desk.work()

    def by(self) -> list[str]:
        """Who answered, in order, each once."""
        asked = (answer.asking for answer in self.journey.of("journal", Answer))
        return list(dict.fromkeys(one.provider for one in asked if one is not None))


def says(asked: Asked) -> str:
    return honest(asked.user)


def kill(server: Server) -> None:
    """Connections that stand are reset, and new ones are refused."""
    server.answer = lambda _asked: Broken("reset")
    server.stop()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("wiring.llm.open.RetryPolicy", partial(RetryPolicy, first_s=0.02))
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(vendor(says)) for _ in range(3))
        settings = Settings(
            openai_api_key="k1",
            openai_url=one.url,
            anthropic_api_key="k2",
            anthropic_url=two.root,
            compatible_url=three.url,
            compatible_model="llama",
            llm_attempt_s=2.0,
        )
        models = open_language_models(tmp_path / "labelling", settings)
        stack.callback(models.close)
        journey = Journey(tmp_path)
        stack.callback(journey.vault.close)
        desk = Desk(journey, tmp_path, models.provider, batch=16, at_once=1)
        stack.callback(desk.close)
        yield Office(journey, desk, one, two, three)


def test_killed_in_turn_then_all_then_back_nothing_is_lost_and_all_is_healed(office: Office) -> None:
    office.hear()
    kill(office.openai)
    office.hear()
    kill(office.anthropic)
    office.hear()
    assert (office.by(), provisional(office.journey)) == (["openai", "anthropic", "compatible"], [])
    kill(office.compatible)
    office.hear()
    waiting = office.desk.store.count()
    assert waiting == len(provisional(office.journey)) >= 6
    assert office.journey.ledger().check() == []
    office.compatible.answer = says
    office.compatible.start()
    office.desk.work()
    assert (office.desk.store.count(), provisional(office.journey)) == (0, [])
    assert office.journey.of("receipts", AnswerSetAside) == []
    assert office.journey.ledger().check() == []


@pytest.mark.parametrize(
    "misbehaviour", [Broken("not_json"), Broken("reset_mid_body"), Failed(500), "no idea", '{"answers": []}']
)
def test_whatever_the_first_says_every_concern_is_answered_or_stands(
    office: Office, misbehaviour: Any
) -> None:
    office.openai.answer = lambda _asked: misbehaviour
    office.hear(4)
    assert office.desk.store.count() == 0
    assert office.journey.ledger().check() == []

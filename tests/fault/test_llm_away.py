"""F29: language models that are busy, away, hanging or cut off, through the real SDKs and all that stands on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.llm.errors import CapReached, Misconfigured, NobodyAnswers, OutOfQuota, ProviderFailed
from models.llm.retrying import RetryPolicy
from settings import Settings
from tests.support.llm import LABEL, a_call
from tests.support.model_vendors import (
    NO_QUOTA,
    OVERLOADED,
    Answer,
    Broken,
    Failed,
    Said,
    Server,
    script,
    vendor,
)
from wiring.llm.open import LanguageModels, open_language_models

pytestmark = pytest.mark.alone

SOON = RetryPolicy(first_s=0.02)
# For what says nothing: a vendor that answers may take longer than this where the machine stands still for a moment.
HASTY = RetryPolicy(first_s=0.02, attempt_s=0.5)


@dataclass
class Town:
    """Three vendors and the product's own way to ask them."""

    openai: Server
    anthropic: Server
    compatible: Server
    models: LanguageModels

    def ask(self, **changed: object) -> str:
        """Who answered."""
        return self.models.provider.ask(a_call(**changed)).provider


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with town_that_waits(tmp_path, SOON) as one:
        yield one


@contextmanager
def town_that_waits(folder: Path, retry: RetryPolicy) -> Iterator[Town]:
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(vendor(LABEL)) for _ in range(3))
        settings = Settings(
            openai_api_key="k1",
            openai_url=one.url,
            anthropic_api_key="k2",
            anthropic_url=two.root,
            compatible_url=three.url,
            compatible_model="llama",
        )
        models = open_language_models(folder, settings, retry=retry)
        stack.callback(models.close)
        yield Town(one, two, three, models)


def test_the_first_answers_while_it_can(town: Town) -> None:
    assert town.ask() == "openai"
    assert town.anthropic.asked == town.compatible.asked == []


@pytest.mark.parametrize(
    ("answer", "asked"),
    [(Failed(429), 3), (Failed(500), 3), (Failed(503), 3), (OVERLOADED, 3), (Broken("reset_mid_body"), 3)],
    ids=repr,
)
def test_what_passes_is_tried_three_times_and_then_left(town: Town, answer: Answer, asked: int) -> None:
    town.openai.answer = script(answer)
    assert town.ask() == "anthropic"
    assert len(town.openai.asked) == asked


def test_one_bad_moment_is_survived_in_place(town: Town) -> None:
    town.openai.answer = script(Failed(503), LABEL)
    assert town.ask() == "openai"


def test_a_wait_of_minutes_is_not_waited_for_and_not_disturbed(town: Town) -> None:
    town.openai.answer = script(Failed(429, headers={"Retry-After": "300"}))
    began = time.monotonic()
    assert [town.ask() for _ in range(5)] == ["anthropic"] * 5
    assert len(town.openai.asked) == 1
    assert time.monotonic() - began < 60.0


@pytest.mark.parametrize(("answer", "error"), [(NO_QUOTA, OutOfQuota), (Failed(401), Misconfigured)])
def test_what_a_person_must_mend_is_asked_once(
    town: Town, answer: Failed, error: type[ProviderFailed]
) -> None:
    town.openai.answer = script(answer)
    reply = town.models.provider.ask(a_call())
    assert [type(one) for one in reply.failures] == [error]
    assert (town.ask(), len(town.openai.asked)) == ("anthropic", 1)


def test_one_that_hangs_costs_time_until_it_is_known_and_none_after(tmp_path: Path) -> None:
    with town_that_waits(tmp_path, HASTY) as town:
        town.openai.answer = script(Broken("hang"))
        assert [town.ask(deadline_s=9.0) for _ in range(2)] == ["anthropic"] * 2
        began = time.monotonic()
        assert [town.ask() for _ in range(5)] == ["anthropic"] * 5
        assert (time.monotonic() - began) / 5 < 2.0
        assert len(town.openai.asked) == 5


def test_each_killed_in_turn_then_all_then_back(town: Town) -> None:
    answered = []
    for server in (town.openai, town.anthropic):
        server.stop()
        answered.append(town.ask())
    town.compatible.stop()
    with pytest.raises(NobodyAnswers) as caught:
        town.ask()
    assert answered == ["anthropic", "compatible"]
    assert {one.provider for one in caught.value.failures if isinstance(one, ProviderFailed)} == {
        "openai",
        "anthropic",
        "compatible",
    }
    town.compatible.start()
    assert town.ask() == "compatible"


def test_a_call_that_all_find_too_long_is_in_vain(town: Town) -> None:
    for server in (town.openai, town.anthropic, town.compatible):
        server.answer = script(Failed(413))
    with pytest.raises(NobodyAnswers) as caught:
        town.ask()
    assert caught.value.in_vain
    town.openai.answer = script(LABEL)
    assert town.ask() == "openai"


def test_sixteen_at_once_all_get_answers_while_the_first_fails(town: Town) -> None:
    town.openai.answer = script(*[Failed(503), LABEL] * 40)
    with ThreadPoolExecutor(16) as callers:
        answered = list(callers.map(lambda _n: town.ask(), range(48)))
    assert len(answered) == 48
    assert set(answered) <= {"openai", "anthropic"}


def test_garbage_on_the_wire_goes_to_the_next_and_is_paid_in_full(town: Town) -> None:
    call = a_call()
    town.openai.answer = script(Broken("megabyte"))
    reply = town.models.provider.ask(call)
    assert (reply.provider, len(town.openai.asked)) == ("anthropic", 1)
    most = town.models.prices.most_micro("openai", "gpt-5-mini", call)
    assert call.day is not None
    standing = town.models.ledger.standing("acme", call.day)
    assert standing.month_micro == most + (reply.cost_micro or 0)


def test_another_model_than_asked_for_is_told_and_has_no_price_of_ours(town: Town) -> None:
    """F32."""
    town.openai.answer = script(Said(LABEL, model="gpt-7-secret"))
    reply = town.models.provider.ask(a_call())
    assert (reply.model, reply.is_other_model, reply.cost_micro) == ("gpt-7-secret", True, None)


def test_sixteen_callers_at_a_cap_spend_no_more_and_the_own_server_goes_on(tmp_path: Path) -> None:
    """F33: a cap of one cent."""
    with vendor(LABEL) as paid, vendor(LABEL) as own, ThreadPoolExecutor(16) as callers:
        settings = Settings(
            openai_api_key="k",
            openai_url=paid.url,
            compatible_url=own.url,
            compatible_model="llama",
            llm_cap_monthly_usd="0.01",
        )
        models = open_language_models(tmp_path, settings)
        call = a_call(max_output_tokens=100)
        replies = list(callers.map(lambda _n: models.provider.ask(call), range(180)))
        assert call.day is not None
        standing = models.ledger.standing("acme", call.day)
        models.close()
    assert {one.provider for one in replies} == {"openai", "compatible"}
    assert standing.month_micro == sum(one.cost_micro or 0 for one in replies) <= 10_000
    assert standing.state in ("alert", "reached")


def test_at_a_cap_without_an_own_server_the_day_to_go_on_is_told(tmp_path: Path) -> None:
    with vendor(LABEL) as paid:
        settings = Settings(anthropic_api_key="k", anthropic_url=paid.root, llm_cap_monthly_usd="0")
        models = open_language_models(tmp_path, settings)
        with pytest.raises(CapReached, match="on from 2026-04-01"):
            models.provider.ask(a_call())
        models.close()
        assert paid.asked == []

"""Who is busy is asked again, up to three times, after waits that grow, are drawn, and respect what was asked for."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from models.llm.errors import Busy, Held, Misconfigured, OutOfQuota, ProviderFailed
from models.llm.retrying import RetryingProvider
from tests.support.llm import Clock, Scripted, a_call, a_reply, busy, misconfigured, out_of_quota


def retrying(scripted: Scripted, clock: Clock, seed: int = 1) -> RetryingProvider:
    return RetryingProvider(scripted, clock=clock, sleep=clock.sleep, rng=Random(seed))


def test_two_failures_are_survived_and_told() -> None:
    scripted, clock = Scripted([busy(), busy(), a_reply()]), Clock()
    reply = retrying(scripted, clock).ask(a_call())
    assert reply.outcome == "answered"
    assert [type(one) for one in reply.failures] == [Busy, Busy]


def test_the_third_failure_is_the_last_and_holds_the_others() -> None:
    scripted, clock = Scripted([busy()]), Clock()
    with pytest.raises(Busy) as caught:
        retrying(scripted, clock).ask(a_call())
    assert len(scripted.asked) == 3
    assert len(caught.value.earlier) == 2


def test_waits_are_drawn_from_zero_to_a_bound_that_doubles() -> None:
    first, second = [], []
    for seed in range(300):
        clock = Clock()
        with pytest.raises(Busy):
            retrying(Scripted([busy()]), clock, seed).ask(a_call())
        first.append(clock.slept[0])
        second.append(clock.slept[1])
    assert min(first) < 0.05 < 0.45 < max(first) <= 0.5
    assert min(second) < 0.1 < 0.9 < max(second) <= 1.0


def test_no_wait_is_shorter_than_the_provider_asked_for() -> None:
    clock = Clock()
    retrying(Scripted([busy(3.0), a_reply()]), clock).ask(a_call())
    assert 3.0 <= clock.slept[0] <= 3.5


@pytest.mark.parametrize("asked_s", [5.1, 121.0, 86_400.0])
def test_a_long_wait_is_left_to_the_next_provider(asked_s: float) -> None:
    scripted, clock = Scripted([busy(asked_s), a_reply()]), Clock()
    with pytest.raises(Busy) as caught:
        retrying(scripted, clock).ask(a_call())
    assert (len(scripted.asked), clock.slept, caught.value.retry_after_s) == (1, [], asked_s)


@pytest.mark.parametrize("failure", [out_of_quota(), misconfigured(), Held("", provider="openai")])
def test_what_no_wait_mends_is_not_tried_again(failure: ProviderFailed) -> None:
    scripted, clock = Scripted([failure, a_reply()]), Clock()
    with pytest.raises((OutOfQuota, Misconfigured, Held)):
        retrying(scripted, clock).ask(a_call())
    assert len(scripted.asked) == 1


def test_no_try_begins_after_the_deadline() -> None:
    clock = Clock()

    def slow(_call: Any) -> Any:
        clock.now += 2.0
        raise busy()

    scripted = Scripted([slow])
    with pytest.raises(Busy):
        retrying(scripted, clock).ask(a_call(deadline_s=2.0))
    assert len(scripted.asked) == 1
    assert scripted.asked[0].deadline_s == pytest.approx(2.0)


def test_what_is_left_of_the_deadline_is_passed_on() -> None:
    scripted, clock = Scripted([busy(3.0), a_reply()]), Clock()
    retrying(scripted, clock).ask(a_call(deadline_s=10.0))
    assert scripted.asked[1].deadline_s == pytest.approx(10.0 - clock.slept[0])

"""A provider behind its breaker: what is known to be away is not asked, and every attempt is told."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from models.llm.base import Call, Reply
from models.llm.breaker import Breaker, BreakerPolicy
from models.llm.errors import Busy, Held, Misconfigured, OutOfQuota, ProviderFailed, Rejected
from models.llm.guarded import Attempt, GuardedProvider
from tests.support.llm import Clock, Scripted, a_call, a_reply, busy, misconfigured, out_of_quota


class Counting:
    def __init__(self) -> None:
        self.seen: list[Attempt] = []

    def attempted(self, attempt: Attempt) -> None:
        self.seen.append(attempt)


def guarded(
    scripted: Scripted, clock: Clock, watcher: Counting | None = None, limit: int = 8
) -> GuardedProvider:
    breaker = Breaker(BreakerPolicy(failures=2, open_s=10.0), clock)
    return GuardedProvider(scripted, breaker, limit=limit, watcher=watcher, clock=clock)


def fail(provider: GuardedProvider, error: type[ProviderFailed]) -> ProviderFailed:
    with pytest.raises(error) as caught:
        provider.ask(a_call())
    return caught.value


def test_once_open_it_is_not_asked_and_says_when_it_may_be() -> None:
    scripted, clock = Scripted([busy()]), Clock()
    provider = guarded(scripted, clock)
    fail(provider, Busy)
    fail(provider, Busy)
    clock.now += 4.0
    held = fail(provider, Held)
    assert (len(scripted.asked), getattr(held, "retry_after_s", None)) == (2, 6.0)


@pytest.mark.parametrize(
    ("failure", "error", "wait_s"),
    [
        (busy(150.0, status=429), Busy, 150.0),
        (busy(1e12, status=429), Busy, 86_400.0),
        (out_of_quota(), OutOfQuota, 600.0),
        (misconfigured(401), Misconfigured, 60.0),
        (misconfigured(404), Misconfigured, 60.0),
        (misconfigured(400), Misconfigured, 0.0),
        (busy(), Busy, 0.0),
    ],
)
def test_one_failure_holds_it_as_long_as_it_must(
    failure: ProviderFailed, error: type[ProviderFailed], wait_s: float
) -> None:
    provider = guarded(Scripted([failure, a_reply()]), Clock())
    fail(provider, error)
    assert provider.breaker.wait_s() == pytest.approx(wait_s)


def test_calls_that_are_too_long_say_nothing_about_the_provider() -> None:
    provider = guarded(Scripted([Rejected("too long", provider="openai", status=400)]), Clock())
    for _ in range(5):
        fail(provider, Rejected)
    assert provider.breaker.state == "closed"


def test_a_call_that_is_not_taken_by_one_that_answers_others_is_rejected() -> None:
    scripted = Scripted([misconfigured(400)])
    provider = guarded(scripted, Clock())
    fail(provider, Misconfigured)
    scripted.answers = [a_reply(), misconfigured(400)]
    provider.ask(a_call())
    fail(provider, Rejected)
    assert provider.breaker.state == "closed"


def test_when_no_call_is_taken_any_more_it_is_not_about_the_calls() -> None:
    provider = guarded(Scripted([a_reply(), misconfigured(422)]), Clock())
    provider.ask(a_call())
    for _ in range(20):
        fail(provider, Rejected)
    fail(provider, Misconfigured)
    fail(provider, Misconfigured)
    fail(provider, Held)


def test_every_attempt_is_told_and_none_that_was_not_made() -> None:
    watcher, clock = Counting(), Clock()
    answers = [a_reply(), a_reply(outcome="refused"), busy(status=429), busy(status=None)]
    provider = guarded(Scripted([*answers]), clock, watcher)
    provider.ask(a_call())
    provider.ask(a_call())
    for error in (Busy, Busy, Held):
        fail(provider, error)
    assert [one.outcome for one in watcher.seen] == ["ok", "refused", "http_429", "away"]


def test_no_more_calls_than_the_limit_are_under_way() -> None:
    under_way, go_on = Event(), Event()

    def slow(_call: Call) -> Reply:
        under_way.set()
        go_on.wait(5)
        return a_reply()

    provider = guarded(Scripted([slow]), Clock(), limit=1)
    first = Thread(target=provider.ask, args=(a_call(),))
    first.start()
    under_way.wait(5)
    with pytest.raises(Held, match="as many calls as it may"):
        provider.ask(a_call(deadline_s=0.01))
    go_on.set()
    first.join()
    assert provider.ask(a_call()).outcome == "answered"

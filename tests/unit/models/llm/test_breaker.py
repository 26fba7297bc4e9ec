"""Who fails again and again is left alone for a while, then tried by one caller."""

from __future__ import annotations

from models.llm.breaker import Breaker, BreakerPolicy
from tests.support.llm import Clock

POLICY = BreakerPolicy(failures=3, open_s=10.0, longest_open_s=35.0)


def a_breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(POLICY, clock), clock


def call(breaker: Breaker, ok: bool | None, hold_s: float = 0.0) -> bool:
    """Whether the call was let in."""
    admission = breaker.enter()
    if admission is not None:
        breaker.leave(admission, ok=ok, hold_s=hold_s)
    return admission is not None


def opened() -> tuple[Breaker, Clock]:
    breaker, clock = a_breaker()
    for _ in range(3):
        call(breaker, False)
    return breaker, clock


def test_it_opens_with_the_third_failure_in_a_row() -> None:
    breaker, _clock = a_breaker()
    for ok in (False, False, True, False, False):
        call(breaker, ok)
    assert breaker.state == "closed"
    call(breaker, False)
    assert (breaker.state, breaker.wait_s(), call(breaker, True)) == ("open", 10.0, False)


def test_one_probe_goes_first_and_closes_it() -> None:
    breaker, clock = opened()
    clock.now += 10.0
    assert breaker.state == "half_open"
    probe = breaker.enter()
    assert probe is not None
    assert probe.is_probe
    assert breaker.enter() is None
    breaker.leave(probe, ok=True)
    assert (breaker.state, call(breaker, True)) == ("closed", True)


def test_each_failed_probe_doubles_the_time_up_to_a_longest() -> None:
    breaker, clock = opened()
    waits_s = []
    for _ in range(4):
        clock.now += breaker.wait_s()
        call(breaker, False)
        waits_s.append(breaker.wait_s())
    assert waits_s == [20.0, 35.0, 35.0, 35.0]


def test_a_probe_that_tells_nothing_lets_the_next_one_in() -> None:
    breaker, clock = opened()
    clock.now += 10.0
    assert call(breaker, None)
    assert (breaker.state, call(breaker, True), breaker.state) == ("half_open", True, "closed")


def test_failures_of_calls_that_began_before_it_opened_change_nothing() -> None:
    breaker, clock = a_breaker()
    late = [breaker.enter() for _ in range(5)]
    for _ in range(3):
        call(breaker, False)
    clock.now += 9.0
    for admission in late:
        assert admission is not None
        breaker.leave(admission, ok=False)
    assert breaker.wait_s() == 1.0


def test_a_hold_lets_nobody_in_and_then_everybody() -> None:
    breaker, clock = a_breaker()
    call(breaker, None, hold_s=7.0)
    assert (breaker.state, call(breaker, True)) == ("held", False)
    clock.now += 7.0
    assert [breaker.enter() is not None for _ in range(3)] == [True] * 3


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    breaker, _clock = a_breaker()
    first, second = breaker.enter(), breaker.enter()
    assert first is not None
    assert second is not None
    breaker.leave(first, ok=None, hold_s=7.0)
    breaker.leave(second, ok=None, hold_s=1.0)
    assert breaker.wait_s() == 7.0

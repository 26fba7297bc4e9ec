"""Providers in order: the first that answers, with the reasons of those before; all away is told with when to ask."""

from __future__ import annotations

from datetime import date

import pytest

from models.llm.base import Call, Reply
from models.llm.errors import Busy, CapReached, NobodyAnswers, Rejected
from models.llm.failover import FailoverProvider
from tests.support.llm import Clock, Scripted, a_call, a_reply, busy, misconfigured, out_of_quota


def tiers(*answers: object, clock: Clock | None = None) -> tuple[FailoverProvider, list[Scripted]]:
    scripted = [Scripted([answer], name=f"p{n}") for n, answer in enumerate(answers)]  # type: ignore[list-item]
    return FailoverProvider(scripted, clock=clock or Clock()), scripted


def capped() -> CapReached:
    return CapReached("acme", period="month", cap_micro=10, spent_micro=9, until=date(2026, 4, 1))


def test_the_first_that_answers_is_the_answer_and_nobody_further_is_asked() -> None:
    provider, scripted = tiers(out_of_quota(), a_reply("p1"), a_reply("p2"))
    reply = provider.ask(a_call())
    assert (reply.provider, [str(one) for one in reply.failures]) == ("p1", ["openai: has no quota left"])
    assert scripted[2].asked == []


def test_a_refusal_is_an_answer() -> None:
    provider, _scripted = tiers(a_reply("p0", outcome="refused"), a_reply("p1"))
    assert provider.ask(a_call()).outcome == "refused"


def test_when_all_are_away_each_reason_is_told_and_the_earliest_return() -> None:
    provider, _scripted = tiers(busy(40.0), misconfigured(), busy(7.0))
    with pytest.raises(NobodyAnswers, match=r"is away; .*does not know the key; .*is away") as caught:
        provider.ask(a_call())
    assert (caught.value.retry_after_s, len(caught.value.failures)) == (7.0, 3)


def test_nobody_is_waited_for_longer_than_a_day() -> None:
    provider, _scripted = tiers(busy(1_800_000_000.0))  # a time where seconds were meant
    with pytest.raises(NobodyAnswers) as caught:
        provider.ask(a_call())
    assert caught.value.retry_after_s == 86_400.0


def test_where_none_is_set_up_it_says_what_to_set() -> None:
    with pytest.raises(NobodyAnswers, match="UNDERCURRENT_OPENAI_API_KEY"):
        FailoverProvider([]).ask(a_call())


def test_a_call_that_one_rejects_and_nobody_takes_is_in_vain() -> None:
    too_long = Rejected("too long", provider="openai", status=400)
    for answers, in_vain in (
        ((too_long, too_long), True),
        ((too_long, busy()), True),
        ((busy(), busy()), False),
    ):
        provider, _scripted = tiers(*answers)
        with pytest.raises(NobodyAnswers) as caught:
            provider.ask(a_call())
        assert caught.value.in_vain is in_vain


def test_spent_money_bars_what_costs_and_not_a_server_of_ones_own() -> None:
    provider, _scripted = tiers(capped(), capped(), a_reply("own"))
    assert provider.ask(a_call()).provider == "own"


def test_spent_money_is_told_only_where_money_is_all_that_was_missing() -> None:
    provider, _scripted = tiers(capped(), capped())
    with pytest.raises(CapReached):
        provider.ask(a_call())
    provider, _scripted = tiers(capped(), busy())
    with pytest.raises(NobodyAnswers):
        provider.ask(a_call())


def test_one_that_hangs_leaves_the_others_their_time() -> None:
    clock = Clock()

    def hang(call: Call) -> Reply:
        clock.now += call.deadline_s
        raise busy()

    provider, scripted = tiers(hang, hang, a_reply("p2"), clock=clock)
    provider.ask(a_call(deadline_s=90.0))
    assert [one.asked[0].deadline_s for one in scripted] == [30.0, 30.0, 30.0]


def test_no_time_left_is_a_reason_too() -> None:
    clock = Clock()

    def late(_call: Call) -> Reply:
        clock.now += 1000.0
        raise busy()

    provider, scripted = tiers(late, a_reply("p1"), clock=clock)
    with pytest.raises(NobodyAnswers, match="no time was left"):
        provider.ask(a_call())
    assert scripted[1].asked == []


def test_attempts_before_the_last_are_told_in_order() -> None:
    first, last = busy(), Busy("again", provider="p0")
    last.earlier = (first,)
    provider, _scripted = tiers(last, a_reply("p1"))
    assert provider.ask(a_call()).failures == (first, last)

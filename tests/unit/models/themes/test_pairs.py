"""What duplicate verdicts teach: bounded, once, and as if it had never been said when it is taken back."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from models.themes.evidence import Evidence
from models.themes.join_model import JoinModel, shipped
from models.themes.pairs import MOST, MOST_ISSUES, MOST_LEAN, QUORUM, Pairs, Said, key

USUAL = Evidence(*shipped().centre)


def called(count: int, stated_milli: int | None = 750) -> Pairs:
    """So many pairs that a tracker called one, each by an issue of its own."""
    pairs = Pairs()
    for n in range(count):
        pairs.add(f"a{n}", f"b{n}", stated_milli)
        pairs.say(f"a{n}", f"b{n}", Said(f"issue{n}", n, True))
    return pairs


def decided(pairs: Pairs, decision: int) -> Pairs:
    for name in sorted(pairs.rows):
        one, other = name.split(" ")
        pairs.decide(one, other, decision, f"0-{name}")
    return pairs


def test_too_few_pairs_say_nothing() -> None:
    assert called(QUORUM - 1).lean() == 0
    assert called(QUORUM).lean() > 0


def test_pairs_whose_concerns_never_had_the_other_theme_as_runner_up_say_nothing() -> None:
    assert called(3 * QUORUM, None).lean() == 0


def test_a_pair_that_people_made_one_counts_for_more_than_one_that_nobody_decided() -> None:
    assert decided(called(20), 1).lean() > called(20).lean()


def test_a_tracker_that_people_keep_contradicting_is_hardly_believed() -> None:
    alone, contradicted = called(40), called(60)
    for n in range(40, 60):
        contradicted.decide(f"a{n}", f"b{n}", -1, str(n))
    assert 0 <= contradicted.lean() < alone.lean() / 3


def test_themes_that_people_keep_apart_ask_for_no_change_and_water_down_the_rest() -> None:
    assert decided(called(30), -1).lean() == 0
    half = decided(called(30, 800), 1)
    before = half.lean()
    for n in range(15):
        half.decide(f"a{n}", f"b{n}", -1, "later")
    assert 0 < half.lean() < before / 1.5


def test_duplicates_whose_concerns_were_thought_surer_than_they_are_lower_probabilities() -> None:
    assert called(30, 950).lean() < 0


def test_a_tracker_that_calls_everything_a_duplicate_moves_a_probability_a_little_at_most() -> None:
    model = JoinModel()
    before = model.p_milli(USUAL)
    model.lean = decided(called(MOST, 0), 1).lean()
    assert model.lean == MOST_LEAN
    assert 0 < model.p_milli(USUAL) - before <= 63


def test_a_verdict_that_is_repeated_counts_once() -> None:
    pairs = called(20)
    before = pairs.lean()
    for at_ms in range(5):
        pairs.say("a3", "b3", Said("issue3", 100 + at_ms, True))
        pairs.say("b3", "a3", Said("another issue", 100 + at_ms, True))
    assert pairs.lean() == before


def test_a_verdict_that_is_withdrawn_was_never_said() -> None:
    pairs = called(20)
    pairs.withdraw("issue7", 100)
    assert pairs.lean() == called(19).lean()


def test_a_report_that_is_older_than_the_withdrawal_brings_no_verdict_back() -> None:
    pairs = called(20)
    pairs.withdraw("issue7", 100)
    pairs.say("a7", "b7", Said("issue7", 99, True))
    assert pairs.lean() == called(19).lean()


def test_a_decision_outlives_the_verdict_until_its_order_is_lifted() -> None:
    pairs = called(20)
    pairs.decide("a7", "b7", 1, "0-7")
    pairs.withdraw("issue7", 100)
    assert pairs.rows[key("a7", "b7")].counts
    pairs.lift("0-7")
    assert not pairs.rows[key("a7", "b7")].counts


def test_pairs_and_the_issues_of_one_are_bounded_and_the_oldest_goes_first() -> None:
    pairs = called(MOST + 5)
    for n in range(20):
        pairs.say("a99", "b99", Said(f"more{n}", n, True))
    assert (len(pairs.rows), pairs.find("a4", "b4"), pairs.find("a5", "b5") is None) == (MOST, None, False)
    assert len(pairs.rows[key("a99", "b99")].said) == MOST_ISSUES


_acts = st.lists(
    st.tuples(st.sampled_from("swudl"), st.integers(0, 14), st.integers(0, 1000), st.integers(0, 3)),
    max_size=80,
)


def act(pairs: Pairs, did: tuple[str, int, int, int], number: int) -> None:
    what, n, value, issue = did
    one, other = f"a{n}", f"b{n}"
    if pairs.find(one, other) is None:
        pairs.add(one, other, value)
    if what == "s":
        pairs.say(one, other, Said(f"i{n}-{issue}", number, True))
    elif what == "w":
        pairs.withdraw(f"i{n}-{issue}", number)
    elif what == "l":
        pairs.lift(str(value % 20))
    else:
        pairs.decide(one, other, 1 if what == "u" else -1, str(value % 20))


@settings(deadline=None)
@given(_acts)
def test_rows_carry_all_of_it_and_nothing_moves_it_beyond_its_bound(
    acts: list[tuple[str, int, int, int]],
) -> None:
    pairs, log = Pairs(), dict[str, str]()
    for number, did in enumerate(acts):
        act(pairs, did, number)
        log |= {name: json.dumps(pairs.encode(name)) for name in sorted(pairs.changed)}
        pairs.changed = set()
    fresh = Pairs()
    for name in sorted(log, reverse=True):
        fresh.load(name, json.loads(log[name]))
    assert (fresh.rows, fresh.lean()) == (pairs.rows, pairs.lean())
    assert abs(pairs.lean()) <= MOST_LEAN

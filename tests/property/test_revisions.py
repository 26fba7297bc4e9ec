"""Revisions against a model: whatever the order of deliveries, what stands is what the source said last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.intake.revisions import Revisions, Verdict
from operators.state import Table

START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = st.one_of(st.none(), st.integers(0, 6).map(lambda minutes: START + timedelta(minutes=minutes)))
DELIVERIES = st.lists(st.tuples(st.sampled_from(["i", "j"]), st.sampled_from("ABC"), TIMES), max_size=30)
Delivery = tuple[str, str, datetime | None]


def take(revisions: Revisions, delivery: Delivery) -> Verdict:
    """What intake does with a delivery that is neither broken nor toxic."""
    verdict = revisions.judge(*delivery)
    if verdict in ("first", "revision"):
        revisions.stand(delivery[0], revisions.apply(*delivery))
    elif verdict == "repeat":
        revisions.confirm(delivery[0], delivery[2])
    return verdict


def restored(revisions: Revisions) -> Revisions:
    fresh = Revisions()
    for key, value in list(revisions.table.drain()):
        fresh.table.load(key, value)
    return fresh


@given(DELIVERIES)
@settings(deadline=None)
def test_revisions_count_from_one_without_gaps_and_the_last_one_stands(deliveries: list[Delivery]) -> None:
    revisions = Revisions()
    verdicts = [(delivery[0], take(revisions, delivery)) for delivery in deliveries]
    for item in {item for item, _ in verdicts}:
        current = revisions.current(item)
        applied = [v for i, v in verdicts if i == item and v in ("first", "revision")]
        assert current is not None
        assert current.revision == current.standing == len(applied)
        assert applied[0] == "first"


@given(DELIVERIES)
@settings(deadline=None)
def test_where_the_source_tells_times_what_it_wrote_last_stands(deliveries: list[Delivery]) -> None:
    timed = [d for d in deliveries if d[0] == "i" and d[2] is not None]
    revisions = Revisions()
    for delivery in timed:
        take(revisions, delivery)
    if timed:
        # Of two with one time, the later delivery counts.
        last = max(enumerate(timed), key=lambda pair: (pair[1][2], pair[0]))[1]
        current = revisions.current("i")
        assert current is not None
        assert (current.digest, current.updated_at) == (last[1], last[2])


@given(DELIVERIES)
@settings(deadline=None)
def test_delivering_everything_again_at_once_changes_nothing_that_stands(deliveries: list[Delivery]) -> None:
    for item in ("i", "j"):
        timed = [d for d in deliveries if d[0] == item and d[2] is not None]
        times = [d[2] for d in timed]
        if len(set(times)) < len(times):
            continue  # two contents at one moment: the source itself does not say which is the last
        revisions = Revisions()
        for delivery in timed:
            take(revisions, delivery)
        before = revisions.current(item)
        assert {take(revisions, delivery) for delivery in timed} <= {"stale", "repeat"}
        assert revisions.current(item) == before


@given(DELIVERIES, st.integers(0, 30))
@settings(deadline=None)
def test_restoring_in_between_changes_no_verdict(deliveries: list[Delivery], at: int) -> None:
    whole, first = Revisions(), Revisions()
    expected = [take(whole, delivery) for delivery in deliveries]
    found = [take(first, delivery) for delivery in deliveries[:at]]
    second = restored(first)
    assert found + [take(second, delivery) for delivery in deliveries[at:]] == expected


@given(st.lists(st.sampled_from("AB"), min_size=1, max_size=12))
def test_without_times_every_change_is_a_revision_back_and_forth(contents: list[str]) -> None:
    revisions = Revisions()
    for content in contents:
        take(revisions, ("i", content, None))
    changed = 1 + sum(a != b for a, b in pairwise(contents))
    current = revisions.current("i")
    assert current is not None
    assert (current.revision, current.digest) == (changed, contents[-1])


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.integers(0, 8)), min_size=1, max_size=12))
def test_without_times_what_was_accepted_last_stands_though_the_bulk_lane_let_it_wait(
    accepted: list[tuple[str, bool, int]],
) -> None:
    moments = [START + timedelta(minutes=n) for n in range(len(accepted))]
    order, fed = [], 0  # the bulk lane keeps its order, however long each waits
    for n, (content, waits, minutes) in enumerate(accepted):
        fed = max(fed, n + minutes) if waits else fed
        order.append((fed if waits else n, waits, n, content))
    revisions = Revisions()
    for _, waits, n, content in sorted(order):
        verdict = revisions.judge("i", content, None, moments[n] if waits else None)
        if verdict == "repeat":
            revisions.confirm("i", None, moments[n])
        elif verdict != "stale":
            revisions.apply("i", content, None, accepted_at=moments[n])
    current = revisions.current("i")
    assert current is not None
    assert current.digest == accepted[-1][0]


@given(DELIVERIES)
@settings(deadline=None)
def test_what_did_not_change_is_not_written_again(deliveries: list[Delivery]) -> None:
    revisions = Revisions()
    for delivery in deliveries:
        take(revisions, delivery)
    list(revisions.table.drain())
    for item in ("i", "j"):
        if (current := revisions.current(item)) is not None:
            revisions.stand(item, current.standing)
            revisions.confirm(item, current.updated_at)
    assert list(revisions.table.drain()) == []
    assert isinstance(revisions.table, Table)

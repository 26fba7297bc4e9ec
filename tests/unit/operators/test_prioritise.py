"""Windows, emission, merges, customers, clocks: what the priority step says of themes."""

from __future__ import annotations

from contracts.commands import Cutover, LoadBegin, LoadEnd
from contracts.envelope import EVERYONE
from contracts.identity import cause_of
from contracts.priority import Priority
from models.priority.impact import effective_impact
from models.priority.policy import PriorityPolicy
from operators.prioritise.step import PUBLIC
from tests.unit.operators.priority_streams import Journal, at, on, step


def counts(priority: Priority) -> tuple[int, int]:
    """Concerns in 24 hours and in 7 days."""
    return priority.windows[0].concerns, priority.windows[1].concerns


def scores(journal: Journal, policy: PriorityPolicy | None = None) -> list[Priority]:
    return on("priorities", journal.run(policy))


def test_a_changed_theme_is_scored_at_the_next_tick(journal: Journal) -> None:
    journal.concern("one", 0)
    journal.tick(1)
    (said,) = scores(journal)
    assert (said.theme_id, said.label, counts(said)) == ("theme-a", "Login fails", (1, 1))
    assert (said.event_time, said.last_seen) == (at(1), at(0))


def test_an_output_names_its_cause_and_copies_its_trace(journal: Journal) -> None:
    journal.concern("one", 0)
    tick = journal.tick(1)
    (said,) = scores(journal)
    assert (said.id, said.ingested_at, said.trace) == ("0-3-priority-0", tick.ingested_at, tick.trace)


def test_nothing_is_said_twice_without_a_change(journal: Journal) -> None:
    journal.concern("one", 0)
    for hour in range(1, 20):
        journal.tick(hour)
    assert len(scores(journal)) == 1


def test_scores_come_at_most_every_ten_minutes(journal: Journal) -> None:
    for number in range(60):
        journal.concern(f"c{number}", number / 60)
        journal.tick(number / 60 + 0.001)
    assert [p.event_time.minute // 10 for p in scores(journal)] == [1, 2, 3, 4, 5]


def test_a_tick_for_everyone_moves_every_tenant(journal: Journal) -> None:
    journal.concern("one", 0)
    journal.tick(1, EVERYONE)
    assert [(said.tenant, counts(said)) for said in scores(journal)] == [("acme", (1, 1))]


def test_a_tick_for_everyone_passes_who_loads_history_by(journal: Journal) -> None:
    journal.order(LoadBegin(origin="file"))
    journal.concern("one", 0)
    journal.tick(1, EVERYONE)
    assert scores(journal) == []


def test_a_cutover_leaves_a_mark_in_every_public_topic(journal: Journal) -> None:
    order = journal.order(Cutover(generation="g2"), 1)
    marks = [(out.topic, out.record.kind, cause_of(out.record.id)) for out in journal.run()]
    assert marks == [(topic, "command", cause_of(order.id)) for topic in PUBLIC]


def test_while_history_loads_scores_come_hourly_and_once_at_its_end(journal: Journal) -> None:
    journal.order(LoadBegin(origin="file"))
    for number in range(1, 16):
        journal.concern(f"c{number}", number / 6)
        journal.tick(number / 6)
    journal.order(LoadEnd(origin="file"), 2.5)
    assert [p.event_time for p in scores(journal)] == [at(1), at(2), at(2.5)]


def test_concerns_leave_the_day_after_24_hours_and_the_week_after_168(journal: Journal) -> None:
    journal.concern("one", 0.5)
    journal.tick(1)
    for hour in (23.9, 24.1, 167.9, 168.1, 200):
        journal.tick(hour)
    assert [(p.event_time, counts(p)) for p in scores(journal)][1:] == [
        (at(24.1), (0, 1)),
        (at(168.1), (0, 0)),
    ]


def test_a_theme_that_has_gone_says_zero_once(journal: Journal) -> None:
    journal.concern("one", 0)
    for day in range(1, 20):
        journal.tick(24 * day)
    assert [p.impact > 0 for p in scores(journal)] == [True, False]


def test_a_late_event_falls_into_its_true_bucket(journal: Journal) -> None:
    journal.tick(100)
    journal.concern("late", 50)
    journal.tick(101)
    assert [counts(p) for p in scores(journal)] == [(0, 1)]


def test_an_event_older_than_two_weeks_counts_nothing(journal: Journal) -> None:
    journal.tick(24 * 30)
    journal.concern("ancient", 10)
    journal.change("ancient", 24 * 30, "retracted")
    journal.tick(24 * 30 + 1)
    assert scores(journal) == []


def test_an_event_from_the_future_is_clamped_to_the_clock(journal: Journal) -> None:
    journal.concern("future", 24 * 365)
    journal.tick(1)
    journal.tick(25)
    assert [(counts(p), p.last_seen) for p in scores(journal)] == [((1, 1), at(0)), ((0, 1), at(0))]


def test_a_clock_never_goes_back(journal: Journal) -> None:
    journal.tick(100)
    journal.concern("one", 100)
    journal.tick(5)
    journal.tick(101)
    assert [p.event_time for p in scores(journal)] == [at(101)]


def test_a_wrong_date_before_the_first_tick_does_not_stop_a_tenant() -> None:
    journal = Journal()
    journal.concern("wrong", 24 * 20_000)
    journal.tick(1)
    journal.concern("right", 1)
    journal.tick(2)
    assert [counts(p) for p in scores(journal)] == [(1, 1), (2, 2)]


def test_a_retracted_concern_is_taken_away_exactly(journal: Journal) -> None:
    journal.concern("stays", 0, sentiment="negative", sentiment_milli=-500)
    journal.tick(1)
    journal.concern("goes", 1, sentiment="negative", sentiment_milli=-900, severity="critical")
    journal.change("goes", 1, "retracted")
    journal.tick(2)
    before, after = scores(journal)
    assert after.windows == before.windows


def test_a_moved_concern_counts_where_it_is_now(journal: Journal) -> None:
    journal.concern("one", 0)
    journal.concern("two", 0)
    journal.change("two", 0, "moved", "theme-b")
    journal.tick(1)
    assert {p.theme_id: counts(p) for p in scores(journal)} == {"theme-a": (1, 1), "theme-b": (1, 1)}


def test_a_waiting_concern_counts_from_its_assignment_on(journal: Journal) -> None:
    journal.concern("one", 0, theme=None)
    journal.tick(1)
    journal.change("one", 1, "assigned", "theme-a")
    journal.tick(2)
    assert [(p.event_time, counts(p), p.last_seen) for p in scores(journal)] == [(at(2), (1, 1), at(0))]


def test_a_concern_that_left_the_horizon_can_no_longer_be_taken_away(journal: Journal) -> None:
    journal.concern("old", 0)
    journal.tick(1)
    journal.tick(24 * 15)
    journal.change("old", 24 * 15, "retracted")
    journal.tick(24 * 15 + 1)
    assert [counts(p) for p in scores(journal)] == [(1, 1), (0, 0)]


def test_accounts_are_counted_once_and_capped(journal: Journal) -> None:
    for number in range(10):
        journal.concern(f"c{number}", 0, facts={"account": "acme-corp"})
    journal.tick(1)
    (said,) = scores(journal)
    assert (said.affected_accounts, said.windows[0].factors.volume) == (1, 1.5)


def test_without_an_account_the_author_counts_and_without_both_the_item(journal: Journal) -> None:
    for number in range(4):
        journal.concern(f"author{number}", 0, facts={"account": None, "author": "hash"})
        journal.concern(f"item{number}", 0, facts={"account": None})
    journal.tick(1)
    assert scores(journal)[0].affected_accounts == 1 + 4


def test_a_customer_update_weighs_from_then_on(journal: Journal) -> None:
    journal.concern("one", 0, facts={"account": "acme-corp", "tier": "free"})
    journal.tick(1)
    journal.customer("acme-corp", 1, "enterprise")
    journal.tick(2)
    before, after = scores(journal)
    assert (before.tiers, after.tiers) == ({"free": 1}, {"enterprise": 1})
    assert (before.windows[1].factors.tier, after.windows[1].factors.tier) == (1.0, 1.8)


def test_what_an_update_told_wins_over_what_feedback_says(journal: Journal) -> None:
    journal.customer("acme-corp", 0, "enterprise")
    journal.concern("one", 0, facts={"account": "acme-corp", "tier": "free"})
    journal.tick(1)
    assert scores(journal)[0].tiers == {"enterprise": 1}


def test_a_merge_adds_up_accounts_and_silences_the_merged_theme(journal: Journal) -> None:
    journal.concern("one", 0, facts={"account": "same"})
    journal.concern("two", 0, "theme-b", facts={"account": "same"})
    journal.tick(1)
    journal.event("merged", "theme-b", "theme-a")
    journal.tick(2)
    journal.change("two", 2, "retracted")
    journal.tick(3)
    said = [(p.event_time, p.theme_id, counts(p)[1], p.affected_accounts) for p in scores(journal)][2:]
    assert said == [(at(2), "theme-a", 2, 1), (at(2), "theme-b", 0, 0), (at(3), "theme-a", 1, 1)]


def test_a_merge_told_by_event_and_record_is_one_merge(journal: Journal) -> None:
    journal.concern("one", 0)
    journal.concern("two", 0, "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    journal.theme("theme-b", redirect_to="theme-a")
    journal.tick(1)
    assert [(p.theme_id, counts(p)) for p in scores(journal)] == [("theme-a", (2, 2))]


def test_a_chain_of_merges_counts_for_its_end(journal: Journal) -> None:
    for name in "abc":
        journal.concern(name, 0, f"theme-{name}")
    journal.event("merged", "theme-c", "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    journal.tick(1)
    assert [(p.theme_id, counts(p)) for p in scores(journal)] == [("theme-a", (3, 3))]


def test_of_two_merges_that_make_a_ring_the_later_holds(journal: Journal) -> None:
    journal.concern("one", 0, "theme-a")
    journal.concern("two", 0, "theme-b")
    journal.event("merged", "theme-a", "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    journal.tick(1)
    assert [(p.theme_id, counts(p)) for p in scores(journal)] == [("theme-a", (2, 2))]


def test_an_unmerged_theme_has_its_own_again(journal: Journal) -> None:
    journal.concern("one", 0)
    journal.concern("two", 0, "theme-b")
    journal.event("merged", "theme-b", "theme-a")
    journal.event("unmerged", "theme-b")
    journal.tick(1)
    assert {p.theme_id: counts(p) for p in scores(journal)} == {"theme-a": (1, 1), "theme-b": (1, 1)}


def test_tenants_do_not_mix() -> None:
    ours, theirs = Journal("ours"), Journal("theirs")
    for journal in (ours, theirs):
        journal.tick(0)
        journal.concern("one", 0)
    ours.tick(1)
    mixed = Journal()
    mixed.records = [*theirs.records, *ours.records]
    assert [p.tenant for p in scores(mixed)] == ["ours"]


def test_a_quiet_theme_falls_behind_a_smaller_one_with_news(journal: Journal) -> None:
    for number in range(12):
        journal.concern(f"fading{number}", 0, "fading")
    for day in range(6):
        journal.concern(f"steady{day}", 24 * day, "steady")
        journal.tick(24 * day + 1)
    last = {p.theme_id: p for p in scores(journal)}
    fading, steady = (effective_impact(last[name], at(24 * 5 + 1)) for name in ("fading", "steady"))
    assert fading < steady


def test_beyond_the_horizon_nothing_but_themes_is_kept() -> None:
    journal = Journal()
    for number in range(200):
        journal.tick(6 * number)
        journal.concern(f"c{number}", 6 * number, f"theme-{number % 3}", facts={"tier": "pro"})
    running = step()
    running.on_records(journal.records)
    assert len(running.tables["concerns"]) == len(running.tables["customers"]) == 336 // 6
    assert all(len(row.voices) <= 6 for _, row in _rows(running.tables["themes"]))


def _rows(table):  # type: ignore[no-untyped-def]
    return [(key, table[key]) for key in table.keys()]  # noqa: SIM118

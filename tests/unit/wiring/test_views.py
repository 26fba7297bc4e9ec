"""Reading a data directory shows what the records say, and only what may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.commands import Command, ConfirmConcern, DropLetter, Erase, LoadBegin, LoadEnd
from contracts.envelope import Envelope
from contracts.errors import StateCorrupt, WrongUsage
from contracts.feedback import Tick
from contracts.identity import theme_id
from contracts.registry import read_record
from tests.support.runs import NOON, RunBuilder
from wiring.views import RunView, read_run
from wiring.views.read import read_topics
from wiring.views.topics import Place

DAY = timedelta(days=1)
EXPORT, LOGIN = theme_id("acme", "export"), theme_id("acme", "login")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    builder = RunBuilder(tmp_path / "run")
    yield builder
    builder.close()


def view(run: RunBuilder) -> RunView:
    return read_run(run.write())


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no run here"):
        read_run(tmp_path)


def test_an_empty_run_has_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    empty = read_run(tmp_path)
    assert (empty.items, empty.themes, empty.violations, empty.clock) == ((), (), (), None)


def test_reading_makes_no_keys(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    assert not read_run(tmp_path).can_open
    assert not (tmp_path / "keys").exists()


def test_an_item_is_shown_with_its_place_and_its_theme(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("The export fails", theme=EXPORT, account="a1", tier="business", source="reviews")
    (item,) = view(run).items
    assert (item.outcome, item.themes, item.account, item.tier) == ("themed", (EXPORT,), "a1", "business")
    assert (item.source, item.origin, item.line) == ("reviews", "feedback.csv", 2)


def test_accounts_are_counted_once_however_often_they_write(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    for n, account in enumerate(("a1", "a1", "a2")):
        run.item(f"The export fails {n}", theme=EXPORT, account=account)
    (theme,) = view(run).themes
    assert (theme.concerns, theme.accounts, dict(theme.tiers)) == (3, 2, {"pro": 2})


def test_a_merged_theme_is_read_as_the_one_it_was_merged_into(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.theme("login", "cannot log in")
    run.item("The export fails", theme=EXPORT)
    run.item("Export is broken", theme=LOGIN)
    run.theme("login", "cannot log in", status="merged", redirect_to=EXPORT)
    (theme,) = view(run).themes
    assert (theme.theme_id, theme.concerns, theme.absorbed) == (EXPORT, 2, (LOGIN,))


def test_redirects_in_a_circle_still_end(run: RunBuilder) -> None:
    run.theme("export", "export fails", redirect_to=LOGIN)
    run.theme("login", "cannot log in", redirect_to=EXPORT)
    run.item("The export fails", theme=EXPORT)
    assert sum(theme.concerns for theme in view(run).themes) == 1


def test_a_moved_concern_counts_where_it_is_now(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.theme("login", "cannot log in")
    said = run.item("I cannot log in to export", theme=EXPORT)
    run.change(said, "moved", theme=LOGIN, from_theme=EXPORT)
    assert [(t.theme_id, t.concerns) for t in view(run).themes] == [(LOGIN, 1)]


def test_themes_are_ranked_by_impact_as_it_has_decayed_by_the_latest_tick(run: RunBuilder) -> None:
    for founder, theme in (("export", EXPORT), ("login", LOGIN)):
        run.theme(founder, founder)
        run.item(founder, theme=theme)
    run.priority(EXPORT, 80.0, last_seen=NOON - 4 * DAY)
    run.priority(LOGIN, 50.0, last_seen=NOON)
    run.tick(NOON)
    first, second = view(run).themes
    assert (first.theme_id, second.theme_id) == (LOGIN, EXPORT)
    assert (first.effective_impact, second.effective_impact) == (50.0, pytest.approx(20.0))


def test_the_clock_is_that_of_the_stages_not_of_a_journal_loaded_ahead(run: RunBuilder) -> None:
    run.tick(NOON)
    run.write()
    journal = run.directory / "logs" / "journal" / "p0000.jsonl"
    ahead = run.lines["journal"][0].replace(b"2026-03-01T12", b"2026-03-09T12")
    journal.write_bytes(run.lines["journal"][0] + b"\n" + ahead + b"\n")
    assert read_run(run.directory).clock == NOON


def test_representatives_are_quoted_first_and_nobody_twice_before_others(run: RunBuilder) -> None:
    said = [
        run.item(f"Export fails {n}", theme=EXPORT, account=a, at=NOON + n * DAY)
        for n, a in enumerate(("a1", "a2", "a2", "a3"))
    ]
    run.theme("export", "export fails", representatives=(said[0].concern_id,))
    (theme,) = view(run).themes
    assert [quote.text[-1] for quote in theme.quotes] == ["0", "3", "2", "1"]


def test_counter_examples_are_not_quoted_twice(run: RunBuilder) -> None:
    near = run.item("Export fails", theme=EXPORT)
    far = run.item("The import is slow", theme=EXPORT)
    names = {"representatives": (near.concern_id,), "counter_examples": (far.concern_id, near.concern_id)}
    run.theme("export", "export fails", **names)
    (theme,) = view(run).themes
    shown = [quote.text for quote in (*theme.quotes, *theme.counter_examples)]
    assert sorted(shown) == ["Export fails", "The import is slow"]
    assert [quote.text for quote in theme.counter_examples] == ["The import is slow"]


def test_a_counter_example_outside_of_the_theme_says_so(run: RunBuilder) -> None:
    run.item("Export fails", theme=EXPORT)
    near = run.item("Export is slow", change="waiting")
    run.theme("export", "export fails", counter_examples=(near.concern_id, "unknown"))
    (quote,) = view(run).themes[0].counter_examples
    assert (quote.text, quote.inside) == ("Export is slow", False)


def test_words_without_full_coverage_are_withheld_and_counted(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("Eksport virker ikke, hilsen Kari", theme=EXPORT, language="nb", full=False)
    (theme,) = view(run).themes
    assert (theme.quotes, theme.withheld) == ((), 1)


def test_words_of_a_destroyed_key_are_shown_nowhere(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("My secret export", theme=EXPORT, author="eve")
    run.item("Something secret", needs_review=True, author="eve")
    run.vault.destroy("acme", run.vault.subject("acme", "eve"))
    assert "secret" not in repr(asdict(view(run)))


def test_an_erased_person_no_longer_counts_in_a_theme(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("Export fails", theme=EXPORT, author="eve", pii={"EMAIL": 1})
    run.command(Erase(subject=run.vault.subject("acme", "eve")))
    after = view(run)
    assert (after.themes, after.outcomes, after.pii) == ((), {"erased": 1}, {})


def test_rejects_say_where_they_are_found(run: RunBuilder) -> None:
    run.reject(run.deliver("", line=17), reason="schema", field="text")
    (reject,) = view(run).rejects
    assert (reject.origin, reject.line, reject.field, reject.reason) == ("feedback.csv", 17, "text", "schema")


def test_a_reject_that_was_given_up_is_no_longer_told(run: RunBuilder) -> None:
    run.reject(run.deliver(""))
    (letter,) = run.lines["dead-letters"]
    run.command(DropLetter(letter=read_record("dead-letters", letter).id, why="junk"))
    after = view(run)
    assert (after.rejects, after.outcomes) == ((), {"filtered": 1})


def test_quarantine_shows_reasons_and_no_content(run: RunBuilder) -> None:
    run.quarantine(run.deliver("unspeakable"))
    after = view(run)
    assert (after.quarantined, after.outcomes) == ({"toxic": 1}, {"quarantined": 1})
    assert "unspeakable" not in repr(asdict(after))


def test_a_concern_waits_for_review_until_a_person_confirms_it(run: RunBuilder) -> None:
    run.item("Hmm, the thing", needs_review=True, confidence_milli=300)
    before = view(run)
    assert (before.reviews.waiting, before.reviews.samples[0].quote) == (1, "Hmm, the thing")
    assert before.outcomes == {"in_review": 1}


def test_a_confirmed_concern_waits_no_more(run: RunBuilder) -> None:
    from contracts.registry import read_record
    from contracts.stages import EnrichedItem

    said = run.item("Hmm, the thing", needs_review=True)
    item = read_record("enriched", run.lines["enriched"][-1])
    assert isinstance(item, EnrichedItem)
    place = run.command(ConfirmConcern(concern_id=said.concern_id, item=item))
    sure = item.concerns[0].model_copy(
        update={"decision": item.concerns[0].decision.model_copy(update={"needs_review": False})}
    )
    run.put("enriched", item.model_copy(update={"id": f"{place}-extract-9", "concerns": (sure,)}))
    run.change(said, "waiting")
    after = view(run)
    assert (after.reviews.waiting, after.reviews.sent, after.outcomes) == (0, 1, {"waiting": 1})


def test_repeats_stale_and_late_deliveries_are_counted(run: RunBuilder) -> None:
    run.tick(NOON)
    run.item("first", record="r", change="waiting", at=NOON - 2 * DAY)
    run.receipt(run.deliver("first", record="r", at=NOON - 2 * DAY), "repeat")
    run.receipt(run.deliver("older", record="r", at=NOON - 3 * DAY), "stale")
    after = view(run)
    assert (after.deliveries, after.late) == ({"applied": 1, "repeat": 1, "stale": 1}, 1)


def test_pii_is_that_of_the_current_revision(run: RunBuilder) -> None:
    first = run.item("mail me", record="r", change="waiting", pii={"EMAIL": 2, "PERSON": 1})
    run.change(first, "retracted")
    run.item(
        "call me", record="r", revision=2, retracts=(first.concern_id,), change="waiting", pii={"PHONE": 1}
    )
    after = view(run)
    assert (after.pii, after.violations) == ({"PHONE": 1}, ())


def test_what_has_not_come_through_is_on_its_way_and_breaks_no_law(run: RunBuilder) -> None:
    run.item("half way", change="")
    after = view(run)
    assert (after.on_their_way, after.violations, after.outcomes) == (1, (), {})


def test_a_broken_sequence_is_reported(run: RunBuilder) -> None:
    said = run.item("The export fails", change="waiting")
    run._sequences[said.concern_id] = 4
    run.change(said, "unthemed")
    assert "change 5 follows change 1" in view(run).violations[0]


def test_only_committed_lines_are_read(run: RunBuilder) -> None:
    run.reject(run.deliver("a"))
    run.write()
    letters = run.directory / "logs" / "dead-letters" / "p0000.jsonl"
    letters.with_suffix(".committed").write_text("0")
    assert read_run(run.directory).rejects == ()


def test_a_line_that_is_no_record_is_named_with_its_file_and_byte(run: RunBuilder) -> None:
    run.reject(run.deliver("a"))
    run.lines["dead-letters"].append(b"{}")
    with pytest.raises(StateCorrupt, match=r"dead-letters/p0000\.jsonl: byte \d+"):
        view(run)


def test_several_tenants_need_a_name_and_are_kept_apart(run: RunBuilder) -> None:
    run.item("ours", change="waiting")
    run.tenant = "other"
    run.item("theirs", change="waiting")
    run.write()
    with pytest.raises(WrongUsage, match="acme, other"):
        read_run(run.directory)
    assert len(read_run(run.directory, "other").items) == 1


def test_an_unknown_tenant_is_named(run: RunBuilder) -> None:
    run.item("ours", change="waiting")
    with pytest.raises(WrongUsage, match="nothing of tenant 'x'"):
        read_run(run.write(), "x")


def test_a_journal_line_that_nobody_can_read_is_no_mystery(run: RunBuilder) -> None:
    run.item("ours", change="waiting")
    run.lines["journal"].append(b"garbage")
    after = view(run)
    assert after.deliveries == {"applied": 1, "on_its_way": 1}


def test_days_are_counted_up_to_the_clock(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    for day in (0, 2, 2):
        run.item(f"fails {day}", theme=EXPORT, at=NOON + day * DAY)
    run.tick(NOON + 3 * DAY)
    assert view(run).themes[0].daily == (1, 0, 2, 0)


def test_at_midnight_the_day_that_begins_is_not_counted_yet(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("fails", theme=EXPORT, at=NOON)
    run.tick(NOON + DAY / 2 + DAY)
    assert view(run).themes[0].daily == (1, 0)


@pytest.mark.parametrize("hours", [0.0, 1.0])
def test_a_day_that_has_only_begun_makes_no_theme_fade(run: RunBuilder, hours: float) -> None:
    run.theme("export", "export fails")
    clock = NOON - DAY / 2 + 21 * DAY + timedelta(hours=hours)
    for n in range(21 * 36):  # one in 40 minutes, to the end
        run.item(f"fails {n}", theme=EXPORT, at=clock - n * DAY / 36)
    run.tick(clock)
    assert view(run).themes[0].trend == "steady"


class InMemory:
    """Topics of one part, as ``Records``."""

    def __init__(self, **topics: list[Envelope]) -> None:
        self.topics = topics

    def records(self, topic: str) -> Iterator[tuple[Place, Envelope]]:
        yield from ((Place(0, n), record) for n, record in enumerate(self.topics.get(topic, [])))


def tick(tenant: str, hour: int) -> Tick:
    at = NOON + timedelta(hours=hour)
    return Tick(
        id=f"0-{hour}", kind="tick", tenant=tenant, event_time=at, ingested_at=at, trace="", schema="1.0"
    )


def command(order: LoadBegin | LoadEnd) -> Command:
    header = {"id": "0-0", "tenant": "acme", "event_time": NOON, "ingested_at": NOON, "trace": ""}
    return Command.model_validate(
        {**header, "schema": "1.0", "kind": "command", "author": "ann", "order": order}
    )


def test_a_tick_for_everyone_is_no_tenant_and_is_the_time_of_each(tmp_path: Path) -> None:
    topics = InMemory(assignments=[tick("acme", 1), tick("*", 3), tick("*", 5)])
    assert read_topics(topics, "Kafka").clock == NOON + timedelta(hours=5)


def test_a_tick_for_everyone_says_nothing_to_a_tenant_that_is_loading_history(tmp_path: Path) -> None:
    begun = [command(LoadBegin(origin="a.csv")), tick("acme", 1), tick("*", 5)]
    assert read_topics(InMemory(assignments=begun), "Kafka").clock == NOON + timedelta(hours=1)
    ended = [*begun, command(LoadEnd(origin="a.csv"))]
    assert read_topics(InMemory(assignments=ended), "Kafka").clock == NOON + timedelta(hours=5)

"""Themes: what is said of concerns, what the index holds, and which words may be seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import Command, Cutover, LoadBegin, LoadEnd
from contracts.envelope import EVERYONE
from contracts.feedback import Tick
from contracts.identity import cause_of
from contracts.registry import write_record
from contracts.stages import Assignment
from contracts.themes import ThemeEvent, ThemeRecord
from contracts.vectors import ItemPoint, ThemePoint
from models.themes.representatives import Gallery
from operators.step import bulk_of
from operators.themes.step import PUBLIC, ThemesStep
from operators.themes.vocabulary import PEOPLE, Vocabulary
from tests.support.steps import NOON, TOXIC, VAGUE, Journey, memory_index, text_about, themes

RARE = "zanzibarium"


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    yield journey
    journey.vault.close()


def crowd(journey: Journey, count: int = 45, **body: object) -> Journey:
    """Four topics, many people."""
    draw = random.Random(1)
    for n in range(count):
        text = text_about(("invoice", "export", "login", "map")[n % 4], draw)
        journey.deliver(text, record=f"c{n}", author=f"p{n}", account=f"acct-{n % 9}", **body)
    return journey


def changes(journey: Journey) -> list[Assignment]:
    return journey.of("assignments", Assignment)


def test_every_concern_is_told_about_once_with_what_priority_counts(journey: Journey) -> None:
    firsts = [change for change in changes(crowd(journey)) if change.sequence == 1]
    assert len(firsts) == len({change.concern_id for change in firsts})
    assert all(change.about is not None for change in firsts)
    assert all(change.about is None for change in changes(journey) if change.sequence > 1)


def test_themes_are_born_announced_and_filled(journey: Journey) -> None:
    crowd(journey)
    born = [event for event in journey.of("theme-events", ThemeEvent) if event.event == "born"]
    shown = {record.theme_id for record in journey.of("themes", ThemeRecord)}
    joined = {change.theme for change in changes(journey)} - {None}
    assert born
    assert {event.theme_id for event in born} == joined == shown


def test_public_theme_news_is_the_same_record_as_the_one_in_order(journey: Journey) -> None:
    crowd(journey)
    in_order = [write_record(r) for r in journey.of("assignments", ThemeRecord)]
    assert [write_record(r) for r in journey.topics["themes"]] == in_order


def test_no_quote_is_carried_where_names_may_be_in_it(journey: Journey) -> None:
    assert {c.about.quote for c in changes(crowd(journey, 5)) if c.about} == {None}


def test_a_quote_is_carried_sealed_where_names_were_looked_for(journey: Journey) -> None:
    crowd(journey, 1)
    item = journey.enriched()[0].model_copy(update={"coverage": "full"})
    out = themes(journey.vault).on_records([item])[0].record
    assert isinstance(out, Assignment)
    assert out.about is not None
    assert out.about.quote is not None
    assert b"wrong" in (journey.vault.open("acme", out.about.quote) or b"")


def test_a_concern_in_review_is_not_clustered_until_confirmed_and_then_once(journey: Journey) -> None:
    journey.deliver(VAGUE[0])
    assert changes(journey) == []
    journey.confirm()
    journey.confirm()
    assert [change.change for change in changes(journey)] == ["waiting"]


# Two: of three that are alike a theme is founded.
ODD = ("gardens rain softly on mondays", "the violin teacher left early")


def test_what_was_waiting_and_is_withdrawn_is_no_counter_example_any_more(journey: Journey) -> None:
    crowd(journey, 60)
    for n, text in enumerate(ODD):
        journey.deliver(f"Quite odd: {text}, far away from everything else here.", record=f"odd{n}")
    odd = {
        c.concern_id for c in changes(journey)[-len(ODD) :] if c.change == "waiting" and "nearest" in c.reason
    }
    assert odd & shown_outside(journey)
    for n in range(len(ODD)):
        journey.deliver(TOXIC, record=f"odd{n}")
    assert not odd & shown_outside(journey)


def shown_outside(journey: Journey) -> set[str]:
    """Concerns in any gallery, as the state log would have them."""
    rows = themes_state(journey)
    galleries = [Gallery.decode(row[-1]) for row in rows]
    return {one.concern_id for g in galleries for end in (g.closest, g.farthest, g.outside) for one in end}


def themes_state(journey: Journey) -> list[list[Any]]:
    step = journey.steps["enriched"]
    assert isinstance(step, ThemesStep)
    table = step._tenant("acme")._kept.profiles.table
    return [table[name].encode() for name in table]


def test_a_word_that_too_few_people_used_is_written_nowhere(journey: Journey) -> None:
    for n in range(30):
        rare = f" {RARE}" if n % 3 == 0 else ""
        author = f"p{n % (PEOPLE - 1)}" if rare else f"q{n}"
        journey.deliver(
            f"The invoice was charged twice on my card{rare} again.", record=f"c{n}", author=author
        )
    journey.tick()
    written = b"".join(
        write_record(r) for topic in ("assignments", "themes", "enriched") for r in journey.topics[topic]
    )
    state = repr([*bulk_of(journey.steps["enriched"]).drain(), journey.steps["enriched"].snapshot()])
    assert journey.of("themes", ThemeRecord)
    assert (RARE.encode() in written, RARE in state) == (False, False)


def test_a_word_is_shown_from_the_third_person_on(journey: Journey) -> None:
    vocabulary = Vocabulary("acme", journey.vault)
    for n, shown in enumerate((None, None, RARE)):
        (name,) = vocabulary.learn([RARE], f"{n}-subject")
        vocabulary.learn([RARE], f"{n}-subject")
        assert vocabulary.word(name) == shown


class Watched:
    """An index that remembers who was asked to be written."""

    def __init__(self) -> None:
        self.index = memory_index()
        self.tenants: list[str] = []
        self.items: dict[str, ItemPoint] = {}
        self.themes: dict[str, ThemePoint] = {}

    def put_items(self, tenant: str, points: list[ItemPoint]) -> None:
        self.tenants.append(tenant)
        self.items |= {point.concern_id: point for point in points}

    def drop_items(self, tenant: str, concern_ids: list[str]) -> None:
        for name in concern_ids:
            self.items.pop(name, None)

    def put_themes(self, tenant: str, points: list[ThemePoint]) -> None:
        self.themes |= {point.theme_id: point for point in points}
        self.index.put_themes(tenant, points)

    def drop_themes(self, tenant: str, theme_ids: list[str]) -> None:
        self.index.drop_themes(tenant, theme_ids)

    def nearest_theme(self, tenant: str, group: str, vector: object) -> object:
        return self.index.nearest_theme(tenant, group, vector)  # type: ignore[arg-type]


def test_the_index_holds_the_living_concerns_and_nothing_else(journey: Journey) -> None:
    crowd(journey)
    journey.deliver(TOXIC, record="c0")
    journey.deliver("The map is slow and never loads its tiles on my phone.", record="c1")
    watched = Watched()
    themes(journey.vault, watched).on_records(journey.topics["enriched"])  # type: ignore[arg-type]
    living: dict[str, Assignment] = {change.concern_id: change for change in changes(journey)}
    assert set(watched.items) == {name for name, change in living.items() if change.change != "retracted"}


def test_similar_items_can_be_asked_for_by_every_field_that_is_declared(journey: Journey) -> None:
    crowd(journey, 8, tier="pro")
    vector = next(iter(journey.enriched()[0].concerns)).vector
    assert vector is not None
    watched = Watched()
    themes(journey.vault, watched).on_records(journey.topics["enriched"])  # type: ignore[arg-type]
    point = next(iter(watched.items.values()))
    assert {"tier", "category", "severity", "bug", "feature_request", "account", "at_s"} <= set(point.payload)
    assert point.payload["tier"] == "pro"


def tick_for_everyone(journey: Journey) -> list[ThemeRecord]:
    """A tick of the ticker, and the theme records that it brought."""
    before = len(journey.topics.get("themes", []))
    journey.put(write_record(Tick(id="", tenant=EVERYONE, event_time=NOON, ingested_at=NOON)))
    return journey.of("themes", ThemeRecord)[before:]


def test_a_tick_for_everyone_publishes_the_changed_themes_of_every_tenant(journey: Journey) -> None:
    for tenant in ("acme", "zeta"):
        crowd(journey, tenant=tenant)
    assert {record.tenant for record in tick_for_everyone(journey)} == {"acme", "zeta"}


def test_a_tick_for_everyone_is_none_for_who_loads_history(journey: Journey) -> None:
    journey.order(LoadBegin(origin="file"))
    crowd(journey)
    assert tick_for_everyone(journey) == []
    journey.order(LoadEnd(origin="file"))
    assert tick_for_everyone(journey)


def test_a_cutover_leaves_a_mark_in_every_public_topic_and_goes_on(journey: Journey) -> None:
    order = Command(
        id="0-0",
        tenant=EVERYONE,
        event_time=NOON,
        ingested_at=NOON,
        author="ann",
        order=Cutover(generation="g2"),
    )
    outs = journey.steps["enriched"].on_records([order])
    assert [out.topic for out in outs] == [*PUBLIC, "assignments"]
    assert [cause_of(out.record.id) for out in outs] == ["0-0"] * 4

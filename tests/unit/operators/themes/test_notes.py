"""What an assignment says besides its theme: duplicates, velocity, and precedents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.stages import Assignment, Precedent
from contracts.steering import LiftOrder, MarkTheme, ThemeRef
from contracts.themes import ThemeOrdered, ThemeRecord
from tests.support.steps import Journey, text_about

OUTAGE = ("The whole service is down for everyone, total outage of the platform", "nobody can log in")


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    yield journey
    journey.vault.close()


def changes(journey: Journey) -> list[Assignment]:
    return journey.of("assignments", Assignment)


def latest(journey: Journey, item: str) -> list[Assignment]:
    return [change for change in changes(journey) if change.item_id == item and change.about]


def incident(journey: Journey, count: int = 40) -> Journey:
    """Every second concern is about an outage, the others about something else."""
    draw = random.Random(1)
    for n in range(count):
        text = f"{OUTAGE[0]}, {OUTAGE[1]} since {n} o'clock." if n % 2 else text_about("invoice", draw)
        journey.deliver(text, record=f"c{n}", author=f"p{n}")
    return journey


def test_a_ticket_that_repeats_another_names_it(journey: Journey) -> None:
    text = "The invoice shows the wrong billing address of our company."
    first = journey.deliver(text, record="a")
    second = journey.deliver(text.upper(), record="b")
    (one,), (two,) = latest(journey, first.item_id), latest(journey, second.item_id)
    assert (one.duplicate_of, two.duplicate_of) == (None, one.concern_id)


def test_a_message_does_not_repeat_itself_nor_its_own_revision(journey: Journey) -> None:
    text = "The invoice shows the wrong billing address of our company."
    journey.deliver(text, record="a", updated=0)
    journey.deliver(text + " Thanks!", record="a", updated=5)
    assert [change.duplicate_of for change in changes(journey) if change.about] == [None, None]


def test_every_assignment_says_how_fast_its_theme_grows(journey: Journey) -> None:
    incident(journey)
    inside = [change for change in changes(journey) if change.change in ("assigned", "moved")]
    assert inside
    assert all(change.velocity_milli is not None for change in inside)
    most = max(change.velocity_milli or 0 for change in inside)
    assert most == 1000 * max(change_count(inside).values())


def change_count(inside: list[Assignment]) -> dict[str | None, int]:
    found: dict[str | None, int] = {}
    for change in inside:
        found[change.theme] = found.get(change.theme, 0) + 1
    return found


def escalations(journey: Journey) -> list[Precedent]:
    return [change.escalation for change in changes(journey) if change.escalation]


def test_what_is_very_close_to_a_critical_theme_names_the_precedent(journey: Journey) -> None:
    incident(journey)
    item = journey.deliver(f"{OUTAGE[0]}, {OUTAGE[1]} since noon.", record="new")
    (change,) = latest(journey, item.item_id)
    known = change.escalation
    assert known is not None
    assert (known.theme_id, known.similarity_milli) == (change.theme, change.similarity_milli)
    assert known.critical >= known.concerns / 2
    earlier = {one.concern_id for one in changes(journey) if one.theme == change.theme} - {change.concern_id}
    assert known.concern_id in earlier


def test_a_theme_is_no_precedent_for_those_that_founded_it(journey: Journey) -> None:
    incident(journey)
    founders = [one for one in changes(journey) if one.change == "assigned" and one.about is None]
    assert founders
    assert all(one.escalation is None for one in founders)


def test_other_themes_are_no_precedent(journey: Journey) -> None:
    incident(journey)
    critical = {known.theme_id for known in escalations(journey)}
    assert len(critical) == 1
    assert len({change.theme for change in changes(journey) if change.theme}) > 1


def mark(journey: Journey, theme: str, *, critical: bool) -> None:
    anchors = [one.concern_id for one in changes(journey) if one.theme == theme][:5]
    ref = ThemeRef(theme_id=theme, anchors=tuple(anchors))
    journey.order(MarkTheme(theme=ref, critical=critical, reason="the outage of March"))


INVOICE = "The invoice of {} shows the wrong billing address of our company and the wrong tax number"


def invoices(journey: Journey) -> str:
    """Concerns about invoices, none critical, and about something else; the theme of the invoices."""
    draw = random.Random(1)
    for n in range(40):
        text = INVOICE.format(n) if n % 2 else text_about("map", draw)
        journey.deliver(text, record=f"c{n}", author=f"p{n}")
    again = journey.deliver(INVOICE.format("May"), record="again")
    return latest(journey, again.item_id)[0].theme or ""


def test_what_is_very_close_to_a_theme_that_a_person_marked_names_who_did(journey: Journey) -> None:
    theme = invoices(journey)
    assert escalations(journey) == []
    mark(journey, theme, critical=True)
    item = journey.deliver(INVOICE.format("June"), record="new")
    known = latest(journey, item.item_id)[0].escalation
    assert (known and known.theme_id, known and known.marked_by) == (theme, "ann")
    shown = [r for r in journey.of("themes", ThemeRecord) if r.theme_id == theme]
    assert [record.critical for record in shown[-1:]] == [True]


def test_a_mark_that_was_taken_back_escalates_nothing(journey: Journey) -> None:
    theme = invoices(journey)
    mark(journey, theme, critical=True)
    mark(journey, theme, critical=False)
    journey.deliver(INVOICE.format("June"), record="new")
    assert escalations(journey) == []
    assert [one.event for one in journey.of("theme-events", ThemeOrdered)] == ["marked", "unmarked"]


def test_lifting_the_order_takes_the_mark_back_too(journey: Journey) -> None:
    theme = invoices(journey)
    mark(journey, theme, critical=True)
    (marked,) = journey.of("theme-events", ThemeOrdered)
    journey.order(LiftOrder(order_id=marked.order_id or "", reason="it was another one"))
    journey.deliver(INVOICE.format("June"), record="new")
    assert escalations(journey) == []

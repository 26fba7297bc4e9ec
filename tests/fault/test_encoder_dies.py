"""The encoder dies in the middle of a run and comes back: keyword themes meanwhile, nothing lost or counted twice."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import Command, Correction
from contracts.diversions import DeadLetter
from contracts.stages import Assignment, EnrichedItem
from contracts.themes import ThemeRecord
from models.encoders.guarded import GuardedEncoder
from models.encoders.hashing import KeywordEncoder
from models.priority.policy import PriorityPolicy
from operators.extract.reading import Standby
from operators.extract.step import ExtractStep
from operators.prioritise import PrioritiseStep
from operators.themes.step import ThemesStep
from tests.support.encoders import TOPICS, Meaning, Mortal
from tests.support.laws import assert_batching_law
from tests.support.steps import POLICY, PROVENANCE, VAGUE, Journey, labeller, memory_index, text_about
from tests.unit.operators.priority_streams import PlainOpener
from wiring.healing import lacking

BEFORE, AWAY, AFTER = 60, 60, 30


@dataclass
class Town:
    """A journey whose encoder can be killed."""

    journey: Journey
    encoder: Mortal
    draw: random.Random
    sent: int = 0

    def send(self, count: int) -> None:
        for _ in range(count):
            text = text_about(TOPICS[self.sent % 4], self.draw)
            self.journey.deliver(text, record=f"c{self.sent}", author=f"p{self.sent}")
            self.sent += 1

    def heal(self) -> int:
        orders = lacking(self.journey.topics["enriched"])
        for given in orders:
            self.journey.order(given.order, given.tenant)
        return len(orders)

    def changes(self) -> list[Assignment]:
        return self.journey.of("assignments", Assignment)


def themes(journey: Journey) -> ThemesStep:
    return ThemesStep(journey.vault, memory_index(), Meaning.version, POLICY)


def town_in(directory: Path) -> Town:
    made, encoder = Journey(directory), Mortal()
    provenance = PROVENANCE.model_copy(update={"encoder": encoder.version})
    spare = Standby(KeywordEncoder(), labeller)
    guard = GuardedEncoder(encoder)
    made.steps["redacted"] = ExtractStep(made.vault, guard, labeller(), provenance, standby=spare)
    made.steps["enriched"] = themes(made)
    return Town(made, encoder, random.Random(1))


@pytest.fixture
def town(tmp_path: Path) -> Any:
    """The encoder has died in the middle; it has not come back."""
    found = town_in(tmp_path)
    found.send(BEFORE)
    found.encoder.is_dead = True
    found.send(AWAY)
    found.journey.tick()
    yield found
    found.journey.vault.close()


def folded(changes: list[Assignment]) -> dict[str, tuple[str | None, int]]:
    """Theme and number of changes of each concern; each change must begin where the one before ended."""
    now: dict[str, tuple[str | None, int]] = {}
    for one in changes:
        theme, sequence = now.get(one.concern_id, (None, 0))
        assert (one.from_theme, one.sequence) == (theme, sequence + 1)
        now[one.concern_id] = (one.theme, one.sequence)
    return now


def encoders(journey: Journey) -> dict[str, str | None]:
    return {record.theme_id: record.encoder for record in journey.of("themes", ThemeRecord)}


def test_while_it_is_away_nothing_is_lost_and_themes_are_marked_as_of_keywords(town: Town) -> None:
    late = town.journey.enriched()[BEFORE:]
    assert {c.vector.model for item in late for c in item.concerns if c.vector} == {"keywords-1"}
    assert {item.provenance.encoder for item in late} == {"keywords-1"}
    assert town.journey.of("dead-letters", DeadLetter) == []
    meanwhile = {one.concern_id: one.theme for one in town.changes()}
    found = {
        encoders(town.journey)[t] for item in late for c in item.concerns if (t := meanwhile[c.concern_id])
    }
    assert found == {"keywords-1"}


def test_once_it_is_back_every_concern_moves_to_themes_by_meaning(town: Town) -> None:
    town.encoder.come_back()
    town.send(AFTER)
    before = folded(town.changes())
    assert town.heal() > AWAY
    after, encoder_of = folded(town.changes()), encoders(town.journey)
    assert before.keys() == after.keys()
    assert {encoder_of[theme] for theme, _ in after.values() if theme} == {"meaning-1"}
    moved = [one for one in town.changes() if one.change == "moved" and one.from_theme]
    assert any(encoder_of[one.from_theme or ""] == "keywords-1" for one in moved)
    assert lacking(town.journey.topics["enriched"]) == []


def test_priority_counts_each_concern_once_in_the_theme_and_with_the_labels_of_now(town: Town) -> None:
    town.encoder.come_back()
    town.send(AFTER)
    town.heal()
    priority = PrioritiseStep(0, PriorityPolicy(), PlainOpener())
    priority.on_records(town.journey.topics["assignments"])
    counted = {key.split("|")[1]: row for key, row in priority.tables["concerns"].drain() if row}
    final = {c.concern_id: c.decision for item in town.journey.enriched() for c in item.concerns}
    themes_now = {name: theme for name, (theme, _) in folded(town.changes()).items()}
    assert {name: row[3] for name, row in counted.items()} == {name: final[name].category for name in counted}
    assert {name: row[5] for name, row in counted.items()} == themes_now


def test_the_themes_stage_obeys_its_law_through_all_of_it(town: Town) -> None:
    town.encoder.come_back()
    town.send(AFTER)
    town.heal()
    town.journey.tick()
    records = town.journey.topics["enriched"]
    assert_batching_law(lambda: themes(town.journey), records, (0.3, 0.5, 0.62, 0.8, 0.95))


def test_an_order_that_comes_while_it_is_still_away_changes_nothing(town: Town) -> None:
    before = len(town.changes())
    orders = town.heal()
    assert len(town.changes()) == before
    passed = [one for one in town.journey.topics["enriched"] if isinstance(one, Command)]
    assert len(passed) == orders == len(lacking(town.journey.topics["enriched"]))


def test_what_a_person_decided_meanwhile_is_not_decided_again(town: Town) -> None:
    item = town.journey.enriched()[-1]
    (stale, *_) = [one for one in lacking(town.journey.topics["enriched"]) if item.item_id in str(one.order)]
    town.journey.correct(item, Correction(severity="critical"))
    town.encoder.come_back()
    town.journey.order(stale.order)
    town.heal()
    told = [one for one in town.changes() if one.about and one.item_id == item.item_id]
    assert told[-1].about
    assert told[-1].about.decision.severity == "critical"
    assert {encoders(town.journey)[t] for t, _ in folded(town.changes()).values() if t} == {"meaning-1"}


def test_a_concern_that_was_dismissed_or_replaced_meanwhile_is_left_alone(town: Town) -> None:
    one, other = town.journey.enriched()[-2:]
    town.journey.dismiss(one)
    town.journey.deliver("Something else altogether about invoices.", record=f"c{town.sent - 1}", author="p")
    names = {given.order.concern_id for given in lacking(town.journey.topics["enriched"])}  # type: ignore[union-attr]
    assert not names & {one.concerns[0].concern_id, *(c.concern_id for c in other.concerns)}
    folded(town.changes())


def test_nobody_is_asked_about_labels_that_keywords_gave(town: Town) -> None:
    asked = len(town.journey.topics.get("reviews", []))
    for n, text in enumerate(VAGUE):
        town.journey.deliver(text, record=f"v{n}", author="v")
    assert len(town.journey.topics.get("reviews", [])) == asked
    town.encoder.come_back()
    town.heal()
    assert len(town.journey.topics["reviews"]) > asked
    folded(town.changes())


def test_a_text_that_it_cannot_bear_is_no_reason_to_give_up_on_meaning(tmp_path: Path) -> None:
    town = town_in(tmp_path)
    town.journey.deliver("There is poison in this invoice.", record="bad", author="p")
    town.send(1)
    assert [letter.reason for letter in town.journey.of("dead-letters", DeadLetter)] == ["poison"]
    (item,) = town.journey.of("enriched", EnrichedItem)
    assert item.provenance.encoder == "meaning-1"
    town.journey.vault.close()

"""Laws of outcomes: one each, whatever the history of revisions, and whatever order topics are read in."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.commands import Command, DropLetter, Erase, Order, Redrive, ReleaseQuarantined
from contracts.diversions import DeadLetter, Quarantined, Receipt
from contracts.envelope import Envelope
from contracts.feedback import Coordinates, FeedbackReceived, Sealed
from contracts.identity import concern_id, item_id
from contracts.outcomes import Ledger
from contracts.stages import Assignment, Concern, Decision, EnrichedItem, ItemFacts, RedactedItem
from tests.support.runs import NOON, PROVENANCE

Tagged = list[tuple[str, Envelope]]
ITEM = item_id("acme", "tickets", "1")


def _concern(name: str, *, review: bool) -> Concern:
    decision = Decision(
        category="bug",
        severity="low",
        sentiment="neutral",
        sentiment_milli=0,
        confidence_milli=100,
        needs_review=review,
    )
    return Concern(concern_id=name, start=0, end=1, summary=SEALED, decision=decision)


SEALED = Sealed(subject="s", nonce="", ciphertext="")
FACTS = ItemFacts(source="tickets")


class Flow:
    """The smallest model of intake, extract and themes for one item: what they say of each delivery.

    ``kind``: ``text`` a new revision with ``concerns`` concerns, ``toxic`` one that is held back, ``stale``,
    ``broken``, ``poison`` one that extract gives up on; ``release`` lets go what is held back, ``redrive`` and
    ``drop`` deal with the newest dead letter, ``erase`` destroys the author's key. ``answer``, ``doubt``, ``dismiss``
    decide anew about a concern that stands: it is sure, in review, none.
    """

    def __init__(self) -> None:
        self.records: Tagged = []
        self.ordinal = self.revision = 0
        self.expected: str | None = None
        self._standing: list[str] = []
        self._stands: int | None = None
        self._sequences: dict[str, int] = {}
        self._held: FeedbackReceived | None = None
        self._stood = self._by_letters = False
        # Dead letters since the last delivery that went on.
        self._letters: list[str] = []
        # Where each concern that stands is: in its theme, in review, or said to be none.
        self._where: dict[str, str] = {}

    def header(self, stage: str) -> dict[str, Any]:
        return {
            "id": f"0-{self.ordinal}-{stage}-{len(self.records)}",
            "tenant": "acme",
            "event_time": NOON,
            "ingested_at": NOON,
        }

    def put(self, topic: str, record: Envelope) -> None:
        self.records.append((topic, record))

    def step(self, kind: str, concerns: int) -> None:
        place = {"id": f"0-{self.ordinal}", "tenant": "acme", "event_time": NOON, "ingested_at": NOON}
        if kind == "release":
            if self._held:
                self._release(place, concerns)
        elif kind == "erase":
            self.order(place, Erase(subject="s"))
            if self._stood:
                self.expected, self._by_letters = "erased", False
            self._held = None
        elif kind in ("answer", "doubt", "dismiss"):
            if self._standing and self.expected in ("themed", "in_review", "filtered"):
                self._decide(kind, self._standing[concerns % len(self._standing)])
        elif kind in ("redrive", "drop"):
            if self._letters:
                self._deal(place, kind, self._letters.pop(), concerns)
        else:
            self._deliver(place, kind, concerns)
        self.ordinal += 1

    def _deliver(self, place: dict[str, Any], kind: str, concerns: int) -> None:
        received = FeedbackReceived(
            **place, source="tickets", item_id=ITEM, body=SEALED, found_at=Coordinates(origin="f")
        )
        self.put("journal", received)
        if kind == "broken":
            self._die("intake")
            if self.expected is None or self._by_letters:
                self.expected, self._by_letters = "dead_lettered", True
        elif kind == "stale" and self.revision:
            self.put("receipts", Receipt(**self.header("intake"), item_id=ITEM, outcome="stale"))
        elif kind == "toxic":
            self._hold(received)
        elif kind == "poison":
            self._poison()
        else:
            self.revision += 1
            self._held = None
            self._apply(concerns)

    def order(self, place: dict[str, Any], order: Order) -> None:
        self.put("journal", Command(**place, author="op", order=order))

    def _decide(self, kind: str, name: str) -> None:
        place, then = self._where[name], {"answer": "themed", "doubt": "in_review"}.get(kind, "filtered")
        shown = () if kind == "dismiss" else (_concern(name, review=kind == "doubt"),)
        self.put("enriched", self._item(shown, dismissed=(name,) if kind == "dismiss" else None))
        if place == "themed":
            change = {"theme": "t"} if then == "themed" else {"from_theme": "t"}
            self.change(name, "relabelled" if then == "themed" else "retracted", **change)
        elif then == "themed":
            self.change(name, "assigned", theme="t")
        self._where[name] = then
        there = set(self._where.values())
        self.expected = next(one for one in ("themed", "in_review", "filtered") if one in there)

    def _die(self, stage: str) -> None:
        letter = DeadLetter(
            **self.header(stage), stage=stage, reason="schema", message="m", item_id=ITEM,
            found_at=Coordinates(origin="f"), original=SEALED, withdraws=stage != "intake",
        )  # fmt: skip
        self.put("dead-letters", letter)
        self._letters.append(letter.id)

    def _deal(self, place: dict[str, Any], kind: str, letter: str, concerns: int) -> None:
        if kind == "drop":
            self.order(place, DropLetter(letter=letter, why="w"))
            if self._by_letters:
                self.expected = "dead_lettered" if self._letters else "filtered"
            return
        item = FeedbackReceived(
            **place, source="tickets", item_id=ITEM, body=SEALED, found_at=Coordinates(origin="f")
        )
        self.order(place, Redrive(letter=letter, attempt=2, first_failed_at=NOON, item=item))
        self.revision += 1
        self._held = None
        self._apply(concerns)

    def _poison(self) -> None:
        self.revision += 1
        self._redact(withdrawn=False)
        if self._standing:
            self._enrich(0)
        self._letters.clear()
        self._die("extract")
        self._stands, self._held, self.expected = self.revision, None, "dead_lettered"
        self._stood = self._by_letters = True

    def _hold(self, received: FeedbackReceived) -> None:
        self.revision += 1
        held = Quarantined(**self.header("intake"), reason="toxic", detail="d", item_id=ITEM, item=received)
        self.put("quarantine", held)
        if self._stands is not None:
            self._redact(withdrawn=True)
            self._enrich(0)
        self._stands, self._held, self.expected = None, received, "quarantined"
        self._goes_on()

    def _goes_on(self) -> None:
        self._stood, self._by_letters = True, False
        self._letters.clear()

    def _release(self, place: dict[str, Any], concerns: int) -> None:
        assert self._held
        self.put("journal", Command(**place, author="op", order=ReleaseQuarantined(item=self._held)))
        self._held = None
        self._apply(concerns)

    def _apply(self, concerns: int) -> None:
        self._redact(withdrawn=False)
        self._enrich(concerns)
        self._stands = self.revision
        self.expected = "themed" if concerns else "filtered"
        self._goes_on()

    def _redact(self, *, withdrawn: bool) -> None:
        self.put(
            "redacted",
            RedactedItem(
                **self.header("intake"), item_id=ITEM, doc_id="d", revision=self.revision, replaces=self._stands,
                text=SEALED, language="en", coverage="full", facts=FACTS, withdrawn=withdrawn, redaction_version="r",
            ),
        )  # fmt: skip

    def _enrich(self, concerns: int) -> None:
        names = [concern_id(ITEM, self.revision, n) for n in range(concerns)]
        retracts = tuple(self._standing)
        self.put("enriched", self._item(tuple(_concern(n, review=False) for n in names), retracts=retracts))
        for name in retracts:
            if self._where[name] == "themed":
                self.change(name, "retracted", from_theme="t")
        for name in names:
            self.change(name, "assigned", theme="t")
        self._standing, self._where = names, dict.fromkeys(names, "themed")

    def _item(self, concerns: tuple[Concern, ...], **lists: tuple[str, ...] | None) -> EnrichedItem:
        return EnrichedItem.model_validate(
            self.header("extract")
            | {
                "item_id": ITEM,
                "revision": self.revision,
                "text": SEALED,
                "language": "en",
                "coverage": "full",
            }
            | {"facts": FACTS, "provenance": PROVENANCE, "concerns": concerns}
            | lists
        )

    def change(self, name: str, change: str, **places: str) -> None:
        sequence = self._sequences[name] = self._sequences.get(name, 0) + 1
        self.put(
            "assignments",
            Assignment.model_validate(
                self.header("themes")
                | {"change": change, "concern_id": name, "item_id": ITEM, "sequence": sequence}
                | places
            ),
        )


def folded(records: Iterable[tuple[str, Envelope]]) -> Ledger:
    ledger = Ledger()
    for topic, record in records:
        ledger.apply(topic, record)
    return ledger


def topics_shuffled(records: Tagged, seed: int) -> Tagged:
    """The records topic by topic, the topics in another order."""
    topics = sorted({topic for topic, _ in records})
    Random(seed).shuffle(topics)
    return [(topic, record) for wanted in topics for topic, record in records if topic == wanted]


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "text",
                "text",
                "toxic",
                "stale",
                "broken",
                "poison",
                "release",
                "redrive",
                "drop",
                "erase",
                "answer",
                "doubt",
                "dismiss",
                "answer",
                "doubt",
            ]
        ),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=8,
)


def story(moves: Iterable[tuple[str, int]]) -> Flow:
    flow = Flow()
    for kind, concerns in moves:
        flow.step(kind, concerns)
    return flow


@given(steps)
def test_whatever_happens_to_an_item_it_has_one_outcome_and_no_law_breaks(
    moves: list[tuple[str, int]],
) -> None:
    flow = story(moves)
    ledger = folded(flow.records)
    assert ledger.check() == []
    assert [o.outcome for o in ledger.items().values()] == ([flow.expected] if flow.expected else [])


@given(steps, st.integers(0, 99))
def test_the_order_in_which_topics_are_read_changes_nothing(moves: list[tuple[str, int]], seed: int) -> None:
    records = story(moves).records
    one, other = folded(records), folded(topics_shuffled(records, seed))
    assert (one.items(), one.concerns(), one.deliveries(), one.letters()) == (
        other.items(),
        other.concerns(),
        other.deliveries(),
        other.letters(),
    )
    assert sorted(one.check()) == sorted(other.check())


@given(steps)
def test_at_every_moment_only_the_standing_revision_counts(moves: list[tuple[str, int]]) -> None:
    ledger = folded(story(moves).records)
    standing = {name for item in ledger.items().values() for name in item.concerns}
    themed = {name for name, outcome in ledger.concerns().items() if outcome == "themed"}
    assert themed <= standing


@given(steps, st.data())
def test_losing_any_record_of_a_stage_is_noticed(moves: list[tuple[str, int]], data: st.DataObject) -> None:
    records = story(moves).records
    lost = [
        n
        for n, (_, r) in enumerate(records)
        if isinstance(r, Receipt | Quarantined)
        or (isinstance(r, Assignment) and r.change != "relabelled")
        or (isinstance(r, DeadLetter) and r.stage == "intake")
    ]
    if lost:
        gone = data.draw(st.sampled_from(lost))
        assert folded(records[:gone] + records[gone + 1 :]).check()


def test_going_back_to_an_older_text_is_a_third_revision() -> None:
    ledger = folded(story([("text", 1), ("text", 1), ("text", 1)]).records)
    assert ledger.items()[ITEM].concerns == (concern_id(ITEM, 3, 0),)
    assert sorted(ledger.concerns().values()) == ["superseded", "superseded", "themed"]


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    before = folded(story([("text", 1)]).records)
    after = folded(story([("text", 1), ("stale", 1)]).records)
    assert before.items() == after.items()
    assert after.deliveries() == {"applied": 1, "stale": 1}


def test_released_from_quarantine_an_item_is_themed() -> None:
    held = story([("text", 1), ("toxic", 0)])
    assert folded(held.records).items()[ITEM].outcome == "quarantined"
    held.step("release", 2)
    assert folded(held.records).items()[ITEM].outcome == "themed"


@pytest.mark.parametrize("lost", ["broken", "poison"])
@pytest.mark.parametrize(
    ("then", "state"), [("text", "superseded"), ("redrive", "redriven"), ("drop", "dropped")]
)
def test_a_dead_letter_is_told_by_what_came_after(lost: str, then: str, state: str) -> None:
    dead = story([(lost, 0)])
    assert list(folded(dead.records).letters().values()) == ["dead"]
    dead.step(then, 1)
    assert list(folded(dead.records).letters().values()) == [state]


def test_a_concern_in_review_and_in_a_theme_has_two_outcomes() -> None:
    flow = story([("text", 1)])
    records = [
        (topic, _sent_to_review(record) if isinstance(record, EnrichedItem) else record)
        for topic, record in flow.records
    ]
    assert folded(records).check() == [f"concern {concern_id(ITEM, 1, 0)}: both in_review and themed"]


def _sent_to_review(record: EnrichedItem) -> EnrichedItem:
    concerns = tuple(_concern(c.concern_id, review=True) for c in record.concerns)
    return record.model_copy(update={"concerns": concerns})


def test_a_replaced_concern_that_stays_in_its_theme_has_two_outcomes() -> None:
    records = [
        (topic, record)
        for topic, record in story([("text", 1), ("text", 0)]).records
        if not (isinstance(record, Assignment) and record.change == "retracted")
    ]
    assert "both superseded and themed" in folded(records).check()[0]


def test_an_output_without_an_input_is_noticed() -> None:
    records = [(topic, record) for topic, record in story([("text", 1)]).records if topic != "journal"]
    broken = folded(records).check()
    assert any("the journal has none there" in law for law in broken)
    assert any("its item was never accepted" in law for law in broken)


@pytest.mark.parametrize(("settled", "broken"), [(True, 2), (False, 0)])
def test_what_is_on_its_way_breaks_a_law_only_once_all_is_settled(settled: bool, broken: int) -> None:
    records = story([("text", 1)]).records[:1]
    assert len(folded(records).check(settled=settled)) == broken


def test_a_move_out_of_a_theme_that_it_was_not_in_is_noticed() -> None:
    flow = story([("text", 1)])
    flow.change(concern_id(ITEM, 1, 0), "moved", theme="u", from_theme="elsewhere")
    assert "from a theme that it was not in" in folded(flow.records).check()[0]


def test_a_concern_that_is_relabelled_where_it_is_not_is_noticed() -> None:
    flow = story([("text", 1)])
    flow.change(concern_id(ITEM, 1, 0), "relabelled", theme="elsewhere")
    assert "relabelled where it was not" in folded(flow.records).check()[0]


@pytest.mark.parametrize(("kind", "outcome"), [("doubt", "in_review"), ("dismiss", "filtered")])
def test_a_concern_that_is_doubted_or_dismissed_leaves_its_theme(kind: str, outcome: str) -> None:
    flow = story([("text", 1), (kind, 0)])
    name = concern_id(ITEM, 1, 0)
    assert folded(flow.records).concerns() == {name: outcome}
    kept = [(topic, r) for topic, r in flow.records if not (isinstance(r, Assignment) and r.sequence == 2)]
    assert folded(kept).check() == [f"concern {name}: both {outcome} and themed"]

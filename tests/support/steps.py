"""A product flow in memory for tests of single steps: real models without weights, a real vault, no files of logs.

``Journey`` takes journal records one at a time through intake, extract and themes and keeps what each stage
was given, so that the laws can be asked of every step on input that the stages before it really made.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from connectors.keys.vault import LocalVault
from connectors.memory.index import MemoryIndex
from contracts.answers import ANSWER_SCHEMA, Answer, Asking, ConcernAnswer, ConcernNotes
from contracts.commands import (
    Command,
    ConfirmConcern,
    CorrectConcern,
    Correction,
    DismissConcern,
    DropLetter,
    LoadBegin,
    LoadEnd,
    Order,
    Redrive,
    ReleaseQuarantined,
    RetractItem,
)
from contracts.diversions import DeadLetter, Quarantined, ReviewRequest
from contracts.envelope import Envelope
from contracts.feedback import Coordinates, FeedbackReceived
from contracts.identity import item_id, ordinal_of
from contracts.outcomes import Ledger
from contracts.registry import read_journal, read_record, write_record
from contracts.stages import EnrichedItem, Provenance
from models.encoders.hashing import KeywordEncoder
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy
from models.language.detector import LanguageDetector
from models.privacy.redactor import patterns_only_redactor
from models.themes.policy import ThemePolicy
from models.toxicity.detector import ToxicityDetector
from operators.budget import RejectPolicy
from operators.extract.step import ExtractStep
from operators.intake.redaction import Readers
from operators.intake.step import IntakeStep
from operators.step import Step
from operators.themes.step import ThemesStep
from wiring.journal import Arrival, RecordMaker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = ThemePolicy(
    components=16, warm_up=20, pass_every=12, min_members=3, loose_members=4, pool=25, window=40, sample=60
)
"""Small enough that a hundred concerns meet every branch: births, moves, a full pool, a window that slides."""

PROVENANCE = Provenance(
    run="r", git_commit="c", taxonomy="t", labeller="l", encoder="keywords-1", redaction="redaction-1"
)
VAGUE = ("hm", "ok so anyway that one again", "asdf qwer")
"""Texts that nobody understands: they go to review."""

TOXIC = "your agent is a worthless piece of shit and I will kill him"


@cache
def readers() -> Readers:
    """The models of intake, loaded once: language detection takes a second to load."""
    return Readers(LanguageDetector(), patterns_only_redactor(), ToxicityDetector(), "redaction-1")


@cache
def labeller() -> LocalLabeller:
    """The labeller on keywords, loaded once."""
    return LocalLabeller(load_taxonomy(None)[0], KeywordEncoder())


def intake(vault: LocalVault, rejects: RejectPolicy | None = None) -> IntakeStep:
    """A fresh intake step."""
    return IntakeStep(vault, readers(), rejects)


def extract(vault: LocalVault) -> ExtractStep:
    """A fresh extract step."""
    return ExtractStep(vault, KeywordEncoder(), labeller(), PROVENANCE)


def themes(vault: LocalVault, index: MemoryIndex | None = None) -> ThemesStep:
    """A fresh themes step."""
    return ThemesStep(vault, index or memory_index(), "keywords-1", POLICY)


def memory_index() -> MemoryIndex:
    """An index of the shapes that ``POLICY`` makes."""
    return MemoryIndex(item_dims=KeywordEncoder().dims, theme_dims=POLICY.components)


class Journey:
    """Journal records on their way through the stages, one at a time."""

    def __init__(self, directory: Path, rejects: RejectPolicy | None = None) -> None:
        self.vault = LocalVault(directory / "keys")
        self.index = memory_index()
        self.steps: dict[str, Step] = {
            "journal": intake(self.vault, rejects),
            "redacted": extract(self.vault),
            "enriched": themes(self.vault, self.index),
        }
        self.topics: dict[str, list[Envelope]] = {"journal": []}
        self.now = NOON

    def put(self, value: bytes) -> Envelope:
        """Append one record to the journal and let every stage act on it; as the journal reads it."""
        record = read_journal(0, len(self.topics["journal"]), value)
        self.pass_on("journal", record)
        return record

    def pass_on(self, topic: str, record: Envelope) -> None:
        """A record as its reader sees it, and what follows from it."""
        self.topics.setdefault(topic, []).append(record)
        step = self.steps.get(topic)
        for out in step.on_records([record]) if step else []:
            self.pass_on(out.topic, read_record(out.topic, write_record(out.record)))

    def maker(self, tenant: str = "acme", *, accepted: int = 0, waited: bool = False) -> RecordMaker:
        """Makes this journey's journal records; ``accepted`` in minutes."""
        return RecordMaker(tenant, self.vault, NOON + timedelta(minutes=accepted), waits=waited)

    def deliver(
        self,
        text: Any,
        *,
        record: str = "r1",
        tenant: str = "acme",
        updated: int | None = None,
        accepted: int = 0,
        waited: bool = False,
        unreadable: str | None = None,
        raw: bytes | None = None,
        **body: Any,
    ) -> FeedbackReceived:
        """A delivery of ``text``; ``updated`` is the source's time of change in minutes; ``raw`` is a broken body.

        It was ``accepted`` at that minute, and may have ``waited`` in the bulk lane.
        """
        fields = {"text": text, **body}
        if updated is not None:
            fields["source_updated_at"] = (NOON + timedelta(minutes=updated)).isoformat()
        found = Coordinates(origin="feedback.csv", line=len(self.topics["journal"]) + 2)
        sealed = None if unreadable or raw is not None else fields
        arrival = Arrival(self.now, self.now, "tickets", record, sealed, found, raw or b"", unreadable)
        maker = self.maker(tenant, accepted=accepted, waited=waited)
        received = self.put(maker.feedback([arrival])[0])
        assert isinstance(received, FeedbackReceived)
        return received

    def order(self, order: Order, tenant: str = "acme") -> Envelope:
        """Somebody orders something."""
        return self.put(self.maker(tenant).command("ann", order, self.now))

    def release(self, which: int = -1, tenant: str = "acme") -> Envelope:
        """Release one of the quarantined items."""
        held = self.topics["quarantine"][which]
        assert isinstance(held, Quarantined)
        return self.order(ReleaseQuarantined(item=held.item), tenant)

    def confirm(self, which: int = -1, tenant: str = "acme") -> Envelope:
        """Confirm one of the concerns that are in review."""
        asked = self.topics["reviews"][which]
        assert isinstance(asked, ReviewRequest)
        return self.order(ConfirmConcern(concern_id=asked.concern.concern_id, item=asked.item), tenant)

    def correct(self, item: EnrichedItem, correction: Correction, n: int = 0) -> Envelope:
        """Say what one of an item's concerns is."""
        name, shown = item.concerns[n].concern_id, one_of(item, n)
        return self.order(CorrectConcern(concern_id=name, item=shown, correction=correction), item.tenant)

    def dismiss(self, item: EnrichedItem, n: int = 0) -> Envelope:
        """Say that one of an item's concerns is none."""
        order = DismissConcern(concern_id=item.concerns[n].concern_id, item=one_of(item, n))
        return self.order(order, item.tenant)

    def answer(self, item: EnrichedItem, n: int = 0, *, model: str = "m-1", **said: Any) -> Envelope:
        """A model's answer about one of an item's concerns; ``said`` is what it decides, notes too."""
        notes = ConcernNotes(explanation=said.pop("note", None))
        concern = item.concerns[n]
        sure = {"confidence_milli": 930, "needs_review": False, "evidence": ()}
        decision = concern.decision.model_copy(update=sure | said)
        answer = ConcernAnswer(decision=decision, notes=notes).model_dump_json().encode()
        return self.put(write_record(self.answering(item, n, model, answer)))

    def answering(self, item: EnrichedItem, n: int, model: str, answer: bytes) -> Answer:
        """The record of an answer."""
        return Answer(
            id="",
            tenant=item.tenant,
            event_time=self.now,
            ingested_at=self.now,
            concern_id=item.concerns[n].concern_id,
            model=model,
            prompt="decide-1@abc",
            answer_schema=ANSWER_SCHEMA,
            answer=self.vault.seal(item.tenant, item.text.subject, answer),
            item=one_of(item, n),
            asking=Asking(provider="here", route="small", route_reason="unsure", cost_micro_usd=7),
        )

    def redrive(self, which: int = -1, *, fixed: dict[str, Any] | None = None) -> Envelope:
        """Order a dead letter to be tried again: its delivery as it came, or with a corrected body."""
        letter = self.topics["dead-letters"][which]
        assert isinstance(letter, DeadLetter)
        cause = self.topics["journal"][ordinal_of(letter.id)]
        if isinstance(cause, Command):
            assert isinstance(cause.order, Redrive | ReleaseQuarantined)
            cause = cause.order.item
        assert isinstance(cause, FeedbackReceived)
        if fixed is not None:
            body = self.vault.seal(cause.tenant, cause.body.subject, orjson.dumps(fixed))
            cause = cause.model_copy(update={"body": body, "unreadable": None})
        first = letter.first_failed_at or letter.ingested_at
        order = Redrive(letter=letter.id, attempt=letter.attempt + 1, first_failed_at=first, item=cause)
        return self.order(order, cause.tenant)

    def drop(self, which: int = -1) -> Envelope:
        """Give a dead letter up."""
        letter = self.topics["dead-letters"][which]
        assert isinstance(letter, DeadLetter)
        return self.order(DropLetter(letter=letter.id, item_id=letter.item_id, why="junk"), letter.tenant)

    def tick(self, hours: float = 1, tenant: str = "acme") -> None:
        """Time goes on."""
        self.now += timedelta(hours=hours)
        self.put(self.maker(tenant).tick(self.now))

    def of(self, topic: str, kind: type[Envelope]) -> list[Any]:
        """The records of one type on a topic."""
        return [record for record in self.topics.get(topic, []) if isinstance(record, kind)]

    def enriched(self) -> list[EnrichedItem]:
        """What extract said of items."""
        return self.of("enriched", EnrichedItem)

    def ledger(self) -> Ledger:
        """What has become of everything."""
        ledger = Ledger()
        for topic, records in self.topics.items():
            for record in records:
                ledger.apply(topic, record)
        return ledger


def one_of(item: EnrichedItem, n: int) -> EnrichedItem:
    """An item with the n-th of its concerns alone, as reviewers and models see it."""
    return item.model_copy(update={"concerns": (item.concerns[n],), "retracts": (), "dismissed": None})


_WORDS = {
    "invoice": ["invoice", "charged", "twice", "refund", "billing", "card", "payment", "statement"],
    "export": ["export", "csv", "download", "broken", "spreadsheet", "empty", "file", "columns"],
    "login": ["login", "password", "reset", "locked", "session", "expired", "account", "signin"],
    "map": ["map", "slow", "loading", "tiles", "zoom", "freezes", "screen", "scrolling"],
}
_ENDS = ("please fix this", "it is annoying", "since the last update", "every single day", "on my phone")


def text_about(topic: str, draw: random.Random) -> str:
    """A sentence or two about one of four topics, with personal data now and then."""
    words = draw.sample(_WORDS[topic], 4)
    text = f"The {words[0]} {words[1]} is wrong and the {words[2]} {words[3]} too, {draw.choice(_ENDS)}."
    if draw.random() < 0.3:
        other = draw.sample(_WORDS[draw.choice(sorted(_WORDS))], 3)
        text += f" Also, the {other[0]} page with {other[1]} {other[2]} never opens for our whole team."
    if draw.random() < 0.2:
        text += " Write to canary.person@example.com or call +44 20 7946 0958."
    return text


def wander(journey: Journey, seed: int, count: int = 110) -> Journey:
    """Send a journey everything that can happen: edits, repeats, late versions, releases, confirmations, noise."""
    draw = random.Random(seed)
    moves: Sequence[tuple[float, Callable[[], object]]] = (
        (0.60, lambda: feedback(journey, draw)),
        (0.66, lambda: _anyone(journey, draw, "quarantine", journey.release)),
        (0.69, lambda: _anyone(journey, draw, "reviews", journey.confirm)),
        (0.74, lambda: decide(journey, draw)),
        (0.82, lambda: journey.tick(draw.choice((0.2, 5, 400)), draw.choice(("acme", "beta")))),
        (0.85, lambda: journey.put(b"\xff not a record")),
        (0.88, lambda: journey.deliver("", raw=draw.choice((b"{", b"[]", b'{"rating": 9}')), record="bad")),
        (0.91, lambda: journey.order(draw.choice((LoadBegin(origin="f"), LoadEnd(origin="f"))))),
        (
            0.94,
            lambda: journey.put(journey.maker().customer("acct-1", "pro", draw.randrange(9), journey.now)),
        ),
        (0.95, lambda: _retract(journey, draw)),
        (0.97, lambda: _redeliver(journey, draw)),
        (1.00, lambda: _letter(journey, draw)),
    )
    for _ in range(count):
        chance = draw.random()
        next(move for until, move in moves if chance <= until)()
    return journey


def feedback(journey: Journey, draw: random.Random) -> None:
    """Somebody says something, or says it anew."""
    tenant = draw.choice(("acme", "acme", "acme", "beta"))
    chance = draw.random()
    text = text_about(draw.choice(sorted(_WORDS)), draw)
    text = TOXIC if chance < 0.1 else draw.choice(VAGUE) if chance < 0.22 else text
    journey.deliver(
        text,
        tenant=tenant,
        record=f"r{draw.randrange(40)}",
        updated=draw.choice((None, draw.randrange(100))),
        author=draw.choice((None, *(f"p{n}@example.com" for n in range(8)))),
        account=draw.choice((None, "acct-1", "acct-2", "boss@example.com")),
        rating=draw.choice((None, 1, 3, 5)),
    )


def _anyone(journey: Journey, draw: random.Random, topic: str, then: Callable[[int, str], object]) -> None:
    there = journey.topics.get(topic, [])
    if there:
        which = draw.randrange(len(there))
        then(which, there[which].tenant)


def decide(journey: Journey, draw: random.Random) -> None:
    """A model or a person decides about a concern, perhaps of a revision that stands no more."""
    items = [item for item in journey.enriched() if item.concerns]
    if not items:
        return
    item = draw.choice(items[-30:])
    n, level = draw.randrange(len(item.concerns)), draw.choice(("critical", "low"))
    chance = draw.random()
    if chance < 0.6:
        unsure = {"needs_review": True} if draw.random() < 0.3 else {}
        journey.answer(
            item, n, model=f"m-{draw.randrange(3)}", severity=level, sentiment="negative", **unsure
        )
    elif chance < 0.85:
        journey.correct(item, Correction(severity=level, category=draw.choice(("billing", "praise"))), n)
    else:
        journey.dismiss(item, n)


def _redeliver(journey: Journey, draw: random.Random) -> None:
    there = journey.of("journal", FeedbackReceived)
    if there:
        journey.put(write_record(draw.choice(there)))


def _retract(journey: Journey, draw: random.Random) -> None:
    """A source deletes a record, which may come later or never."""
    tenant, record = draw.choice(("acme", "beta")), f"r{draw.randrange(40)}"
    at = draw.choice((None, NOON + timedelta(minutes=draw.randrange(100))))
    order = RetractItem(item_id=item_id(tenant, "tickets", record), source="tickets", why="deleted", at=at)
    journey.order(order, tenant)


def _letter(journey: Journey, draw: random.Random) -> None:
    """Somebody deals with a dead letter, the same one twice now and then."""
    there = journey.of("dead-letters", DeadLetter)
    which = [n for n, letter in enumerate(there) if letter.item_id]
    for n in which and draw.sample(which, 1) * 2:
        fixed = {"text": text_about("map", draw)} if draw.random() < 0.6 else None
        journey.drop(n) if draw.random() < 0.2 else journey.redrive(n, fixed=fixed)


def is_order(record: Envelope, order: type) -> bool:
    """Whether a record is a command of this kind."""
    return isinstance(record, Command) and isinstance(record.order, order)

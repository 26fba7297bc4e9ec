"""A themes step whose concerns may be quoted, with the questions that it asks and answers to them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from contracts.envelope import Envelope
from contracts.feedback import Sealed
from contracts.naming import (
    AnswerRefused,
    NamingEvidence,
    NamingSource,
    ThemeAnswer,
    ThemeNaming,
    ThemeQuestion,
)
from contracts.registry import read_record, write_record
from contracts.stages import Assignment, EnrichedItem
from contracts.themes import ThemeEvent, ThemeRecord
from operators.themes.step import ThemesStep
from tests.support.steps import Journey, text_about, themes


def talk(directory: Path, count: int = 100) -> Journey:
    """Many people about a few things, then a tick."""
    journey, draw = Journey(directory), random.Random(1)
    for n in range(count):
        text = text_about(("invoice", "export", "login", "map")[n % 4], draw)
        journey.deliver(text, record=f"c{n}", author=f"p{n}", account=f"acct-{n % 9}")
    journey.tick()
    return journey


class Interview:
    """Plays a journey's enriched items, all of which may be quoted, through a themes step of its own."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.step: ThemesStep = themes(journey.vault)
        self.fed: list[Envelope] = []
        self.told: dict[str, list[Envelope]] = {}
        for record in journey.topics["enriched"]:
            self.feed(record)

    def feed(self, record: Envelope) -> None:
        """The next record; what the step says is read as its readers do."""
        if isinstance(record, EnrichedItem):
            record = record.model_copy(update={"coverage": "full"})
        self.fed.append(record)
        for out in self.step.on_records([record]):
            self.told.setdefault(out.topic, []).append(read_record(out.topic, write_record(out.record)))

    def of(self, topic: str, kind: type[Envelope]) -> list[Any]:
        return [record for record in self.told.get(topic, []) if isinstance(record, kind)]

    def questions(self) -> list[ThemeQuestion]:
        return self.of("questions", ThemeQuestion)

    def sealed(self, concern: str) -> Sealed:
        """The words of a concern, as they were handed on."""
        found = (
            c.about.quote for c in self.of("assignments", Assignment) if c.concern_id == concern and c.about
        )
        return next(quote for quote in found if quote)

    def words(self, concern: str) -> str:
        return (self.journey.vault.open("acme", self.sealed(concern)) or b"").decode()

    def answer(
        self, question: ThemeQuestion, name: str, *, summary: str = "", cites: Any = None, **fields: Any
    ) -> ThemeAnswer:
        """An answer that cites the first example whole, unless something else is said."""
        first = question.examples[0]
        cited = cites or [NamingEvidence(concern_id=first, start=0, end=len(self.words(first)))]
        naming = ThemeNaming(name=name, summary=summary, evidence=cited)
        said = {
            "theme_id": question.theme_id,
            "content": question.content,
            "model": "test-1",
            "prompt": question.prompt,
            "answer_schema": question.answer_schema,
            "sources": [NamingSource(concern_id=one, text=self.sealed(one)) for one in question.examples],
            "answer": self.journey.vault.seal(
                "acme", self.sealed(first).subject, naming.model_dump_json().encode()
            ),
        }
        line = write_record(ThemeAnswer(**self._header() | said | fields))
        return ThemeAnswer.model_validate_json(line)

    def put(self, answer: ThemeAnswer) -> list[AnswerRefused]:
        """Let an answer act; the refusals that it leads to."""
        before = len(self.of("receipts", AnswerRefused))
        self.feed(answer)
        return self.of("receipts", AnswerRefused)[before:]

    def theme(self, theme: str) -> ThemeRecord:
        """What is told of a theme last."""
        return [record for record in self.of("themes", ThemeRecord) if record.theme_id == theme][-1]

    def events(self) -> list[ThemeEvent]:
        return self.of("theme-events", ThemeEvent)

    def _header(self) -> dict[str, Any]:
        now = self.journey.now
        return {"id": f"0-{9000 + len(self.fed)}", "tenant": "acme", "event_time": now, "ingested_at": now}

"""Open questions of a data directory are answered into its journal, each once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.errors import RejectItem
from contracts.naming import ThemeAnswer, ThemeNaming, ThemeQuestion
from models.naming.base import NamingTask
from models.naming.extractive import ExtractiveNamer
from tests.support.runs import NOON, RunBuilder
from wiring.appending import Orders, embedded_orders
from wiring.datadir import DataDir
from wiring.naming import answer, open_questions
from wiring.views.topics import Topics

LATER = NOON + timedelta(days=1)
TEXT = "Hello all. The CSV export is empty since Monday."


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    """Two themes, one of which asks twice about the same content."""
    made = RunBuilder(tmp_path)
    for n, label in enumerate(("csv export · empty", "login")):
        said = made.item(TEXT if not n else "I cannot log in.", theme=f"theme-{n}", author=f"p{n}")
        for _ in range(2 - n):
            question = ThemeQuestion(
                **made.header(said.place, "themes"),
                theme_id=f"theme-{n}",
                content=0,
                keywords=tuple(label.split(" · ")),
                language="en",
                concerns=12,
                examples=(said.concern_id, "gone"),
            )
            made.put("questions", question)
    made.write()
    yield made
    made.close()


@contextmanager
def orders(run: RunBuilder) -> Iterator[Orders]:
    with embedded_orders(run.directory, 1, lambda: LATER.astimezone(UTC)) as found:
        yield found


def topics(run: RunBuilder) -> Topics:
    return Topics(DataDir(run.directory).logs)


def answers(run: RunBuilder) -> list[ThemeAnswer]:
    records = topics(run).records("journal")
    return [record for _place, record in records if isinstance(record, ThemeAnswer)]


def test_every_question_is_answered_once(run: RunBuilder) -> None:
    for expected in (2, 0):
        with orders(run) as journal:
            assert answer(topics(run), journal, ExtractiveNamer()).answers == expected
    assert [one.theme_id for one in answers(run)] == ["theme-0", "theme-1"]
    assert open_questions(topics(run)) == []


def test_an_answer_is_sealed_for_whom_it_quotes_and_says_what_was_shown(run: RunBuilder) -> None:
    with orders(run) as journal:
        answer(topics(run), journal, ExtractiveNamer())
    one = answers(run)[0]
    naming = ThemeNaming.model_validate_json(run.vault.open("acme", one.answer) or b"")
    assert naming.name == "The CSV export is empty since Monday"
    assert one.answer.subject == one.sources[0].text.subject
    assert [source.concern_id for source in one.sources] == [naming.evidence[0].concern_id]
    assert (one.event_time, one.model, one.prompt) == (LATER, "extractive-1", "theme-name-1")


def test_an_erased_person_is_shown_to_nobody(run: RunBuilder) -> None:
    asked = open_questions(topics(run))
    run.vault.destroy("acme", run.subject("p0"))
    with orders(run) as journal:
        found = answer(topics(run), journal, ExtractiveNamer())
    assert [one.theme_id for one in answers(run)] == ["theme-1"]
    assert list(found.failed) == [("acme", asked[0].theme_id, 0)]


class Mute:
    """A namer that has nothing to say of exports."""

    model, prompt = "mute-1", "theme-name-1"

    def name_one(self, task: NamingTask) -> ThemeNaming:
        if "csv export" in task.keywords:
            raise RejectItem("no idea", reason="refused")
        return ExtractiveNamer().name_one(task)


def test_what_a_namer_cannot_name_is_told_and_asked_again_next_time(run: RunBuilder) -> None:
    with orders(run) as journal:
        found = answer(topics(run), journal, Mute())
    assert (found.answers, list(found.failed.values())) == (1, ["no idea"])
    assert [one.theme_id for one in open_questions(topics(run))] == ["theme-0"]


@pytest.mark.parametrize("writes_again", [False, True])
def test_who_is_erased_while_a_namer_thinks_gets_no_answer_and_the_question_stays(
    run: RunBuilder, *, writes_again: bool
) -> None:
    class Slow(Mute):
        def name_one(self, task: NamingTask) -> ThemeNaming:
            if "csv export" in task.keywords:
                run.vault.destroy("acme", run.subject("p0"))
                if writes_again:
                    run.vault.ensure("acme", [run.subject("p0")])
            return ExtractiveNamer().name_one(task)

    with orders(run) as journal:
        found = answer(topics(run), journal, Slow())
    told = ["words of its examples were erased while it was named"]
    assert (found.answers, list(found.failed.values())) == (1, told)
    assert [one.theme_id for one in answers(run)] == ["theme-1"]
    assert [one.theme_id for one in open_questions(topics(run))] == ["theme-0"]


def test_a_question_about_a_new_content_is_open_again(run: RunBuilder) -> None:
    with orders(run) as journal:
        answer(topics(run), journal, ExtractiveNamer())
    (asked,) = [one for one in answers(run) if one.theme_id == "theme-0"]
    again = {"content": 1, "theme_id": "theme-0", "keywords": ("csv",), "language": "en", "concerns": 20}
    header = run.header("0-0", "themes", datetime(2026, 4, 1, tzinfo=UTC))
    run.put("questions", ThemeQuestion.model_validate(header | again | {"examples": ("x",)}))
    folder = run.directory / "logs" / "questions"
    (folder / "p0000.jsonl").write_bytes(b"".join(line + b"\n" for line in run.lines["questions"]))
    assert asked.content == 0
    assert [(one.theme_id, one.content) for one in open_questions(topics(run))] == [("theme-0", 1)]

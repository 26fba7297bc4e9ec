"""Questions about uncertain themes: which stand, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.review import uncertain_themes
from contracts.steering import ConcernRef, MoveConcern, ThemeRef
from tests.support.runs import RunBuilder


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    run = RunBuilder(tmp_path)
    yield run
    run.close()


def ask(run: RunBuilder, text: str, worth: int | None) -> str:
    said = run.item(text, change="")
    run.change(said, "assigned", theme="t1", p_milli=480, ask_milli=worth)
    return said.concern_id


def test_the_question_whose_answer_is_worth_most_comes_first(run: RunBuilder) -> None:
    low, high = ask(run, "the map is slow", 900), ask(run, "charged twice", 3900)
    ask(run, "cannot log in", None)
    rows = uncertain_themes(run.write())
    assert [row["id"] for row in rows] == [high, low]
    assert (rows[0]["quote"], rows[0]["probability"]) == ("charged twice", 0.48)


def test_an_answer_or_another_theme_ends_the_question(run: RunBuilder) -> None:
    answered = ask(run, "charged twice", 3900)
    moved = run.item("the map is slow", change="")
    run.change(moved, "assigned", theme="t1", p_milli=480, ask_milli=900)
    run.change(moved, "moved", theme="t2", from_theme="t1")
    item = ConcernRef(concern_id=answered, item_id="i")
    run.command(MoveConcern(concern=item, to=ThemeRef(theme_id="t1"), reason="it is right there"))
    assert uncertain_themes(run.write()) == []

"""Tables stay readable on any terminal and never read feedback as markup."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from cli.tables import issues_table, outcomes_table, rejects_table, summary_line, themes_table
from contracts.identity import theme_id
from tests.support.commands import undercurrent
from tests.support.runs import NOON, RunBuilder
from wiring.freshness import SourceView
from wiring.views import RunView, read_run

EXPORT = theme_id("acme", "export")


@pytest.fixture
def view(tmp_path: Path) -> Iterator[RunView]:
    run = RunBuilder(tmp_path / "run")
    run.theme("export", "[bold]export[/bold] fails often")
    for n in range(3):
        run.item(f"fails {n}", theme=EXPORT, account=f"a{n}")
    run.item("alone", change="waiting")
    run.reject(run.deliver("", line=17), field="[red]text")
    run.priority(EXPORT, 61.0)
    run.issue(EXPORT, "[link]export fails")
    run.tick(NOON)
    yield read_run(run.write())
    run.close()


def shown(table: Table, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def test_a_theme_is_shown_with_rank_id_impact_accounts_and_negative_share(view: RunView) -> None:
    (row,) = [line for line in shown(themes_table(view)).splitlines() if "export" in line]
    assert row.split() == [
        "1",
        "[bold]export[/bold]",
        "fails",
        "often",
        view.themes[0].theme_id[:8],
        "61",
        "–",
        "steady",
        "3",
        "3",
        "67",
        "%",
    ]


def test_output_that_is_no_terminal_is_plain(view: RunView) -> None:
    assert "\x1b" not in shown(themes_table(view))


@pytest.mark.parametrize("width", [48, 60, 79, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_labels_stay(view: RunView, width: int) -> None:
    text = shown(themes_table(view, width=width), width) + shown(issues_table(view, width=width), width)
    assert max(map(len, text.splitlines())) <= width
    assert "often" in text


def test_only_as_many_themes_as_wanted_are_shown(view: RunView) -> None:
    assert "0 of 1" in shown(themes_table(view, 0))


def test_an_issue_title_is_shown_as_it_is(view: RunView) -> None:
    assert "[link]export fails" in shown(issues_table(view))


def test_outcomes_add_up_to_all_items(view: RunView) -> None:
    text = shown(outcomes_table(view))
    assert "5 items" in text
    assert [line.split()[-1] for line in text.splitlines() if "Superseded" in line] == []


def test_a_reject_names_file_line_and_field(view: RunView) -> None:
    text = shown(rejects_table(view))
    assert all(part in text for part in ("feedback.csv", "17", "[red]text"))


def test_the_summary_is_one_line(view: RunView) -> None:
    assert summary_line(view) == "5 items · 1 theme · 1 issue · 1 rejected · 0 in review · as of 1 Mar 2026"


def test_a_source_cannot_speak_to_the_terminal_of_who_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SourceView("acme", "web\x1b[2J", "ok", 1, None, 0, 2, NOON)
    monkeypatch.setattr("cli.sources.journal_of_directory", lambda _directory: [])
    monkeypatch.setattr("cli.sources.sources_of", lambda _records: [found])
    told = undercurrent("sources", "--dir", tmp_path)
    assert (told.code, "web\ufffd[2J" in told.out, "\x1b" in told.out) == (0, True, False)


def test_names_of_themes_stay_words_on_a_narrow_terminal(view: RunView) -> None:
    told = shown(themes_table(view, width=40), width=40)
    assert ("fails often" in " ".join(told.split()), "Accounts" in told, "Trend" in told) == (
        True,
        False,
        True,
    )

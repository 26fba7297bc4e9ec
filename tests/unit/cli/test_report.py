"""The report is one safe file, whatever people wrote, and says what there is, also when there is nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.report import render_report, write_report
from contracts.commands import Erase
from contracts.errors import WrongUsage
from contracts.identity import theme_id
from tests.support.runs import NOON, RunBuilder, quote
from wiring.views import read_run

pytestmark = pytest.mark.lengthy

HOSTILE = (
    '<script>alert("x")</script><img src=x onerror=alert(1)> **bold** [a](javascript:alert(1)) {{ 7*7 }}'
)
EXPORT = theme_id("acme", "export")
VOID = {"meta", "br", "rect"}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBuilder]:
    builder = RunBuilder(tmp_path / "run")
    yield builder
    builder.close()


class Page(HTMLParser):
    """The tags of a page; complains when they do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def themed(run: RunBuilder, text: str = "The export fails", **item: str) -> str:
    run.theme("export", "export fails")
    run.item(text, theme=EXPORT, **item)
    run.priority(EXPORT, 61.0)
    run.tick(NOON)
    return render_report(read_run(run.write()))


def test_an_empty_run_makes_a_sensible_page(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    text = render_report(read_run(tmp_path))
    assert "Nothing has arrived yet" in text
    assert Page(text).all("h1")


def test_a_run_without_themes_says_why(run: RunBuilder) -> None:
    run.item("alone", change="waiting")
    assert "No theme has formed" in render_report(read_run(run.write()))


@pytest.mark.parametrize("place", ["text", "source", "account", "url", "language"])
def test_what_people_wrote_is_never_code(run: RunBuilder, place: str) -> None:
    text = themed(run, **{place: HOSTILE[:64] if place == "source" else HOSTILE})
    page = Page(text)
    assert not page.all("script")
    assert not page.all("img")
    assert "&lt;script&gt;" in text or place in ("account", "url")


def test_hostile_labels_issues_and_rejects_are_escaped(run: RunBuilder) -> None:
    run.theme("export", HOSTILE, keywords=(HOSTILE,))
    run.item("x", theme=EXPORT)
    run.priority(EXPORT, 50.0, why=HOSTILE)
    run.issue(EXPORT, HOSTILE, labels=(HOSTILE,), description=HOSTILE, rule=HOSTILE)
    run.reject(run.deliver("x"), reason=HOSTILE, field=HOSTILE)
    page = Page(render_report(read_run(run.write())))
    assert not page.all("script")
    assert not page.all("img")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://",
        "http://[x",
    ],
)
def test_only_web_addresses_become_links(run: RunBuilder, url: str) -> None:
    page = Page(themed(run, url=url))
    assert [a["href"] for a in page.all("a") if not str(a["href"]).startswith("#")] == []


def test_a_web_address_becomes_a_link_that_tells_nobody_where_it_was(run: RunBuilder) -> None:
    page = Page(themed(run, url="https://tickets.example/1"))
    (link,) = [a for a in page.all("a") if a["href"] == "https://tickets.example/1"]
    assert "noreferrer" in str(link["rel"])


def test_a_quote_without_an_address_names_its_item(run: RunBuilder) -> None:
    text = themed(run)
    assert read_run(run.directory).items[0].item_id in text


def test_the_page_asks_for_nothing_from_anywhere(run: RunBuilder) -> None:
    text = themed(run)
    page = Page(text)
    assert not [
        tag for tag, attrs in page.tags if "src" in attrs or tag in ("link", "script", "iframe", "object")
    ]
    assert not re.search(r"url\(|@import", text)


def test_tables_have_captions_and_pictures_have_words(run: RunBuilder) -> None:
    text = themed(run)
    page = Page(text)
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))


def test_every_inner_link_leads_somewhere_and_ids_are_unique(run: RunBuilder) -> None:
    page = Page(themed(run))
    targets = {str(a["href"])[1:] for a in page.all("a") if str(a["href"]).startswith("#")}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_report_shows_what_was_diverted(run: RunBuilder) -> None:
    run.reject(run.deliver("", line=17), reason="schema", field="rating")
    run.quarantine(run.deliver("unspeakable"))
    run.item("unclear thing", needs_review=True)
    text = render_report(read_run(run.write()))
    for shown in ("feedback.csv", ">17<", "rating", "toxic", "unclear thing", "low confidence"):
        assert shown in text
    assert "unspeakable" not in text


def test_languages_without_name_recognition_are_named(run: RunBuilder) -> None:
    run.theme("export", "eksport")
    run.item("Eksporten virker ikke", theme=EXPORT, language="nb", full=False)
    text = render_report(read_run(run.write()))
    assert "In Norwegian names cannot be recognised" in text
    assert "Eksporten" not in text


def test_an_issue_that_quotes_an_erased_person_is_shown_without_its_text(run: RunBuilder) -> None:
    said = run.item("My secret", theme=EXPORT, author="eve")
    run.issue(EXPORT, "export fails", description="> My secret", quotes=(quote("My secret", said.item_id),))
    run.command(Erase(subject=run.vault.subject("acme", "eve")))
    text = render_report(read_run(run.write()))
    assert "secret" not in text
    assert "erased and is not shown" in text


def test_an_unfinished_run_says_so(run: RunBuilder) -> None:
    run.item("half way", change="")
    assert "1 item is still on the way" in render_report(read_run(run.write()))


def test_a_broken_law_is_shown_on_top(run: RunBuilder) -> None:
    said = run.item("The export fails", change="waiting")
    run._sequences[said.concern_id] = 4
    run.change(said, "unthemed")
    assert "1 record does not add up." in render_report(read_run(run.write()))


def test_long_lists_say_what_they_leave_out(run: RunBuilder) -> None:
    for _ in range(101):
        run.reject(run.deliver(""))
    assert "the first 100 are listed" in render_report(read_run(run.write()))


def test_the_same_run_makes_the_same_bytes(run: RunBuilder) -> None:
    first = themed(run)
    assert render_report(read_run(run.directory)) == first


def test_the_report_replaces_the_old_one_whole(run: RunBuilder, tmp_path: Path) -> None:
    themed(run)
    path = tmp_path / "out" / "report.html"
    write_report(read_run(run.directory), path)
    write_report(read_run(run.directory), path)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_named(run: RunBuilder, tmp_path: Path) -> None:
    themed(run)
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUsage, match="choose a place"):
        write_report(read_run(run.directory), tmp_path / "file" / "report.html")


def test_the_sentence_on_top_names_the_first_theme(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    for n in range(3):
        run.item(f"fails {n}", theme=EXPORT, account=f"a{n}", at=NOON + timedelta(days=n))
    text = render_report(read_run(run.write()))
    assert "3 pieces of feedback from 1 source, 1 Mar to 3 Mar 2026, form 1 theme." in text
    assert "“export fails”, raised by 3 accounts" in text


def test_an_issue_counts_everybody_whom_it_hit_and_says_how_many_are_known_by_name(run: RunBuilder) -> None:
    run.theme("export", "export fails")
    run.item("fails", theme=EXPORT, account="acme")
    run.issue(EXPORT, "The export fails", accounts=("acme",), tiers={"pro": 1, "unknown": 2})
    text = render_report(read_run(run.write()))
    assert "3 accounts, 1 by name (1 pro · 2 unknown)" in text


def test_the_factors_that_are_shown_make_the_impact(run: RunBuilder) -> None:
    assert "Verdicts" not in themed(run)
    windows = read_run(run.directory).themes[0].priority.windows  # type: ignore[union-attr]
    weighed = [
        w.model_copy(update={"factors": w.factors.model_copy(update={"verdicts": 0.88})}) for w in windows
    ]
    run.priority(EXPORT, 61.0, windows=tuple(weighed))
    text = render_report(read_run(run.write()))
    assert "× Verdicts" in text
    assert ">0.88<" in text


def test_the_page_names_commands_that_there_are(run: RunBuilder) -> None:
    text = themed(run)
    told = re.findall(r"undercurrent (\w+) .*?(--[a-z]+) DIR", text)
    assert told == [("run", "--out"), ("themes", "--dir")]

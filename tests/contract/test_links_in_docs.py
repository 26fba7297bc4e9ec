"""What a page points at is there: other pages and their sections, decisions by number, targets of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    str(page.relative_to(ROOT)): page for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
}
DECISIONS = {int(page.name[:4]) for page in ROOT.glob("docs/adr/*.md")}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def lost(page: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found = []
    for target, section in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        there = (page.parent / target) if target else page
        if "://" not in target and not (there.exists() and (not section or section in sections(there))):
            found.append(f"{target}#{section}")
    return found


def sections(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    assert lost(PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_decision_and_make_target_that_a_page_names_exists(name: str) -> None:
    text = PAGES[name].read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"\bADR (\d+)", text)} <= DECISIONS
    assert set(re.findall(r"`make ([a-z]+)", text)) <= TARGETS


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](gone.md), [b](#here), [c](page.md#there), [d](https://example.com/x)\n")
    assert lost(page) == ["gone.md#", "page.md#there"]

"""The words of an issue: complete, within limits, and nothing of a customer's text comes alive in Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.priority import Factors, Quote, WindowScore
from models.priority.policy import IssuePriorities
from models.priority.wilson import wilson_interval
from operators.linear_issue import (
    QUOTE_CHARS,
    IssueFacts,
    description,
    escaped,
    labels,
    link,
    plain,
    priority,
    shortened,
    title,
)
from tests.unit.operators.priority_streams import at


def score(window: str, impact: float) -> WindowScore:
    return WindowScore(
        window=window,
        concerns=14,
        accounts=12,
        impact=impact,
        factors=Factors(volume=12, sentiment=1.5, tier=1.2, urgency=1.1, recency=1.1),
        negative=wilson_interval(10, 14),
    )


FACTS = IssueFacts(
    tenant="acme",
    theme_id="0e8f",
    label="invoice, charged twice",
    rule="impact",
    reason="The impact rose to 64; the bound is 60 with 5 accounts.",
    why="12 accounts in 7 days.",
    scores=(score("24h", 30.0), score("7d", 64.0)),
    category="billing",
    area="checkout",
    quotes=(Quote(text="Charged twice, <EMAIL_1>", item_id="i-1", source="zendesk"),),
    accounts=tuple(f"acc-{n:02}" for n in range(25)),
    tiers={"pro": 10, "enterprise": 2},
    first_seen=at(0),
    last_seen=at(30),
)


def test_the_title_says_what_it_is_and_whom_it_hits() -> None:
    assert title(FACTS) == "invoice, charged twice: 12 accounts in 7 days, 71 % negative"


def test_a_long_label_is_cut_but_the_numbers_stay() -> None:
    long = title(replace(FACTS, label="word " * 200))
    assert len(long) <= 255
    assert long.endswith("…: 12 accounts in 7 days, 71 % negative")


@pytest.mark.parametrize(
    "part",
    [
        "The impact rose to 64",
        "12 accounts in 7 days.",
        "| 7d | 12 | 14 | 10 of 14 = 71 % (45–88 %) | 64.0 |",
        r"> Charged twice, \<EMAIL\_1\>",
        "item `i-1`",
        "2 enterprise, 10 pro",
        "and 5 more",
        "first 2026-01-05 00:00 UTC, last 2026-01-06 06:00 UTC",
        '`undercurrent similar "invoice charged twice"`',
        "Theme `0e8f` of tenant `acme`",
    ],
)
def test_the_description_says(part: str) -> None:
    assert part in description(FACTS)


@pytest.mark.parametrize(
    ("hostile", "dead"),
    [
        ("![x](http://evil.example/a.png)", "](http"),
        ("[click](https://evil.example)", "](https"),
        ("see https://evil.example now", "https://"),
        ("www.evil.example", "www.evil"),
        ("evil.example", "evil.example"),
        ("hello @everyone", "@everyone"),
        ("<img src=x>", " <img"),
        ("a\n# heading\n- item", "\n# heading"),
        ("`code` ```", " `code`"),
        ("a\u202ecod.exe", "\u202e"),
        ("| a | b |", " | a |"),
        ("mailto:me", "mailto:me"),
    ],
)
def test_feedback_text_stays_text(hostile: str, dead: str) -> None:
    text = description(replace(FACTS, quotes=(Quote(text=hostile, item_id="i", source="app"),)))
    assert dead not in text.split("personal data removed")[1].split("**Affected**")[0]


def test_a_label_and_an_account_stay_text_too() -> None:
    facts = replace(FACTS, label="[x](https://evil.example) @all", accounts=("[y](z)",), quotes=())
    assert "](https" not in description(facts)
    assert "https://" not in title(facts)
    assert "[y](z)" not in description(facts)
    assert "@all" not in title(facts)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://help.example/t/1?x=2", "[open at the source](<https://help.example/t/1?x=2>)"),
        ("javascript:alert(1)", "item `i-1`"),
        ("https://x/> [y](z", "item `i-1`"),
        (None, "item `i-1`"),
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None, shown: str) -> None:
    assert link(Quote(text="t", item_id="i-1", source="app", source_url=url)) == shown


def test_a_long_quote_is_cut_at_a_word() -> None:
    cut = shortened("word " * 200, QUOTE_CHARS)
    assert len(cut) <= QUOTE_CHARS
    assert cut.endswith("word…")


@pytest.mark.parametrize(
    ("kind", "impact", "expected"),
    [
        ("critical", 10, 1),
        ("impact", 90, 1),
        ("impact", 72, 2),
        ("impact", 61, 3),
        ("impact", 30, 4),
        ("negative_share", 30, 2),
    ],
)
def test_priority_follows_rule_and_impact(kind: str, impact: float, expected: int) -> None:
    facts = replace(FACTS, scores=(score("24h", 0.0), score("7d", impact)))
    assert priority(facts, kind, IssuePriorities()) == expected


def test_labels_are_each_there_once() -> None:
    assert labels(replace(FACTS, area="billing")) == ("billing", "impact", "undercurrent")


def test_plain_text_is_one_line() -> None:
    assert plain("a\n\tb\x00c  d") == "a b c d"


def test_escaping_changes_no_letter() -> None:
    assert escaped("plain words, äöü") == "plain words, äöü"

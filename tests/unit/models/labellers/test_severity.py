"""Each level is set off by words that can be shown."""

from __future__ import annotations

import pytest

from models.labellers.severity import is_urgent, may_leave, severity


@pytest.mark.parametrize(
    ("text", "level", "rule"),
    [
        ("my account got hacked last night", "critical", "security"),
        ("i can see another customer's data", "critical", "security"),
        ("the whole site is down", "critical", "outage"),
        ("nobody in sales can log in", "critical", "outage"),
        ("the update wiped all our boards", "critical", "data_loss"),
        ("i was charged two times for may", "high", "payment_wrong"),
        ("me cobraron dos veces", "high", "payment_wrong"),
        ("i cannot sign in any more", "high", "locked_out"),
        ("it crashes every time i print", "high", "unusable"),
        ("the colour is ugly", "low", "none"),
    ],
)
def test_rules_find_the_worst_that_is_said(text: str, level: str, rule: str) -> None:
    found = severity(text, bug=False, angry_issue=False)
    assert (found.level, found.rule) == (level, rule)
    assert (found.at is None) == (rule == "none")


def test_a_bug_or_an_angry_issue_is_at_least_medium() -> None:
    assert severity("it flickers", bug=True, angry_issue=False).level == "medium"
    assert severity("i dislike it", bug=False, angry_issue=True).level == "medium"


@pytest.mark.parametrize(
    ("text", "leaves", "urgent"),
    [
        ("we are switching to another vendor", True, False),
        ("please call back asap", False, True),
        ("ich kündige sofort", True, True),
        ("the bus is yellow", False, False),
    ],
)
def test_leaving_and_haste_are_heard(text: str, leaves: bool, urgent: bool) -> None:
    assert (may_leave(text), is_urgent(text)) == (leaves, urgent)

"""A muted theme opens no issue and raises no alert; once it is heard again, what holds then does."""

from __future__ import annotations

from tests.unit.operators.priority_streams import Journal, on


def said(journal: Journal) -> tuple[int, int]:
    outs = journal.run()
    return len(on("linear", outs)), len(on("alerts", outs))


def incident(journal: Journal) -> None:
    for n in range(4):
        journal.concern(f"c{n}", 1 + n / 10, severity="critical", sentiment="negative", sentiment_milli=-800)


def mark(journal: Journal, *, muted: bool) -> None:
    record = journal.theme("theme-a")
    journal.records[-1] = record.model_copy(update={"muted": muted or None})


def test_a_muted_theme_opens_no_issue_and_raises_no_alert(journal: Journal) -> None:
    mark(journal, muted=True)
    incident(journal)
    assert said(journal) == (0, 0)


def test_the_same_theme_unmuted_does_both(journal: Journal) -> None:
    mark(journal, muted=False)
    incident(journal)
    issues, alerts = said(journal)
    assert (issues, alerts > 0) == (1, True)


def test_what_still_holds_when_a_theme_is_heard_again_opens_its_issue_then(journal: Journal) -> None:
    mark(journal, muted=True)
    incident(journal)
    mark(journal, muted=False)
    assert said(journal)[0] == 1

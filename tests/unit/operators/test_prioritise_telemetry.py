"""What telemetry says of a theme reaches its score, its action, and the engineer who reads the issue."""

from __future__ import annotations

import pytest

from contracts.envelope import Out
from contracts.priority import LinearIssue
from contracts.stages import ItemTelemetry
from tests.unit.operators.priority_streams import Journal, on

ELEVATED = ItemTelemetry(
    scope="account", error_ppm=84_000, usual_error_ppm=4_000, deploy="a1b2*c3", elevated="errors"
)
CALM = ItemTelemetry(scope="account", error_ppm=2_000, usual_error_ppm=2_000)


@pytest.fixture
def journal() -> Journal:
    journal = Journal()
    journal.tick(0)
    journal.theme("theme-a")
    return journal


def complained(
    journal: Journal, measured: ItemTelemetry | None, count: int, *, rule: str = "defect", **labels: str
) -> None:
    start = len(journal.records)
    for n in range(start, start + count):
        facts = {"tier": "free", "telemetry": measured}
        mood = {"sentiment": "negative", "sentiment_milli": -400}
        journal.concern(f"c{n}", 1, facts=facts, action_rule=rule, **(mood | labels))


def issue_of(outs: list[Out]) -> LinearIssue:
    (issue,) = on("linear", outs)
    found: LinearIssue = issue
    return found


def words_of(issue: LinearIssue) -> str:
    return issue.description.replace("\\", "")


def opened(journal: Journal, **labels: str) -> dict[str, LinearIssue]:
    """The issue of the same 25 complaints: borne out, not borne out, and with nothing known."""
    found = {}
    for name, measured in (("yes", ELEVATED), ("no", CALM), ("unknown", None)):
        fresh = Journal()
        fresh.tick(0)
        complained(fresh, measured, 25, **labels)
        fresh.theme("theme-a")
        found[name] = issue_of(fresh.run())
    return found


def test_the_issue_has_one_plain_line_with_the_figures(journal: Journal) -> None:
    complained(journal, ELEVATED, 9)
    complained(journal, CALM, 1)
    complained(journal, None, 2)
    journal.records = [*journal.records[:1], *journal.records[2:], journal.records[1]]
    (line,) = [part for part in words_of(issue_of(journal.run())).split("\n\n") if "Telemetry" in part]
    assert line == (
        "**Telemetry.** Errors or latency were measured before 10 of 12 complaints of two weeks, and far above the "
        "usual before 9 of 10 = 90 % (60–98 %). Mean before these: error rate 8.4 %, usually 0.4 %. Deploy a1b2*c3 "
        "ran before 9 of these."
    )


def test_what_is_borne_out_is_more_urgent_and_what_is_not_less_so_but_is_opened(journal: Journal) -> None:
    issues = opened(journal)
    told = {name: (one.action, one.action_owner) for name, one in issues.items()}
    assert told == {
        "yes": ("engineering_ticket", "engineering"),
        "no": ("content_update", "support operations"),
        "unknown": ("engineering_ticket", "engineering"),
    }
    steps = {name: one.priority - issues["unknown"].priority for name, one in issues.items()}
    assert steps == {"yes": -1, "no": 1, "unknown": 0}


def test_nothing_measured_changes_nothing_and_says_nothing(journal: Journal) -> None:
    issue = opened(journal)["unknown"]
    assert (issue.action_rule, issue.telemetry, "Telemetry" in issue.description) == ("defect", None, False)


def test_an_issue_that_is_not_borne_out_says_what_that_does_not_mean(journal: Journal) -> None:
    words = words_of(opened(journal)["no"])
    assert "far above the usual before none of them (at most 13 %)" in words
    assert "A fault that raises no error looks the same." in words


def test_critical_severity_is_never_made_less_urgent(journal: Journal) -> None:
    assert opened(journal, severity="critical")["no"].priority == 1


def test_neither_is_what_people_marked_as_critical_or_pinned(journal: Journal) -> None:
    for order in ("critical", "pinned"):
        fresh = Journal()
        fresh.tick(0)
        complained(fresh, CALM, 25)
        fresh.records.append(fresh.theme("theme-a").model_copy(update={order: True}))
        del fresh.records[-2]
        assert issue_of(fresh.run()).priority == opened(journal)["unknown"].priority


def test_a_score_carries_the_figures(journal: Journal) -> None:
    complained(journal, ELEVATED, 3)
    complained(journal, CALM, 1)
    journal.tick(2)
    known = on("priorities", journal.run())[-1].telemetry
    assert (known.share.count, known.share.of, known.errors_ppm.before) == (3, 4, 84_000)
    assert (known.deploy, known.deploy_complaints) == ("a1b2*c3", 3)


def test_merged_themes_are_looked_at_together(journal: Journal) -> None:
    complained(journal, ELEVATED, 3)
    journal.theme("theme-b")
    journal.concern("b", 1, "theme-b", sentiment="negative", facts={"telemetry": CALM})
    journal.event("merged", "theme-b", "theme-a")
    journal.tick(2)
    known = {one.theme_id: one.telemetry for one in on("priorities", journal.run())}["theme-a"]
    assert (known.share.count, known.share.of) == (3, 4)


def test_a_concern_decided_anew_counts_as_what_it_is_now(journal: Journal) -> None:
    complained(journal, ELEVATED, 3)
    journal.relabel("c2", 1.5, sentiment="positive", sentiment_milli=500)
    journal.tick(2)
    known = on("priorities", journal.run())[-1].telemetry
    assert (known.complaints, known.share.count) == (2, 2)

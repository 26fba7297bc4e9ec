"""What another run would change: concerns, themes, scores, issues; and up to where that is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.envelope import EVERYONE, Envelope
from contracts.errors import WrongUsage
from contracts.feedback import Tick
from contracts.priority import LinearIssue, Priority
from contracts.stages import Assignment
from contracts.themes import ThemeRecord
from wiring.comparing.model import TenantComparison
from wiring.comparing.runs import EVERY, common_ordinals, compare_runs

T = datetime(2026, 5, 1, tzinfo=UTC)


def _at(ordinal: int, **more: Any) -> dict[str, Any]:
    return {"id": f"0-{ordinal}-x-0", "tenant": "acme", "event_time": T, "ingested_at": T, **more}


def assigned(concern: str, theme: str | None, ordinal: int = 0, change: str = "assigned") -> Assignment:
    told = {"change": change, "concern_id": concern, "item_id": "i", "sequence": 1, "theme": theme}
    return Assignment.model_validate(_at(ordinal, **told))


def theme(name: str, label: str, ordinal: int = 0, redirect_to: str | None = None) -> ThemeRecord:
    told = {"theme_id": name, "status": "active", "label": label, "language": "en", "encoder": "e"}
    counts = {"concerns": 1, "accounts": 1, "first_seen": T, "last_seen": T, "redirect_to": redirect_to}
    return ThemeRecord.model_validate(_at(ordinal, **told, **counts))


def priority(name: str, impact: float, ordinal: int = 0, half_life_s: int = 3600) -> Priority:
    told = {"theme_id": name, "label": name, "impact": impact, "half_life_s": half_life_s, "windows": ()}
    return Priority.model_validate(_at(ordinal, **told, why="", last_seen=T, affected_accounts=1))


def issue(name: str, ordinal: int = 0, rule: str = "spike") -> LinearIssue:
    told = {"issue_id": f"{name}{ordinal}", "theme_id": name, "episode": 1, "rule": rule, "title": "t"}
    more = {
        "description": "",
        "priority": 2,
        "labels": (),
        "accounts": (),
        "tiers": {},
        "impact": 1,
        "quotes": (),
    }
    return LinearIssue.model_validate(_at(ordinal, **told, **more))


def tick(ordinal: int, after: timedelta, tenant: str = "acme") -> Tick:
    return Tick(id=f"0-{ordinal}", tenant=tenant, event_time=T + after, ingested_at=T)


@dataclass(frozen=True)
class Said:
    """A run made of records."""

    name: str
    assignments: tuple[Envelope, ...] = ()
    priorities: tuple[Envelope, ...] = ()
    linear: tuple[Envelope, ...] = ()
    end: int = 10
    since: Mapping[int, int] = field(default_factory=dict)

    def ends(self) -> Mapping[int, int]:
        return {0: self.end}

    def issues_since(self) -> Mapping[int, int]:
        return self.since

    def records(self, topic: str) -> Iterator[Envelope]:
        return iter(getattr(self, topic))


def acme(before: Said, after: Said, **how: Any) -> TenantComparison:
    (one,) = compare_runs(before, after, **how).tenants
    return one


def members(**sizes: int) -> tuple[Assignment, ...]:
    return tuple(assigned(f"{name}{n}", name) for name, size in sizes.items() for n in range(size))


def test_every_concern_in_both_is_counted_once() -> None:
    before = (*members(a=4), assigned("w", None, change="waiting"), assigned("v", None, change="unthemed"))
    after = (*members(a=3), assigned("a3", "b"), assigned("w", "a"), assigned("v", None, change="waiting"))
    found = acme(
        Said("g1", (*before, assigned("old", "a"))), Said("g2", (*after, assigned("n", "b")))
    ).concerns
    assert (found.in_both, found.same, found.moved, found.got_theme, found.in_none) == (6, 3, 1, 1, 1)
    assert (found.only_before, found.only_after, found.moved_share) == (1, 1, 0.25)


def test_a_retracted_concern_is_in_neither() -> None:
    gone = (*members(a=2), assigned("a0", None, change="retracted"))
    assert acme(Said("g1", gone), Said("g2", gone)).concerns.in_both == 1


def test_a_merged_theme_counts_for_the_one_it_was_merged_into() -> None:
    merged = (*members(a=2, b=2), theme("b", "b", redirect_to="a"))
    one = acme(Said("g1", members(a=2, b=2)), Said("g2", merged))
    assert [(kept.match.before, kept.concerns_after) for kept in one.kept] == [("a", 4)]


def test_new_and_vanished_themes_have_labels_and_sizes() -> None:
    before = (*members(a=3, c=2), theme("c", "Slow login"))
    after = (*members(a=3), *(assigned(f"d{n}", "d") for n in range(5)), theme("d", "Export fails"))
    one = acme(Said("g1", before), Said("g2", after))
    assert [(t.label, t.concerns) for t in one.vanished] == [("Slow login", 2)]
    assert [(t.label, t.concerns) for t in one.new] == [("Export fails", 5)]


def test_scores_are_compared_at_the_clock_of_the_compared_ordinal() -> None:
    ticked = (*members(a=2), tick(1, timedelta(hours=1), EVERYONE))
    one = acme(Said("g1", ticked, (priority("a", 80),)), Said("g2", ticked, (priority("a", 40),)))
    assert [(k.impact_before, k.impact_after, k.shift, k.rank_after) for k in one.kept] == [(40, 20, -20, 1)]


def test_ranks_that_turn_round_correlate_negatively() -> None:
    themes = members(a=2, b=2, c=2)
    scores = [
        tuple(priority(n, s) for n, s in zip("abc", by, strict=True)) for by in ((90, 50, 10), (10, 50, 90))
    ]
    one = acme(Said("g1", themes, scores[0]), Said("g2", themes, scores[1]))
    assert one.rank_correlation == pytest.approx(-1)
    assert {(k.rank_before, k.rank_after) for k in one.kept} == {(1, 3), (2, 2), (3, 1)}


def test_a_score_from_behind_the_ordinal_is_not_known_and_not_nothing() -> None:
    one = acme(Said("g1", members(a=2), (priority("a", 50, ordinal=9),)), Said("g2", members(a=2), end=5))
    assert (one.kept[0].impact_before, one.unknown_scores) == (None, 1)


def test_issues_are_counted_by_matching_theme_and_rule() -> None:
    other = tuple(assigned(f"a{n}", "x") for n in range(3))
    before = Said("g1", members(a=3), linear=(issue("a", 1), issue("a", 2, "regression")))
    after = Said(
        "g2", (*other, theme("x", "Export")), linear=(issue("x", 1), issue("x", 4), issue("x", 5, "new"))
    )
    one = acme(before, after)
    assert [(i.label, i.rule, i.count) for i in one.would_open] == [
        ("Export", "new", 1),
        ("Export", "spike", 1),
    ]
    assert [(i.theme_id, i.rule) for i in one.would_not_open] == [("a", "regression")]


def test_issues_that_one_side_has_forgotten_are_not_compared() -> None:
    before = Said("g1", members(a=3), linear=(issue("a", 7),), since={0: 6})
    one = acme(before, Said("g2", members(a=3), linear=(issue("a", 2), issue("a", 7))))
    assert (one.would_open, one.issues_since) == ((), 6)


def test_both_are_read_up_to_the_lowest_common_ordinal_and_that_is_said() -> None:
    late = (*members(a=2), assigned("a0", "b", 8, "moved"))
    found = compare_runs(Said("g1", late), Said("g2", members(a=2), end=5))
    assert (dict(found.up_to), found.tenants[0].concerns.moved) == ({0: 5}, 0)
    assert found.notices == ("not all of both is compared: partition 0: g1 to 10, g2 to 5, compared up to 5",)


def test_an_ordinal_that_one_has_not_come_to_is_refused() -> None:
    with pytest.raises(WrongUsage, match="g2 has come to ordinal 5 of partition 0, not to 7"):
        common_ordinals("g1", "g2", {0: 9}, {0: 5}, {EVERY: 7})
    assert common_ordinals("g1", "g2", {0: 9, 1: 3}, {0: 9, 1: 3}, {EVERY: 7}) == {0: 7, 1: 3}


def test_an_unknown_tenant_is_refused() -> None:
    with pytest.raises(WrongUsage, match="nothing of tenant nobody-here"):
        compare_runs(Said("g1", members(a=1)), Said("g2"), tenant="nobody-here")


def test_lineage_says_which_theme_goes_on_as_which() -> None:
    other = tuple(assigned(f"a{n}", "x") for n in range(4))
    found = compare_runs(Said("g1", members(a=4)), Said("g2", other)).lineage()
    assert found["tenants"] == {"acme": [{"before": "a", "after": "x", "shared": 4, "confidence": 1.0}]}

"""Telemetry in the decision matrix: what is measured, what rules may ask of it, and that unknown is never a no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import WrongUsage
from contracts.priority import Corroboration
from contracts.stages import ItemTelemetry
from models.priority.matrix import Matrix, load_matrix
from models.priority.telemetry import corroboration, measured, tally
from models.priority.wilson import wilson_interval
from tests.support.runs import decision

ERRORS = ItemTelemetry(
    scope="account", error_ppm=90_000, usual_error_ppm=2_000, deploy="a1", elevated="errors"
)
SLOW = ItemTelemetry(scope="account", latency_p95_ms=900, usual_latency_p95_ms=300, elevated="latency")
CALM = ItemTelemetry(scope="account", error_ppm=2_000, usual_error_ppm=2_000, latency_p95_ms=300)
DEPLOY_ALONE = ItemTelemetry(scope="account", deploy="a1")


def said(count: int, of: int, complaints: int = 100) -> Corroboration:
    return Corroboration(complaints=complaints, share=wilson_interval(count, of))


def line(
    rule: str, known: Corroboration | None, tenant: str = "acme", matrix: Matrix | None = None
) -> str | None:
    """The default matrix's line about a theme with this rule."""
    own = matrix or load_matrix()
    found = own.by_telemetry(own.named(rule, tenant), known, tenant)
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("telemetry", "verdict", "times"),
    [(ERRORS, "corroborated", 45_000), (SLOW, "corroborated", 3_000), (CALM, "not_corroborated", 1_000)],
)
def test_a_complaint_is_borne_out_or_not_and_by_how_much(telemetry: Any, verdict: str, times: int) -> None:
    known = measured(decision(), telemetry)
    assert known is not None
    assert (known.verdict, known.times_milli) == (verdict, times)


@pytest.mark.parametrize("telemetry", [None, DEPLOY_ALONE])
def test_where_nothing_was_measured_it_is_unknown(telemetry: ItemTelemetry | None) -> None:
    assert measured(decision(), telemetry) is None


def test_nobody_is_borne_out_who_does_not_complain() -> None:
    assert measured(decision(sentiment="positive", bug=False), ERRORS) is None


def test_sums_hold_the_figures_and_forget_what_is_taken_out() -> None:
    sums: dict[str, int] = {}
    every = [measured(decision(), one) for one in (ERRORS, ERRORS, SLOW, CALM, None)]
    for one in every:
        tally(sums, one, 1)
    known = corroboration(sums)
    assert known is not None
    assert (known.complaints, known.share.count, known.share.of) == (5, 3, 4)
    assert known.errors_ppm
    assert (known.errors_ppm.before, known.errors_ppm.complaints) == (90_000, 2)
    assert (known.deploy, known.deploy_complaints) == ("a1", 2)
    for one in every:
        tally(sums, one, -1)
    assert sums == {}


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (None, None),
        (said(0, 0), None),
        (said(2, 2), None),
        (said(3, 3), "borne-out-by-telemetry"),
        (said(5, 40), None),
        (said(0, 19), None),
        (said(0, 20), "not-borne-out-by-telemetry"),
    ],
)
def test_the_default_asks_for_enough_complaints_either_way(
    known: Corroboration | None, wanted: str | None
) -> None:
    assert line("defect", known) == wanted


@pytest.mark.parametrize("rule", ["critical", "security-or-privacy", "request", "how-to", "first-steps"])
def test_the_default_touches_nothing_that_is_no_fault(rule: str) -> None:
    assert [line(rule, known) for known in (said(30, 30), said(0, 40))] == [None, None]


def test_the_default_never_drops_what_telemetry_does_not_bear_out() -> None:
    own = load_matrix()
    found = own.by_telemetry(own.named("defect", "acme"), said(0, 40), "acme")
    assert found is not None
    assert (found.action, found.owner, found.issue, found.raise_priority) == (
        "content_update",
        "support operations",
        True,
        -1,
    )


def test_what_is_borne_out_stays_with_its_owner_and_is_more_urgent() -> None:
    own = load_matrix()
    found = own.by_telemetry(own.named("login", "acme"), said(9, 10), "acme")
    assert found is not None
    assert (found.action, found.owner, found.raise_priority) == ("engineering_ticket", "identity team", 1)


@pytest.mark.parametrize(
    ("wanted", "fires"),
    [
        ("corroborated", [True, False, False]),
        ("not_corroborated", [False, True, False]),
        ("unknown", [False, False, True]),
    ],
)
def test_a_rule_about_concerns_may_ask_for_telemetry(wanted: str, fires: list[bool]) -> None:
    rules = [{"name": "asks", "when": {"telemetry": [wanted]}, "action": "content_update", "owner": "docs"}]
    own = Matrix.model_validate({"version": "v", "rules": rules})
    decisions = [decision(telemetry=verdict) for verdict in ("corroborated", "not_corroborated", None)]
    assert [own.rule_of(one, "acme") is not None for one in decisions] == fires


@pytest.mark.parametrize(("tenant", "wanted"), [("acme", "quiet"), ("beta", None)])
def test_a_line_about_themes_may_be_one_tenants_and_ask_that_nothing_is_known(
    tenant: str, wanted: str | None
) -> None:
    rules = [{"name": "all", "action": "engineering_ticket", "owner": "us"}]
    quiet = {"name": "quiet", "when": {"measured": False}, "action": "none", "tenants": ["acme"]}
    own = Matrix.model_validate({"version": "v", "rules": rules, "themes": [quiet]})
    assert line("all", None, tenant, own) == wanted
    assert line("all", said(1, 2), tenant, own) is None


@pytest.mark.parametrize(
    ("line_", "message"),
    [
        ("{name: t, when: {rule: [gone]}, action: none}", "about rules that are not there: gone"),
        ("{name: a, when: {}, action: none}", "two rules have the same name: a"),
        ("{name: t, when: {}, action: content_update}", "theme rule 't' has no owner: say whose work"),
        ("{name: t, when: {share: 1}, action: none}", r"matrix.yaml:4: themes.0.when.share: "),
        ("{name: t, when: {}, action: none, raise_priority: 2}", r"matrix.yaml:4: themes.0.raise_priority: "),
    ],
)
def test_a_wrong_line_about_themes_is_refused(tmp_path: Path, line_: str, message: str) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_text(f"version: v\nrules: [{{name: a, action: none}}]\nthemes:\n  - {line_}\n")
    with pytest.raises(WrongUsage, match=message):
        load_matrix(path)

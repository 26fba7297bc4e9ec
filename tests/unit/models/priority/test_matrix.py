"""The decision matrix: the first rule that fires wins, and what is wrong with a file is said with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import WrongUsage
from models.labellers.taxonomy import load_taxonomy
from models.priority.matrix import Matrix, load_matrix
from tests.support.runs import decision

LABELS = [label.name for label in load_taxonomy()[0].labels]


def fired(tenant: str = "acme", matrix: Matrix | None = None, **labels: Any) -> tuple[str, str, str | None]:
    rule = (matrix or load_matrix()).rule_of(decision(**labels), tenant)
    assert rule is not None
    return rule.name, rule.action, rule.owner


def written(folder: Path, text: str) -> Path:
    path = folder / "matrix.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"bug": True}, ("defect", "engineering_ticket", "engineering")),
        ({"category": "onboarding"}, ("first-steps", "content_update", "growth team")),
        (
            {"category": "account_management", "sublabel": "support_quality"},
            ("answered-by-the-wrong-people", "routing_change", "support operations"),
        ),
        ({"confidence_milli": 499}, ("not-understood", "retrain_candidate", "data science")),
        ({"category": "praise", "sentiment": "positive"}, ("nothing-to-do", "none", None)),
    ],
)
def test_each_action_has_a_rule_and_an_owner(
    labels: dict[str, Any], wanted: tuple[str, str, str | None]
) -> None:
    assert fired(**labels) == wanted


def test_the_first_rule_that_fires_wins() -> None:
    assert fired(severity="critical", bug=True, confidence_milli=100)[0] == "critical"


def test_a_bound_of_confidence_holds_below_it_and_not_at_it() -> None:
    assert [fired(confidence_milli=milli, category="bug")[0] for milli in (499, 500)] == [
        "not-understood",
        "unsorted",
    ]


def test_the_default_speaks_about_every_label_of_the_default_taxonomy() -> None:
    assert load_matrix().warnings(LABELS) == []


def test_a_label_that_no_rule_is_about_and_one_that_is_not_there_are_told() -> None:
    told = load_matrix().warnings([*[name for name in LABELS if name != "ux"], "shipping"])
    assert len(told) == 2
    assert (
        "label 'shipping': some will have no action; add a rule with `when: {category: [shipping]}`"
        in told[0]
    )
    assert "no label 'ux'" in told[1]


def test_the_rules_of_a_tenant_come_before_the_general_ones(tmp_path: Path) -> None:
    matrix = load_matrix(
        written(
            tmp_path,
            "version: v\nrules: [{name: all, action: engineering_ticket, owner: us}]\n"
            "tenants:\n  acme: [{name: own, when: {bug: true}, action: content_update, owner: docs}]\n",
        )
    )
    assert [fired(tenant, matrix, bug=True)[0] for tenant in ("acme", "beta")] == ["own", "all"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "version: v\nrules:\n  - name: a\n    action: fix\n",
            r"matrix.yaml:4: rules.0.action: .*content_update",
        ),
        ("version: v\nrules:\n  - name: a\n    action: content_update\n", "rule 'a' has no owner: say whose"),
        (
            "version: v\nrules: [{name: a, action: none}, {name: a, action: none}]\n",
            "two rules have the same name: a",
        ),
        (
            "version: v\nrules:\n  - name: a\n    when: {mood: [bad]}\n    action: none\n",
            r"matrix.yaml:4: rules.0.when.mood: ",
        ),
        ("rules: [", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        load_matrix(written(tmp_path, text))


def test_a_theme_has_the_rule_of_most_of_its_concerns_and_the_first_among_equals() -> None:
    matrix = load_matrix()
    most = matrix.of_theme({"billing": 2, "defect": 2, "ux": 1, "gone": 9}, "acme")
    assert (most and most.name, matrix.of_theme({}, "acme")) == ("defect", None)


@pytest.mark.parametrize(("no_issue", "concerns", "withheld"), [(2, 3, True), (3, 5, False), (0, 0, False)])
def test_a_theme_opens_no_issue_when_two_thirds_of_it_are_no_engineers_work(
    no_issue: int, concerns: int, withheld: bool
) -> None:
    assert load_matrix().withholds({"first-steps": no_issue}, concerns, "acme") is withheld

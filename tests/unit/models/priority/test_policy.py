"""The policy: its file is its default, and a wrong file is refused with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import WrongUsage
from models.priority.policy import PriorityPolicy, Weights, load_policy


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text)
    return path


def test_the_default_file_says_what_the_code_says() -> None:
    assert load_policy() == PriorityPolicy()


def test_an_empty_file_means_default_weights(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, "")) == PriorityPolicy()


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, "weights: {tiers: {enterprise: 3}}"))
    assert (policy.weights.tiers["enterprise"], policy.weights.tiers["pro"]) == (3, 1.15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quotes: 6\nweights:\n  account_cap: none\n", r"rules.yaml:3: weights.account_cap: .*integer"),
        (
            "rules:\n  - kind: impact\n    enter: 40\n    exit: 50\n",
            r"rules.yaml:2: .*exit \(50.0\) must be below",
        ),
        ("rules:\n  - kind: impact\n  - kind: impact\n", "two rules have the same name"),
        ("rules:\n  - kind: guess\n", r"rules.yaml:2: .*does not match any of the expected tags"),
        ("wieghts: {}\n", r"rules.yaml:1: wieghts: Extra inputs"),
        ("a: [", "not YAML"),
        ("- 1\n", r"rules.yaml:1: \(top level\)"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        load_policy(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"none.yaml: cannot be read"):
        load_policy(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("tier", "mrr", "weight"),
    [("unknown", None, 1000), ("pro", 50.0, 1150), ("free", 1000.0, 1400), ("enterprise", 1000.0, 1800)],
)
def test_a_customer_weighs_by_the_larger_of_tier_and_revenue(tier, mrr, weight) -> None:  # type: ignore[no-untyped-def]
    assert Weights().of_customer(tier, mrr) == weight

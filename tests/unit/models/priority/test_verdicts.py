"""The factor of earlier verdicts: neutral while little is known, bounded always, and never against its own evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import WrongUsage
from models.priority.policy import load_policy
from models.priority.verdicts import VerdictWeights
from models.priority.wilson import wilson_interval

WEIGHTS = VerdictWeights()


def factor(done: int, ended: int, weights: VerdictWeights = WEIGHTS) -> int:
    return weights.factor_milli(wilson_interval(done, ended))


COUNTS = st.integers(0, 3000).flatmap(lambda ended: st.tuples(st.integers(0, ended), st.just(ended)))


@given(COUNTS)
def test_the_factor_is_bounded(counts: tuple[int, int]) -> None:
    assert 800 <= factor(*counts) <= 1250


@given(COUNTS, st.integers(0, 3000))
def test_more_done_of_the_same_number_never_lowers_it(counts: tuple[int, int], more: int) -> None:
    done, ended = counts
    assert factor(min(done + more, ended), ended) >= factor(done, ended)


@given(st.integers(0, 7).flatmap(lambda ended: st.tuples(st.integers(0, ended), st.just(ended))))
def test_few_verdicts_change_nothing(counts: tuple[int, int]) -> None:
    assert factor(*counts) == 1000


@given(st.integers(8, 3000))
def test_shares_that_are_as_they_should_be_change_nothing(ended: int) -> None:
    assert [factor(round(share * ended), ended) for share in (0.4, 0.6, 0.8)] == [1000] * 3


@pytest.mark.parametrize(
    ("done", "ended", "wanted"), [(0, 8, 962), (0, 100, 818), (16, 16, 1008), (100, 100, 1204)]
)
def test_the_more_is_known_the_more_it_weighs(done: int, ended: int, wanted: int) -> None:
    assert factor(done, ended) == wanted


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("weights:\n  verdicts: {enabled: false}\n")
    assert factor(0, 500, load_policy(file).weights.verdicts) == 1000


@pytest.mark.parametrize(
    "wrong", ["neutral: [0.8, 0.4]", "least: 0.4", "most: 3", "least: 1.1", "by: theme", "min_verdicts: 0"]
)
def test_a_setting_that_would_be_unbounded_or_unclear_is_refused(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(f"weights:\n  verdicts: {{{wrong}}}\n")
    with pytest.raises(WrongUsage, match=r"rules.yaml:2: weights.verdicts"):
        load_policy(file)

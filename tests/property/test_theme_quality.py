"""The engine finds what it found before: the small fixed form of the stream benchmark, held to its noise.

``make bench BENCH=quality`` prints the figures; ``python -m bench quality --accept`` makes what is now the
measure, for a change that is meant to move them.
"""

from __future__ import annotations

import pytest

from bench import quality
from models.themes.policy import ThemePolicy


def test_no_figure_of_any_order_falls_beyond_its_noise() -> None:
    assert quality.falls(quality.measure(quality.sample()), quality.baseline()) == []


def test_an_engine_that_joins_only_what_is_very_near_is_found_out() -> None:
    before = {"waves": quality.baseline()["waves"]}
    worse = quality.measure(quality.sample(), ["waves"], policy=ThemePolicy(z=5.5))
    assert {"v", "ami", "kept_share"} & {line.split()[1] for line in quality.falls(worse, before)}


def test_a_fall_beyond_the_noise_is_told_with_both_figures() -> None:
    before = {"waves": {"v": {"mean": 0.8, "noise": 0.01}, "ari": {"mean": 0.5, "noise": 0.01}}}
    told = quality.falls({"waves": {"v": 0.76, "ari": 0.48}}, before)
    assert told == ["waves: v fell from 0.8000 to 0.7600, more than 3 times its noise of 0.0100"]


@pytest.mark.parametrize("order", quality.ORDERS)
def test_every_figure_has_a_measured_noise(order: str) -> None:
    noises = [figure["noise"] for figure in quality.baseline()[order].values()]
    assert len(noises) == len(quality.FIGURES)
    assert quality.LEAST_NOISE <= min(noises) <= max(noises) < 0.05

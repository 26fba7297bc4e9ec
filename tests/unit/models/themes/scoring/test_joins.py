"""Weights fitted on a labelled stream: what they are made of, and that they hold on another stream."""

from __future__ import annotations

import numpy as np
import pytest

from models.themes.evidence import Evidence
from models.themes.join_model import JoinModel
from models.themes.policy import ThemePolicy
from models.themes.scoring.joins import Judged, figures, fit, judge
from models.themes.scoring.play import LabelledSet

POLICY = ThemePolicy(warm_up=60, pass_every=60, components=16)


def judged(seed: int) -> Judged:
    """Six topics in pairs that lie close together, so that some concerns go to the wrong one."""
    rng = np.random.default_rng(seed)
    topics = np.repeat(rng.normal(size=(3, 384)), 2, axis=0) + 0.4 * rng.normal(size=(6, 384))
    labels = rng.integers(6, size=400)
    rows = topics[labels] + 0.9 * rng.normal(size=(400, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    texts = [f"topic{label} word{n % 7}" for n, label in enumerate(labels)]
    names = [str(n) for n in range(400)]
    return judge(
        LabelledSet.of(names, rows, [f"topic{label}" for label in labels]), texts, "shuffled", seed, POLICY
    )


@pytest.fixture(scope="module")
def streams() -> tuple[Judged, Judged]:
    return judged(1), judged(2)


def test_every_assignment_is_judged_with_its_words(streams: tuple[Judged, Judged]) -> None:
    assert len(streams[0].said) > 300
    assert any(evidence.words is not None for evidence, _ in streams[0].said)
    assert {right for _, right in streams[0].said} == {True, False}


def test_weights_of_one_stream_rank_another(streams: tuple[Judged, Judged]) -> None:
    scores = figures(fit(streams[0].said), streams[1].said)
    assert scores["auroc"] is not None
    assert scores["auroc"] > 0.6


def test_what_is_never_known_gets_no_weight() -> None:
    rows = [(Evidence(500 + n, None, n % 7, n % 5), n > 50) for n in range(100)]
    weights = fit(rows)
    assert weights.encode()["weight"]["words"] == 0
    assert JoinModel(weights).p_milli(rows[90][0]) > JoinModel(weights).p_milli(rows[5][0])

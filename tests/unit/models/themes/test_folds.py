"""A theme that stayed small joins the one that is nearest to it; a large one never does."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality import sample
from models.themes.changes import Merged
from models.themes.policy import ThemePolicy
from models.themes.scoring.measures import agreement, numbered
from models.themes.scoring.play import Played, play
from models.themes.scoring.streams import make_stream

pytestmark = pytest.mark.lengthy


def played(**policy: int) -> Played:
    """The demo's concerns in bursts."""
    data = sample()
    stream = make_stream(data.gold, data.vectors, "bursts", 0)
    return play(data, stream, None, ThemePolicy(**policy), lambda: 0.0)


@pytest.fixture(scope="module")
def folding() -> Played:
    return played()


@pytest.fixture(scope="module")
def never() -> Played:
    return played(fold_milli=0)


def merges(one: Played) -> list[Merged]:
    return [change for told in one.heard for change in told if isinstance(change, Merged)]


def ari(one: Played) -> float:
    themes = [one.engine.theme_of(point.concern_id) or point.concern_id for point in one.points]
    return agreement(one.gold, numbered(themes))["ari"]


def test_folding_leaves_fewer_themes_that_say_as_much(folding: Played, never: Played) -> None:
    assert len(folding.engine.sizes()) < len(never.engine.sizes())
    assert ari(folding) > ari(never) - 0.01


def test_what_folds_is_small_and_the_larger_one_keeps_its_name(folding: Played, never: Played) -> None:
    shared = {(one.from_theme, one.into_theme) for one in merges(never)}
    folds = [one for one in merges(folding) if (one.from_theme, one.into_theme) not in shared]
    assert folds
    assert all(one.from_size <= one.into_size for one in folds)
    assert np.median([one.from_size for one in folds]) < np.median(list(folding.engine.sizes().values()))

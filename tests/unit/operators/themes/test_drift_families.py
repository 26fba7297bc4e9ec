"""A new theme whose concerns came all at once is told of, unless they were chosen for that."""

from __future__ import annotations

import pytest

from contracts.feedback import Tick
from models.themes.changes import Born
from operators.numbering import Numbering
from operators.themes.drift import DriftWatch
from operators.themes.records import Teller
from tests.support.runs import NOON

NOW = 3_000


@pytest.mark.parametrize(("outgrown", "told"), [(False, ["new_family"]), (True, [])])
def test_a_theme_of_the_latest_concerns_is_news_if_they_were_not_chosen_so(
    outgrown: bool, told: list[str]
) -> None:
    watch, cause = DriftWatch(), Tick(id="0-7", tenant="acme", event_time=NOON, ingested_at=NOON)
    arrivals = {f"c{n}": NOW - 8 + n for n in range(8)}
    born = Born("t1", "en", tuple(arrivals), outgrown=outgrown)
    events = watch.changed([born], arrivals.get, NOW, Teller(cause, Numbering("themes").after))
    assert [event.detector for event in events] == told

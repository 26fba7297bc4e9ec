"""What a pass that was run again tells on ``drift``: what fell, and what came of trying again."""

from __future__ import annotations

from contracts.feedback import Tick
from contracts.themes import DriftEvent
from models.themes.changes import Reran
from operators.numbering import Numbering
from operators.themes.drift import DriftWatch
from operators.themes.records import Teller
from tests.support.runs import NOON


def told(change: Reran) -> list[DriftEvent]:
    cause = Tick(id="0-7", tenant="acme", event_time=NOON, ingested_at=NOON)
    return list(DriftWatch().changed([change], {}.get, 0, Teller(cause, Numbering("themes").after)))


def test_a_fall_is_told_with_before_and_after_and_so_is_what_was_kept() -> None:
    fell, again = told(Reran(480, 360, 256, 0.65, 338, 352, 3, ("c1", "c2")))
    assert (fell.detector, fell.before, fell.after, fell.after_n) == ("quality", 0.48, 0.36, 256)
    assert (again.detector, again.before, again.after) == ("rerun", 0.338, 0.352)
    assert again.reason.endswith("with 3 themes born at 65 % of the bar: kept")
    assert again.examples == ("c1", "c2")
    assert {fell.theme_id, again.theme_id} == {None}


def test_trying_in_vain_is_told_as_well() -> None:
    _, again = told(Reran(480, 360, 256, None, 360, 360, 0))
    assert again.before == again.after
    assert again.reason.endswith("no bar that was tried makes it better: themes stay as they were")

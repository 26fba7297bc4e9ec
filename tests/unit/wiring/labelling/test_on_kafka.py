"""Which generation's concerns may be answered into the live journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.names import Naming
from contracts.errors import RecoveryRefused
from wiring.kafka.publishing.marks import Position
from wiring.kafka.running import Site
from wiring.labelling import on_kafka

NO_CLUSTER: Any = None


def site(generation: str) -> Site:
    return Site(NO_CLUSTER, Naming(generation=generation), Path("d"), 1)


def test_only_the_active_generation_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    active = {("themes", 0): Position("g1", 5)}
    monkeypatch.setattr(on_kafka, "active_positions", lambda *_told: active)
    on_kafka._refuse_other(site("g1"))
    with pytest.raises(RecoveryRefused, match="cut over to it first"):
        on_kafka._refuse_other(site("g2"))


def test_before_anything_is_published_any_generation_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_kafka, "active_positions", lambda *_told: {})
    on_kafka._refuse_other(site("g2"))

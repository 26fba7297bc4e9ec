"""The journey of a record as far as extract: what it says goes no further."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.steps import Journey


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    journey = Journey(tmp_path)
    del journey.steps["enriched"]
    yield journey
    journey.vault.close()

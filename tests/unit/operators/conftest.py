"""What the tests of the priority step begin with."""

from __future__ import annotations

import pytest

from tests.unit.operators.priority_streams import Journal


@pytest.fixture
def journal() -> Journal:
    """A journal with one theme, at the first tick."""
    made = Journal()
    made.theme("theme-a")
    made.tick(0)
    return made

"""What all properties rest on: an example is judged by what it shows, not by how long a busy machine took."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

# Past what Hypothesis gives an example by itself, 0.2 s.
HELD_UP_S = [0.25]


@given(st.booleans())
def test_an_example_that_is_held_up_is_no_failure(drawn: bool) -> None:
    assert drawn in (False, True)
    if HELD_UP_S:
        time.sleep(HELD_UP_S.pop())

"""Whatever many callers spend at once, no cap is overstepped, and what was settled is what the ledger tells."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.llm.spend_store import SqliteSpendStore
from models.llm.errors import CapReached
from models.llm.spending import Caps, Ledger
from tests.support.llm import DAY

CALLERS = 16
CALLS = st.tuples(st.integers(1, 50), st.integers(0, 100), st.booleans())
"""The most a call may cost, the percentage of it that it does cost, and whether its process dies before settling."""


def one_call(ledger: Ledger, call: tuple[int, int, bool]) -> int:
    """What it counts for in the end; 0 if it was refused."""
    most, percent, dies = call
    try:
        number = ledger.reserve("acme", DAY, most)
    except CapReached:
        return 0
    standing = ledger.standing("acme", DAY)
    assert standing.day_micro <= min(standing.caps.monthly_micro, standing.caps.daily_micro or 0)
    if dies:
        return most
    ledger.settle(number, most * percent // 100)
    return most * percent // 100


@settings(max_examples=15, deadline=None)
@given(st.lists(CALLS, min_size=CALLERS, max_size=60), st.integers(0, 900), st.integers(0, 900))
def test_concurrent_callers_never_overstep(
    calls: list[tuple[int, int, bool]], monthly: int, daily: int
) -> None:
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(CALLERS) as callers:
        store = SqliteSpendStore(Path(directory) / "spending.sqlite3")
        ledger = Ledger(store, lambda _tenant: Caps(monthly, daily))
        spent = sum(callers.map(partial(one_call, ledger), calls))
        assert ledger.standing("acme", DAY).day_micro == spent <= min(monthly, daily)
        store.close()

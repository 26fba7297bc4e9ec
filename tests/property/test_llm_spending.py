"""Whatever many callers spend at once, no cap is overstepped, and what was settled is what the ledger tells."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
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


@settings(max_examples=15, deadline=None)
@given(st.lists(CALLS, min_size=CALLERS, max_size=60), st.integers(0, 900), st.integers(0, 900))
def test_concurrent_callers_never_overstep(
    calls: list[tuple[int, int, bool]], monthly: int, daily: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteSpendStore(Path(directory) / "spending.sqlite3")
        ledger = Ledger(store, lambda _tenant: Caps(monthly, daily))

        def one(call: tuple[int, int, bool]) -> int:
            most, percent, dies = call
            try:
                number = ledger.reserve("acme", DAY, most)
            except CapReached:
                return 0
            assert ledger.standing("acme", DAY).day_micro <= min(monthly, daily)
            if not dies:
                ledger.settle(number, most * percent // 100)
            return most if dies else most * percent // 100

        with ThreadPoolExecutor(CALLERS) as callers:
            spent = sum(callers.map(one, calls))
        assert ledger.standing("acme", DAY).day_micro == spent <= min(monthly, daily)
        store.close()

"""The entry of a state log: one row of one table took a new value."""

from __future__ import annotations

from typing import Any

from contracts.envelope import Message


class StateEntry(Message):
    """Topics ``state-*``: ``value`` is the row's new JSON-able value, None when the row was dropped."""

    table: str
    key: str
    value: Any = None

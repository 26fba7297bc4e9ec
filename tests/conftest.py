"""Long forms of tests run only when they are asked for: with ``-m slow``, or with FAULT_KILLS set."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked ``slow`` in a plain run, and say how to get it."""
    if "slow" in config.option.markexpr or "FAULT_KILLS" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="long form: make faults, or pytest -m slow"))

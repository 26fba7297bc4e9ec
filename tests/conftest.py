"""Long forms of tests run only when they are asked for (``-m slow``, or FAULT_KILLS set); one Kafka for all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as drawing
from threadpoolctl import threadpool_limits

from connectors.kafka.names import Naming
from settings import load_settings
from tests.support.broker import fresh_naming
from tests.support.postgres import end_server
from wiring.kafka.broker import Broker, local_broker, open_broker
from wiring.kafka.server import LocalBroker

# The same examples in every run, so that a red run is red again; HYPOTHESIS_PROFILE=fresh draws others. How long one
# takes is no law: on a busy machine any example may stand still for the 200 ms that it is given otherwise.
for _name, _is_fixed in (("fixed", True), ("fresh", False)):
    drawing.register_profile(
        _name, derandomize=_is_fixed, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
drawing.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked ``slow`` in a plain run, and say how to get it."""
    if "slow" in config.option.markexpr or "FAULT_KILLS" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="long form: make faults, or pytest -m slow"))


def pytest_collection_finish() -> None:
    """NumPy multiplies in one thread, as in the product's processes: two cost twice the time for small products."""
    threadpool_limits(limits=1, user_api="blas")


def pytest_sessionfinish() -> None:
    """The PostgreSQL of this process goes with it."""
    end_server()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Broker]:
    """One for this process, by the order of ``wiring.kafka.broker``; never skipped. It has no topics but the tests'."""
    opened = open_broker(load_settings(), tmp_path_factory.mktemp("kafka"))
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"Kafka at {opened.bootstrap}: {opened.why}")
    yield opened
    opened.stop()


@pytest.fixture
def naming() -> Naming:
    """Topic names of this test alone."""
    return fresh_naming()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A broker of the test's own to ``kill``, ``pause``, ``resume`` and ``start`` again: same data, same port."""
    opened = local_broker(tmp_path / "kafka", why="a test wants to break it")
    yield opened
    opened.stop()

"""What readers of partitions do where nobody answers, or the topic is not there."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import held
from contracts.errors import StopWorker
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker

pytestmark = pytest.mark.lengthy

AWAY = Cluster("127.0.0.1:9", {"log_level": "0"})


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Garbage that lies in rings stays."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("within_s", [0.1, 1.2], ids=["asked once", "asked again"])
def test_a_client_that_got_no_answer_goes_with_its_threads(
    within_s: float,
) -> None:
    admin = AWAY.admin()
    client = weakref.ref(admin)
    try:
        held(admin, [("t", 0)], within_s)
    except StopWorker:
        pass
    else:
        pytest.fail("nobody can have answered")
    StopWorker.latest = None  # it alone may keep the last one
    del admin
    assert client() is None


def test_a_topic_that_is_missing_is_said_to_be(broker: Broker, naming: Naming) -> None:
    make_topics(broker.cluster, [naming.topic("other")])  # of a broker without any nobody can tell
    with pytest.raises(StopWorker, match=r"topic no\.such does not exist: .*topics apply"):
        held(broker.cluster.admin(), [("no.such", 0)])

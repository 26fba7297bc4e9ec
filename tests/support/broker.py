"""A real Kafka for tests: one for each process of pytest, started by the first that asks; names keep tests apart.

Fixtures (in ``tests/conftest.py``): ``broker`` (session; ``.bootstrap``, ``.cluster``, ``.why``), ``naming`` (topic
names that no other test has) and ``own_broker`` (a ``LocalBroker`` of the test's own, to kill, pause and start again).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from connectors.kafka.admin import BROKERS_DEFAULT, NewTopicFacts, create_topics
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming


def fresh_naming(generation: str = "g1") -> Naming:
    """Names under a prefix that nothing else has."""
    return Naming(prefix=f"t{secrets.token_hex(5)}", generation=generation)


def make_topics(cluster: Cluster, names: Iterable[str], partitions: int = 2) -> None:
    """Create plain topics and wait until they can be read.

    For the declared ones with their settings there is ``wiring.kafka.topics.apply_topics``.
    """
    create_topics(cluster, dict.fromkeys(names, NewTopicFacts(partitions, BROKERS_DEFAULT, {})))

"""One Kafka cluster: its address and what every client of it is told.

``properties`` are librdkafka's own names (``security.protocol``, ``sasl.mechanism``, ``ssl.ca.location`` …), passed
through as they are; a file in Java's properties form gives them, so that no secret stands on a command line.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from contracts.errors import StopWorker, WrongUsage

# The largest record, 4 MB: a feedback item of the largest accepted size, sealed and in base64, with room.
LARGEST_RECORD = 4 << 20

T = TypeVar("T")

# How long a produce may take with all its retries before the epoch fails.
DELIVERED_WITHIN_MS = 30_000


# The client says of every attempt to connect that it failed, many times a second; what matters comes as errors. Whoever
# wants its words sets a handler.
_LOG = logging.getLogger("undercurrent.kafka")
_LOG.addHandler(logging.NullHandler())
# That ``enable.gapless.guarantee`` is experimental is known: without it a refused message leaves a gap for certain.
_LOG.addFilter(lambda record: "enable.gapless.guarantee" not in record.getMessage())


@dataclass(frozen=True, slots=True)
class Cluster:
    """Makes clients of one cluster; what a caller asks for overrules ``properties``, which overrule our defaults."""

    bootstrap: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def producer(self, **extra: Any) -> Producer:
        """An idempotent producer: acknowledged by all replicas, in order, nothing twice while it lives."""
        ours = {
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "zstd",
            "linger.ms": 5,
            "message.max.bytes": LARGEST_RECORD,
            "message.timeout.ms": DELIVERED_WITHIN_MS,
        }
        return Producer(self._config(ours, extra))

    def consumer(self, **extra: Any) -> Consumer:
        """A consumer that is assigned partitions by its owner, and fails where an offset does not exist."""
        ours = {
            "group.id": "undercurrent-unused",  # the client demands one; we never join nor commit to it
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
        }
        return Consumer(self._config(ours, extra))

    def admin(self, **extra: Any) -> AdminClient:
        """A client for topics and offsets."""
        return AdminClient(self._config({}, extra))

    def _config(self, ours: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
        # Properties have dots; what is called back (``on_commit``) is the Python client's own, and named as it is.
        given = {name if callable(value) else name.replace("_", "."): value for name, value in extra.items()}
        where = {"bootstrap.servers": self.bootstrap, "logger": _LOG}
        return {**ours, **self.properties, **given, **where}


def read_properties(path: Path) -> dict[str, str]:
    """The ``name=value`` lines of a properties file. Raises ``WrongUsage`` with the line that is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as exc:
        raise WrongUsage(f"{path}: {exc.strerror or exc}") from exc
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(("#", "!")):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise WrongUsage(f"{path}, line {number}: not of the form name=value")
        found[name.strip()] = value.strip()
    return found


def answer_of(future: Future[T]) -> T:
    """What an admin client was answered. Raises ``KafkaException`` anew where that is an error.

    The client's own exception lies in a ring with its futures: raised as it is, it would keep every frame that it
    passes, and so the clients in them with their threads and connections, until all garbage is collected.
    """
    failed = future.exception()
    if isinstance(failed, KafkaException):
        raise KafkaException(*failed.args)
    return future.result()


def kafka_errors(doing: str) -> AbstractContextManager[None]:
    """Turn what the client raises into ``StopWorker`` that says what was being done."""
    return _Translated(doing)


class _Translated(AbstractContextManager[None]):
    """No generator: from Python 3.12 on its frame is in a ring with what is raised, and so are the clients with it."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(raised, KafkaException):
            error = raised.args[0] if raised.args else raised
            said = error.str() if hasattr(error, "str") else str(error)
            raise StopWorker(
                f"{self._doing}: {said}; see that the broker is reachable, then start again"
            ) from raised

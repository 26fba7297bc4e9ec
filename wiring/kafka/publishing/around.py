"""What a lane asks of the world, answered by Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from confluent_kafka.admin import AdminClient

from connectors.kafka.cluster import Cluster, kafka_errors
from connectors.kafka.names import Naming
from connectors.kafka.reading import between, headers_of, held, passes
from contracts.errors import StopWorker
from wiring.kafka.publishing.book import stage_offsets
from wiring.kafka.publishing.lane import Rules, Standing
from wiring.kafka.publishing.marks import stamp_of

ANSWERED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Asking:
    """The clients that all lanes of a process ask with."""

    cluster: Cluster
    admin: AdminClient


@dataclass(frozen=True, slots=True)
class Around:
    """The ``Surroundings`` of one lane; ``settle`` waits until all that it published is delivered."""

    asking: Asking
    naming: Naming
    rules: Rules
    settle: Callable[[], object]
    say: Callable[[str], None]

    def first(self, generation: str) -> int | None:
        """See ``Surroundings``. A replay may run the last stages only: its other topics exist, and stay empty."""
        naming = replace(self.naming, generation=generation)
        name = naming.topic(self.rules.topic)
        with kafka_errors(f"looking at {name}"):
            # Not the consumer: its connection is busy waiting for messages most of the time.
            found = self.asking.admin.list_topics(name, timeout=ANSWERED_WITHIN_S).topics[name]
        if found.error is not None:
            if passes(found.error):
                raise StopWorker(f"looking at {name}: {found.error.str()}; start again")
            return None
        place = (name, self.rules.partition)
        there = held(self.asking.admin, [place])[place]
        return there.first if there.end or self._is_run(naming) else None

    def standing(self) -> Mapping[bytes, Standing]:
        """See ``Surroundings``. Keys only; there are as many as themes."""
        self.settle()
        place = (self.naming.public(self.rules.topic), self.rules.partition)
        there = held(self.asking.admin, [place])[place]
        found: dict[bytes, Standing] = {}
        for message in between(self.asking.cluster, *place, *there):
            if (key := message.key()) is not None:
                found[bytes(key)] = Standing(stamp_of(headers_of(message)), message.value() is not None)
        return found

    def tell(self, notice: str) -> None:
        """See ``Surroundings``."""
        self.say(notice)

    def _is_run(self, naming: Naming) -> bool:
        """Whether the stage whose marks count ever told how far it is in a generation."""
        return bool(stage_offsets(self.asking.cluster, naming, self.rules.stage))

"""The consumers on the topics' pages, copied as they stand, read a real broker and forgive a repeat."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from connectors.kafka.cluster import Cluster
from connectors.kafka.messages import KafkaMessage, Origin, message_of
from connectors.kafka.names import Naming
from contracts.registry import read_record
from tests.support.broker import make_topics
from wiring.kafka.broker import Broker
from wiring.schemas.pages import name_of, pages

# Whoever runs the tests in the background may have them ignore Ctrl-C, and so would what they start.
INTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"

EXAMPLES = Path(__file__).parents[2] / "contracts/examples"


def example(topic: str, name: str, position: int = 0, **other: str) -> KafkaMessage:
    """An example of a topic as a stage would send it, with some fields changed."""
    value = json.dumps(json.loads((EXAMPLES / topic / "1.0" / name).read_bytes()) | other).encode()
    return message_of(
        Origin(topic, "theme_id", "g1", "themes", 0), position, read_record(topic, value), value
    )


def send(cluster: Cluster, topic: str, messages: Iterable[KafkaMessage]) -> None:
    producer = cluster.producer()
    for message in messages:
        producer.produce(
            topic, key=message.key, value=message.value, headers=list(message.headers), partition=0
        )
    assert producer.flush(20) == 0


@contextmanager
def consumer_of(page: str, topic: str, bootstrap: str, directory: Path) -> Iterator[Iterator[str]]:
    """The lines that the page's consumer prints, reading ``topic`` in place of the page's own."""
    (code,) = re.findall(r"```python\n(.*?)```", pages()[f"{page}.md"], re.DOTALL)
    code = code.replace(name_of(page), topic).replace("your-team.your-app", topic)
    code = INTERRUPTIBLE + code
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=directory, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
            process.send_signal(signal.SIGINT)
        except BaseException:  # what waits for it to end would wait for ever
            process.kill()
            raise


def test_the_consumer_of_a_table_keeps_the_latest_of_each_key(
    broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    topic = naming.public("themes")
    make_topics(broker.cluster, [topic], 1)
    first, gone = example("themes", "theme.json"), example("themes", "theme.json", theme_id="t2")
    send(broker.cluster, topic, [first, first, gone, gone._replace(value=None)])
    with consumer_of("themes", topic, broker.bootstrap, tmp_path) as lines:
        assert [next(lines).split()[0] for _ in range(4)] == ["now", "now", "now", "gone"]
    with closing(sqlite3.connect(tmp_path / "themes.sqlite3")) as table:
        assert [key for (key,) in table.execute("SELECT key FROM latest")] == [(first.key or b"").decode()]


def test_the_consumer_of_events_acts_once_on_what_comes_twice_also_after_a_restart(
    broker: Broker, naming: Naming, tmp_path: Path
) -> None:
    topic = naming.public("theme-events")
    make_topics(broker.cluster, [topic], 1)
    events = [example("theme-events", "born.json", n, id=f"0-{n}-themes-0") for n in range(3)]
    said = []
    for batch in ([events[0], events[0], events[1]], [events[1], events[2]]):
        send(broker.cluster, topic, batch)
        with consumer_of("theme-events", topic, broker.bootstrap, tmp_path) as lines:
            said += [next(lines).split()[0] for _ in batch]
    assert said == ["new", "repeat", "new", "repeat", "new"]

"""The broker itself is killed, freezes, or loses the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from tests.support.broker import make_topics
from wiring.kafka.server import LocalBroker, answers

pytestmark = pytest.mark.alone

ENDED_WITHIN_S = 10.0

OWNER = """
import sys, time
from pathlib import Path
from wiring.kafka.broker import local_broker
print(local_broker(Path(sys.argv[1])).pid, flush=True)
time.sleep(600)
"""


def test_what_was_acknowledged_outlives_a_kill(own_broker: LocalBroker) -> None:
    make_topics(own_broker.cluster, ["t"], partitions=1)
    producer = own_broker.cluster.producer()
    producer.produce("t", b"v", partition=0)
    producer.flush()
    killed = own_broker.pid
    own_broker.kill()
    own_broker.start()
    consumer = own_broker.cluster.consumer()
    assert consumer.get_watermark_offsets(TopicPartition("t", 0), timeout=10) == (0, 1)
    consumer.close()
    assert own_broker.pid != killed


def test_a_frozen_broker_answers_again_once_it_goes_on(own_broker: LocalBroker) -> None:
    own_broker.pause()
    frozen = answers(own_broker.cluster, within_s=0.5)
    own_broker.resume()
    assert not frozen
    assert answers(own_broker.cluster, within_s=10.0)


def test_a_broker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, tmp_path / "kafka"], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        os.kill(owner.pid, signal.SIGKILL)
    deadline = time.monotonic() + ENDED_WITHIN_S
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(pid)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

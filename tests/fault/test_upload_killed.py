"""F44's upload: kill -9 to the command while it uploads; the next one goes on at the same row."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.processes import python_path
from connectors.kafka.names import Naming
from connectors.kafka.reading import held
from contracts.feedback import FeedbackReceived
from tests.support.broker import make_topics
from tests.unit.wiring.bulk.lanes import records, reviews, write_csv
from wiring.kafka.broker import Broker

ROWS = 9_000


def command(broker: Broker, naming: Naming, path: Path, data: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "cli", "upload", str(path), "--data", str(data), "--processes", "1"]
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap, "PYTHONPATH": python_path()}
    return subprocess.Popen([*argv, "--prefix", naming.prefix, "--partitions", "1"], env=env)


def stored(broker: Broker, topic: str) -> int:
    return held(broker.cluster.admin(), [(topic, 0)])[topic, 0].end


@pytest.mark.parametrize("at", [1, 4_000])
def test_an_upload_that_is_killed_goes_on_at_the_same_row(
    broker: Broker, naming: Naming, tmp_path: Path, at: int
) -> None:
    topic = naming.topic("bulk")
    make_topics(broker.cluster, [naming.journal, topic], 1)
    path = write_csv(tmp_path / "r.csv", reviews(ROWS))
    killed = command(broker, naming, path, tmp_path / "data")
    deadline = time.monotonic() + 60
    while stored(broker, topic) < at and killed.poll() is None:
        assert time.monotonic() < deadline
    killed.kill()
    killed.wait()
    assert command(broker, naming, path, tmp_path / "data").wait(timeout=60) == 0
    lines = [r.found_at.line for r in records(broker.cluster, topic) if isinstance(r, FeedbackReceived)]
    assert lines == list(range(2, ROWS + 2))

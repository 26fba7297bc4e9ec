"""How fast a file goes into the bulk lane, in how much memory, and what a kill costs; on a real broker.

``python -m bench.bulk [--rows 1000000] [--kill] [--processes N]``

The command is ``undercurrent upload`` as people run it. Every row has an id, an author of its own in three of five, and
130 characters of text. Memory is that of the command and the processes that it starts, measured twice a second.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from connectors.kafka.admin import create_topics
from connectors.kafka.cluster import Cluster
from connectors.kafka.names import Naming
from connectors.kafka.reading import held
from settings import load_settings
from wiring.kafka.broker import open_broker
from wiring.kafka.topics import wanted_topics

PARTITIONS = 12
TEXT = "Since the update of last week the export to CSV stops at row {n} and says nothing, and {m} people wait for it"


class Ran(NamedTuple):
    """One run of the command: seconds on the clock and of CPU, and MB of memory at each look."""

    took_s: float
    cpu_s: float
    memory_mb: list[float]


def main() -> None:
    """Measure and print."""
    told = _told()
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        with TemporaryDirectory(prefix="undercurrent-bench-") as folder:
            _measure(told, broker.cluster, Path(folder))
    finally:
        broker.stop()


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, help="processes that seal; default: the command's own")
    parser.add_argument("--kill", action="store_true", help="kill -9 halfway, and go on")
    return parser.parse_args()


def _measure(told: argparse.Namespace, cluster: Cluster, folder: Path) -> None:
    naming = Naming(prefix="bench-bulk")
    topic = naming.topic("bulk")
    declared = wanted_topics(naming, partitions=PARTITIONS)
    create_topics(cluster, {name: declared[name].new for name in (naming.journal, topic)})
    path = write_rows(folder / "feedback.csv", told.rows)
    print(f"{told.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB", flush=True)
    if told.kill:
        _run(cluster, folder, path, told.processes, kill_after_s=told.rows / 15_000 / 2)
        print(f"killed with {_stored(cluster, topic):,} records in the topic", flush=True)
    ran = _run(cluster, folder, path, told.processes)
    stored, half = _stored(cluster, topic), len(ran.memory_mb) // 2
    print(f"records in the topic: {stored:,} of {told.rows:,}")
    print(f"{told.rows / ran.took_s:,.0f} rows/s, start of the command included ({ran.took_s:.1f} s)")
    print(f"{1e6 * ran.cpu_s / told.rows:.0f} µs of CPU a row, all processes of the command")
    first, second = max(ran.memory_mb[:half], default=0.0), max(ran.memory_mb[half:], default=0.0)
    print(f"memory: at most {first:.0f} MB in the first half, {second:.0f} MB in the second")


def write_rows(path: Path, rows: int) -> Path:
    """A file of so many rows."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,created_at,author,account,rating,country,text\n")
        for n in range(rows):
            when = f"2026-{1 + n % 12:02}-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z"
            who = f"person-{n * 3 // 5}@example.com,account-{n % 4000}"
            file.write(f'{n},{when},{who},{1 + n % 5},DE,"{TEXT.format(n=n, m=n % 7)}"\n')
    return path


def _run(
    cluster: Cluster, folder: Path, path: Path, processes: int | None, kill_after_s: float | None = None
) -> Ran:
    argv = [sys.executable, "-m", "cli", "upload", str(path), "--data", str(folder / "data")]
    argv += ["--prefix", "bench-bulk", "--partitions", str(PARTITIONS)]
    argv += [] if processes is None else ["--processes", str(processes)]
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap}
    began, memory, cpu = time.monotonic(), [], _cpu_s()
    process = subprocess.Popen(argv, env=env)
    while process.poll() is None:
        memory.append(sum(map(_rss_mb, _family(process.pid))))
        if kill_after_s is not None and time.monotonic() - began > kill_after_s:
            process.kill()
        time.sleep(0.5)
    if kill_after_s is None and process.returncode:
        raise SystemExit(process.returncode)
    return Ran(time.monotonic() - began, _cpu_s() - cpu, memory)


def _cpu_s() -> float:
    """Seconds of CPU of all processes that ended, those that they started too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stored(cluster: Cluster, topic: str) -> int:
    places = [(topic, p) for p in range(PARTITIONS)]
    return sum(one.end for one in held(cluster.admin(), places).values())


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text("ascii").split():
            yield from _family(int(child))


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4096 / 1e6
    except (OSError, IndexError):
        return 0.0


if __name__ == "__main__":
    main()

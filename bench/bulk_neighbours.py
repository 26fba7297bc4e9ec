"""What a bulk load does to its neighbours: journal → assignment latency in its partition, without it and with it.

``python -m bench.bulk_neighbours [--seconds 25] [--share 0.33]``

The stages and the feeder run as ``undercurrent up`` runs them, with shipped settings; live feedback of 24 tenants comes
at a share of what the stages can do. Latencies are by the broker's clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.bulk import write_rows
from bench.headline.edge import command
from bench.kafka.common import Bench, Ground, quantile
from bench.kafka.latency import TOPICS, _ends, first_times
from bench.kafka.load import Steady
from bench.kafka.processes import Processes
from bench.kafka.stages import on_kafka
from bench.kafka.workload import Round, make_rounds, tenants
from connectors.kafka.admin import create_topics
from connectors.kafka.messages import header
from connectors.kafka.reading import between, headers_of, offset_of
from contracts.identity import partition
from settings import load_settings
from wiring.bulk.book import UploadBook
from wiring.bulk.channel import FED
from wiring.bulk.upload import Lane, Options, upload
from wiring.kafka.broker import open_broker
from wiring.kafka.topics import wanted_topics
from wiring.topics import STAGES

ROWS = 20_000
SETTLE_S = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--share", type=float, default=0.33, help="live load as a share of capacity")
    told = parser.parse_args()
    broker = open_broker(load_settings())
    print(f"broker {broker.bootstrap}: {broker.why}", flush=True)
    try:
        with TemporaryDirectory(prefix="undercurrent-bench-") as folder:
            _measure(Bench(broker.cluster, Path(folder)).ground("bulk"), told.seconds, told.share)
    finally:
        broker.stop()


def _measure(ground: Ground, seconds: float, share: float) -> None:
    warm, burst, alone, beside = make_rounds(ground.keys, [96, 600, 3_000, 3_000])
    ground.make()
    bulk = ground.naming.topic("bulk")
    create_topics(
        ground.cluster, {bulk: wanted_topics(ground.naming, partitions=ground.partitions)[bulk].new}
    )
    loaded = _upload(ground, bulk)
    with Processes(ground, dict.fromkeys(STAGES, 1)) as stages:
        stages.await_ready()
        on_kafka(ground, warm)
        capacity = burst.items / on_kafka(ground, burst)
        print(f"capacity {capacity:.0f} items/s, live load {share * capacity:.0f} items/s", flush=True)
        before = _latencies(ground, alone, share * capacity, seconds)
        told = ("--partitions", str(ground.partitions), "--generation", ground.naming.generation)
        with command(ground, "feeder", *told):
            after = _latencies(ground, beside, share * capacity, seconds)
    fed = ground.held("journal")[loaded].end
    print(f"journal of partition {loaded}: {fed} records")
    for name, partitions in (("the loaded partition", {loaded}), ("all partitions", set(range(12)))):
        one, other = ([s for p, s in found if p in partitions] for found in (before, after))
        print(
            f"{name}: p50 {statistics.median(one):.2f} → {statistics.median(other):.2f} s, "
            f"p95 {quantile(one, 0.95):.2f} → {quantile(other, 0.95):.2f} s "
            f"({quantile(other, 0.95) / quantile(one, 0.95):.2f} ×), {len(one)} and {len(other)} items"
        )


def _upload(ground: Ground, bulk: str) -> int:
    """A file of a tenant beside the live ones; its partition."""
    place = partition(tenants()[0], ground.partitions)
    name = next(f"bulk-{n}" for n in range(10_000) if partition(f"bulk-{n}", ground.partitions) == place)
    path = write_rows(ground.data / "history.csv", ROWS)
    lane = Lane(name, ground.cluster, bulk, place, ground.keys, UploadBook(ground.data / "uploads"))
    upload(path, Options(), lane, now=datetime.now(UTC))
    return place


def _latencies(ground: Ground, stream: Round, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Partition and latency of each live item; what the feeder wrote has another producer and does not count."""
    begins = {short: _ends(ground, short) for short in TOPICS}
    with Steady(ground, stream, rate):
        time.sleep(SETTLE_S + seconds)
    time.sleep(4)
    at = {short: first_times(ground, short, begins[short]) for short in ("journal", "assignments")}
    live = _live(ground, begins["journal"])
    settled = min(at["journal"].values()) + SETTLE_S
    causes = [c for c in at["assignments"] if c in live and at["journal"].get(c, 0.0) > settled]
    return [(cause[0], at["assignments"][cause] - at["journal"][cause]) for cause in causes]


def _live(ground: Ground, begin: dict[int, int]) -> set[tuple[int, int]]:
    """The journal records that no feeder wrote."""
    return {
        (p, offset_of(message))
        for p, there in ground.held("journal").items()
        for message in between(ground.cluster, ground.naming.journal, p, begin[p], there.end)
        if header(headers_of(message), FED) is None
    }


if __name__ == "__main__":
    main()

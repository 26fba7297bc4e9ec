"""Play a sample live: feed the journal day by day, watch the committed outputs, kill the worker on request."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from cli.complaint import notify
from cli.narrator import Narrator
from cli.watching import Progress
from cli.worker import PARTITIONS, Worker
from connectors.files.mapping import parse_mapping
from connectors.files.reader import columns
from connectors.jsonl.log import JsonlLog
from connectors.keys.vault import LocalVault
from contracts.errors import StopWorker
from contracts.identity import partition
from demo.records import DAYS, EPOCH, Sample
from wiring.datadir import DataDir
from wiring.history import APPEND_RECORDS, Feed, customer_records, read_arrivals
from wiring.journal import Arrival, RecordMaker

POLL_S = 0.2
DAY = timedelta(days=1)

# Longest wait for the worker after the last day was fed, before the demo calls it stuck.
CATCH_UP_S = 300.0


class Show:
    """One performance of a sample in a fresh data directory."""

    def __init__(
        self, out: Path, tenant: str, sample: Sample, console: Console, *, kills: int, seconds: float
    ) -> None:
        self._out = out
        self._tenant = tenant
        self._sample = sample
        self._console = console
        self._day_s = seconds / DAYS
        # Days at whose end the worker is killed: spread over the performance, by the sample's seed.
        days = range(2, DAYS - 2)
        self._kill_days = set(random.Random(sample.seed).sample(days, min(kills, len(days))))  # noqa: S311
        self._narrator = Narrator(out, EPOCH, console)
        self._done = Progress(out)
        self._noted: set[str] = set()

    def play(self) -> None:
        """Feed and watch to the end. Raises ``StopWorker`` when the worker fails."""
        vault = LocalVault(self._out / "keys")
        with JsonlLog(DataDir(self._out).journal, PARTITIONS) as journal:
            worker = Worker(self._out, follow=True)
            try:
                self._console.print("starting the worker (models load in a few seconds) …")
                place = partition(self._tenant, PARTITIONS)
                for day, records in self._days(vault):
                    for start in range(0, len(records), APPEND_RECORDS):
                        journal.append(place, records[start : start + APPEND_RECORDS])
                    if day == 0:
                        self._catch_up(worker, 1)
                    self._watch(worker, self._day_s)
                    if day in self._kill_days:
                        worker = self._kill(worker, day)
                self._catch_up(worker, journal.count(place))
            finally:
                worker.stop()
                vault.close()
        self._narrator.look()

    def _days(self, vault: LocalVault) -> Iterator[tuple[int, list[bytes]]]:
        """The journal records of each day, and of the tick after the last."""
        maker = RecordMaker(self._tenant, vault, EPOCH + DAY * DAYS)
        feed = Feed(maker)
        arrivals = self._arrivals(vault)
        for day in range(DAYS + 4):
            until = EPOCH + DAY * (day + 1)
            due = [arrival for arrival in arrivals if arrival.at < until]
            if day >= DAYS and not arrivals:
                break
            arrivals = arrivals[len(due) :]
            records = list(customer_records(self._out / "customers.csv", maker, EPOCH)) if day == 0 else []
            records += feed.records(due, until - timedelta(hours=1))
            yield day, records
        yield DAYS, list(feed.end())

    def _arrivals(self, vault: LocalVault) -> list[Arrival]:
        source = self._out / "feedback.jsonl"
        times = {delivery.line: delivery.arrived_at for delivery in self._sample.deliveries}
        mapping = parse_mapping(None, columns(source))
        return read_arrivals(source, mapping, vault, self._tenant, EPOCH, times.__getitem__)

    def _watch(self, worker: Worker, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self._check(worker)
            self._narrator.look()
            left = until - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(POLL_S, left))

    def _kill(self, worker: Worker, day: int) -> Worker:
        worker.kill()
        self._console.print(
            f"day {day + 1}: kill -9 of the worker after {self._done.records()} journal records; starting it again",
            style="bold magenta",
        )
        return Worker(self._out, follow=True)

    def _catch_up(self, worker: Worker, total: int) -> None:
        until = time.monotonic() + CATCH_UP_S
        while self._done.records() < total:
            self._check(worker)
            self._narrator.look()
            if time.monotonic() > until:
                raise StopWorker(
                    f"the worker did not finish in {CATCH_UP_S:.0f} s; see {self._out}/worker.log"
                )
            time.sleep(POLL_S)

    def _check(self, worker: Worker) -> None:
        # A worker that was killed and started again says the same once more.
        notices = [notice for notice in worker.notices() if notice not in self._noted]
        notify(self._console, notices)
        self._noted.update(notices)
        if worker.poll() is not None:
            raise worker.failure()

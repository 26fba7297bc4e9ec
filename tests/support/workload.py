"""Deliveries of several tenants, in an order that a seed decides, and the account of who was told what.

``make_workload`` seals deliveries of the demo's sample for every tenant, with the ticks between them, and mixes the
tenants of a partition. ``Appending`` sends that to the journal on Kafka in a thread and notes each attempt in a JSONL
file: ``invoke`` before it, then ``ok`` (accepted), ``fail`` (none of it was written), or ``info`` (nobody knows: it is
sent again, as a client would that got no answer).
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from connectors.files.mapping import parse_mapping
from connectors.files.reader import columns
from connectors.jsonl.log import JsonlLog, read_log
from connectors.kafka.cluster import Cluster
from connectors.kafka.journal import KafkaJournal
from connectors.keys.vault import LocalVault
from contracts.errors import PipelineError, WrongUsage
from contracts.identity import partition as partition_of
from demo.records import Delivery
from demo.sample import generate
from demo.write import write_customers
from tests.support.product import LOADED_AT, SEED
from wiring.datadir import DataDir
from wiring.history import Feed, customer_records, read_arrivals
from wiring.journal import RecordMaker

TENANTS: Mapping[str, slice] = {
    "canary-ada": slice(930, 1130),
    "canary-bob": slice(950, 1010),
    "canary-cyd": slice(300, 350),
    "canary-eve": slice(1500, 1560),
    "canary-fay": slice(1000, 1060),
}
"""Each tenant's part of the sample. Their names are unlike any word of it, so one in a stranger's record shows."""

CUSTOMERS = 40


@dataclass(frozen=True, slots=True)
class Workload:
    """A folder with keys and a journal that no flow has read, and what the journal holds."""

    root: Path
    seed: int
    partitions: int

    @property
    def keys(self) -> Path:
        """The key store under which everything was sealed."""
        return self.root / "keys"

    def lines(self, partition: int) -> list[bytes]:
        """The records of one partition, in order."""
        return [line.data for line in read_log(DataDir(self.root).journal, partition)]

    def journal(self) -> dict[int, list[bytes]]:
        """The records of every partition."""
        return {p: self.lines(p) for p in range(self.partitions)}


def make_workload(root: Path, seed: int, partitions: int, tenants: Mapping[str, slice] = TENANTS) -> Workload:
    """Seal and mix the deliveries; a pure function of its arguments but for the keys."""
    rng = random.Random(seed)
    root.mkdir(parents=True, exist_ok=True)
    sample = generate(SEED)
    write_customers(sample, root / "customers.csv")
    with closing(LocalVault(root / "keys")) as vault, JsonlLog(DataDir(root).journal, partitions) as journal:
        streams: dict[int, list[Iterator[bytes]]] = {p: [] for p in range(partitions)}
        for tenant, part in tenants.items():
            lines = list(_lines_of(tenant, sample.deliveries[part], vault, root))
            streams[partition_of(tenant, partitions)].append(iter(lines))
        for p, waiting in streams.items():
            journal.append(p, list(_mixed(waiting, rng)))
    return Workload(root, seed, partitions)


def _lines_of(tenant: str, deliveries: Sequence[Delivery], vault: LocalVault, root: Path) -> Iterator[bytes]:
    source = root / "feedback.jsonl"
    source.write_bytes(b"".join(delivery.raw + b"\n" for delivery in deliveries))
    maker = RecordMaker(tenant, vault, LOADED_AT)
    begin = deliveries[0].arrived_at
    yield from islice(customer_records(root / "customers.csv", maker, begin), CUSTOMERS)
    feed = Feed(maker)
    arrivals = read_arrivals(source, parse_mapping(None, columns(source)), vault, tenant, LOADED_AT)
    yield from feed.records(arrivals)
    yield from feed.end()


def _mixed(waiting: list[Iterator[bytes]], rng: random.Random) -> Iterator[bytes]:
    """Runs of up to 30 records of one tenant after another; each tenant's own order stays."""
    waiting = list(waiting)
    while waiting:
        one = rng.choice(waiting)
        run = list(islice(one, rng.randint(1, 30)))
        if not run:
            waiting.remove(one)
        yield from run


class Account:
    """What the writer of the journal was told, one JSON object a line, durable enough to outlive the writer."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._file = path.open("a", encoding="utf-8")

    def note(self, what: str, partition: int, first: int, count: int, why: str = "") -> None:
        """Note one step of an attempt at records ``first`` up to before ``first + count`` of the workload."""
        entry = {
            "t": round(time.time(), 3),
            "op": what,
            "partition": partition,
            "first": first,
            "count": count,
        }
        self._file.write(json.dumps(entry | ({"why": why} if why else {})) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Attempt(NamedTuple):
    """One append that ended: ``ok``, ``fail`` or ``info``, and the records that it was about."""

    op: str
    partition: int
    lines: list[bytes]


def attempts(account: Path, workload: Workload) -> list[Attempt]:
    """Every attempt that an account tells the end of."""
    journal = workload.journal()
    notes = [json.loads(line) for line in account.read_text("utf-8").splitlines()]
    return [
        Attempt(
            note["op"],
            note["partition"],
            journal[note["partition"]][note["first"] : note["first"] + note["count"]],
        )
        for note in notes
        if note["op"] != "invoke"
    ]


class Appending:
    """Sends a workload in small appends at about ``rate`` records a second; ``join`` waits until all is accepted."""

    def __init__(
        self, cluster: Cluster, topic: str, workload: Workload, account: Path, *, rate: float, within_s: float
    ) -> None:
        self._cluster = cluster
        self._topic = topic
        self._workload = workload
        self._account = Account(account)
        self._pause_s = 1.0 / rate
        self._deadline = time.monotonic() + within_s
        self._why: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="appending", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """All is accepted, or it failed."""
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for the last record. Raises what kept it from being accepted."""
        self._thread.join()
        self._account.close()
        if self._why is not None:
            raise AssertionError(f"seed {self._workload.seed}: the journal did not take all") from self._why

    def _run(self) -> None:
        try:
            rng = random.Random(self._workload.seed)
            with KafkaJournal(self._cluster, self._topic, self._workload.partitions, "workload") as journal:
                for partition, first, lines in _appends(self._workload, rng):
                    self._accepted(journal, partition, first, lines)
                    time.sleep(len(lines) * self._pause_s)
        except Exception as exc:  # noqa: BLE001 - told by ``join``, in the thread that waits
            self._why = exc

    def _accepted(self, journal: KafkaJournal, partition: int, first: int, lines: list[bytes]) -> None:
        """Try until the records are accepted."""
        while True:
            self._account.note("invoke", partition, first, len(lines))
            try:
                journal.append(partition, lines)
            except WrongUsage as exc:
                self._account.note("fail", partition, first, len(lines), str(exc))
                raise
            except PipelineError as exc:
                self._account.note("info", partition, first, len(lines), str(exc))
                if time.monotonic() > self._deadline:
                    raise
                time.sleep(0.2)
            else:
                self._account.note("ok", partition, first, len(lines))
                return


def _appends(workload: Workload, rng: random.Random) -> Iterator[tuple[int, int, list[bytes]]]:
    """Appends of 1 to 40 records of a partition, until all are named."""
    left = {p: (0, lines) for p, lines in workload.journal().items() if lines}
    while left:
        partition = rng.choice(sorted(left))
        first, lines = left[partition]
        count = rng.randint(1, 40)
        yield partition, first, lines[first : first + count]
        if first + count >= len(lines):
            del left[partition]
        else:
            left[partition] = (first + count, lines)

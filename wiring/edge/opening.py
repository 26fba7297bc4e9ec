"""Open the edge's parts: its store, and a gate before the journal on Kafka or before a data directory's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from connectors.jsonl.accepting import JsonlAccepting
from connectors.kafka.accepting import KafkaAccepting
from connectors.keys.vault import LocalVault
from connectors.store.engine import open_store, sqlite_url
from contracts.errors import RetryLater
from settings import Settings
from wiring.datadir import DataDir
from wiring.edge.gate import Gate
from wiring.edge.quotas import Quota, Quotas
from wiring.edge.sealing import Sealer
from wiring.kafka.running import Site
from wiring.kafka.sharing import refuse_unlike_stages
from wiring.loads import LoadBook

STORE_FILE = Path("edge") / "store.sqlite3"
"""The embedded store, in the folder of keys."""


def now_utc() -> datetime:
    """The time that records are marked with."""
    return datetime.now(UTC)


def edge_store(settings: Settings, data: Path) -> Engine:
    """The store that is set, else a SQLite file in ``data``. Raises as ``open_store``."""
    if settings.store_url is not None:
        return open_store(settings.store_url.get_secret_value())
    return open_store(sqlite_url(data / STORE_FILE))


def quota_of(settings: Settings) -> Quota:
    """What a tenant may send."""
    return Quota(settings.tenant_live_per_s, max(settings.tenant_live_per_s, settings.tenant_most_per_s))


@contextmanager
def kafka_gate(site: Site, quota: Quota, *, now: Callable[[], datetime] = now_utc) -> Iterator[Gate]:
    """A gate before the journal and the bulk topic on Kafka.

    Raises as ``refuse_unlike_stages``.
    """
    refuse_unlike_stages(site)
    topics = {short: site.naming.topic(short) for short in ("journal", "bulk")}
    with (
        closing(LocalVault(site.keys)) as vault,
        KafkaAccepting(site.cluster, topics) as accepting,
        closing(Gate(Sealer(vault), accepting, site.partitions, quotas=Quotas(quota), now=now)) as gate,
    ):
        yield gate


@contextmanager
def embedded_gate(
    directory: Path, partitions: int, quota: Quota, *, now: Callable[[], datetime] = now_utc
) -> Iterator[Gate]:
    """A gate before a data directory's journal, all of it; it waits while a load of the directory is unfinished."""
    where = DataDir(directory)

    def no_load() -> None:
        if load := LoadBook(directory).unfinished:
            raise RetryLater(f"the load of {load.origin} is not finished", retry_after_s=10.0)

    with (
        closing(LocalVault(directory / "keys")) as vault,
        JsonlAccepting({"journal": where.journal}, partitions, may_write=no_load) as accepting,
        closing(
            Gate(Sealer(vault), accepting, partitions, quotas=Quotas(quota, has_bulk=False), now=now)
        ) as gate,
    ):
        yield gate

"""``undercurrent serve``: the HTTP interface, before a data directory's journal or the one on Kafka."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from api.app import make_api
from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.upload import open_lane
from cli.worker import PARTITIONS
from connectors.kafka.names import PREFIX, Naming
from connectors.keys.vault import LocalVault
from connectors.store.deliveries import DeliveryStore
from connectors.store.keys import KeyStore
from settings import Settings, load_settings
from wiring.bulk.desk import UploadDesk
from wiring.edge.deliveries import Deliveries
from wiring.edge.feedback import FeedbackDesk
from wiring.edge.gate import Gate
from wiring.edge.keys import Keyring
from wiring.edge.opening import edge_store, embedded_gate, kafka_gate, now_utc, quota_of
from wiring.engine import draining_on_signals
from wiring.health import LOOPBACK
from wiring.health import listening as listens
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site

PORT = 9770
MOST_UPLOAD_BYTES = 4 << 30
GRACE_S = 20


def serve(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Data directory of a run; without it Kafka is meant.")
    ] = None,
    data: DataOption = DATA,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where requests are answered.")] = PORT,
    host: Annotated[
        str, typer.Option(help="The address to listen on; a proxy with TLS stands before it.")
    ] = LOOPBACK,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
) -> None:
    """Take feedback over HTTP (POST /v1/feedback), and files where the journal is on Kafka; runs until SIGTERM.

    Example: undercurrent serve --dir out/reviews --port 9770
    """
    settings = load_settings()
    place = directory or data
    with ExitStack() as closing_all:
        listening = closing_all.enter_context(listens(host, port))
        if directory is None:  # before keys are made: it sees that they would be those of the stages
            gate = closing_all.enter_context(_on_kafka(settings, data, prefix, partitions))
        else:
            gate = closing_all.enter_context(embedded_gate(directory, PARTITIONS, quota_of(settings)))
        engine = edge_store(settings, place)
        closing_all.callback(engine.dispose)
        vault = closing_all.enter_context(closing(LocalVault(place / "keys")))
        deliveries = closing_all.enter_context(closing(Deliveries(DeliveryStore(engine))))
        uploads = None
        if directory is None:
            uploads = closing_all.enter_context(_uploads(settings, data, prefix, partitions))
        keyring = Keyring(KeyStore(engine), vault.digest, now_utc, time.monotonic)
        service = make_api(FeedbackDesk(gate, deliveries, vault.digest, now_utc), keyring, uploads)
        at = f"{host}:{listening.getsockname()[1]}"
        typer.echo(f"answers on http://{at}/v1/feedback, with the keys of {place}", err=True)
        # The server gives a signal on when it has ended; without somebody to take it nothing here would be closed.
        closing_all.enter_context(draining_on_signals())
        config = uvicorn.Config(
            service, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_S
        )
        uvicorn.Server(config).run(sockets=[listening])


def _on_kafka(
    settings: Settings, data: Path, prefix: str, partitions: int | None
) -> AbstractContextManager[Gate]:
    site = Site(named_cluster(settings), Naming(prefix=prefix), data, partitions or deployed_partitions())
    return kafka_gate(site, quota_of(settings))


@contextmanager
def _uploads(settings: Settings, data: Path, prefix: str, partitions: int | None) -> Iterator[UploadDesk]:
    lane = partial(open_lane, data=data, prefix=prefix, partitions=partitions, processes=1)
    kept = timedelta(days=settings.uploads_kept_days)
    desk = UploadDesk(data / "uploads" / "received", lane, MOST_UPLOAD_BYTES, kept)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()

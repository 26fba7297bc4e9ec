"""``undercurrent edge``: webhook pages and pollers before the journal on Kafka."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, ProcessCollector

from cli.flow import DATA, DataOption, Partitions, Prefix, deployed_partitions
from cli.processes import EDGE_PORT
from connectors.faust.app import LOOPBACK, Serving, run_app
from connectors.kafka.names import GENERATION, PREFIX, Naming
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.dispatch.opening import told_destinations
from wiring.edge.app import Edge, open_edge
from wiring.edge.connections import read_connections
from wiring.edge.opening import edge_store, quota_of
from wiring.health import Probes, listening, serving_if
from wiring.kafka.broker import named_cluster
from wiring.kafka.running import Site


def edge(
    data: DataOption = DATA,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where webhooks are answered.")] = EDGE_PORT,
    host: Annotated[
        str, typer.Option(help="The address to listen on; a proxy with TLS stands before it.")
    ] = LOOPBACK,
    health_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Answer /livez, /readyz and /metrics there.")
    ] = 0,
    poll: Annotated[bool, typer.Option(help="Poll vendors too, in one process of all.")] = True,
    dispatch: Annotated[
        bool, typer.Option("--dispatch", help="Dispatch too, as UNDERCURRENT_DESTINATIONS says.")
    ] = False,
    prefix: Prefix = PREFIX,
    partitions: Partitions = None,
    generation: Annotated[str, typer.Option(hidden=True)] = GENERATION,
) -> None:
    """Take webhooks and poll vendors, as UNDERCURRENT_CONNECTIONS says; runs until SIGTERM.

    Example: UNDERCURRENT_CONNECTIONS=connections.yaml undercurrent edge --port 9760
    """
    settings = load_settings()
    if settings.connections is None:
        raise WrongUsage("UNDERCURRENT_CONNECTIONS names no file: docs/edge.md says what stands in it")
    with listening(host, port) as free:  # Faust binds late, and ends with a traceback where the port is taken
        port = free.getsockname()[1]
    naming = Naming(prefix=prefix, generation=generation)
    site = Site(named_cluster(settings), naming, Path(data), partitions or deployed_partitions())
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    told = Edge(
        site=site,
        connections=read_connections(settings.connections),
        store=edge_store(settings, site.data),
        quota=quota_of(settings),
        serving=Serving(port, host),
        poll_every_s=settings.poll_every_s if poll else None,
        destinations=told_destinations(settings) if dispatch else None,
    )
    with (
        open_edge(told, registry) as opened,
        serving_if(Probes(readiness=opened.readiness, registry=registry), health_port),
    ):
        sys.stderr.write(f"webhooks on http://{host}:{port}/webhooks/VENDOR/CONNECTION\n")
        sys.stderr.flush()
        run_app(opened.app)

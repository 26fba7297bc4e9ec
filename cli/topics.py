"""``undercurrent topics apply|diff|describe``: the cluster's topics against ``contracts/topics/*.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.printing import print_json
from connectors.kafka.names import GENERATION, Naming
from contracts.errors import WrongUsage
from settings import load_settings
from wiring.kafka.broker import named_cluster
from wiring.kafka.describe import LiveTopic, live_topics
from wiring.kafka.topics import Difference, apply_topics, diff_topics, names_of, topic_config
from wiring.topics import Topic, load_topics

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Declared topics: make them, compare them, look at one."
)

Generation = Annotated[str, typer.Option(help="Whose topics; a replay's are g2, g3 …")]
Partitions = Annotated[
    int | None, typer.Option(min=1, help="For every topic; by default what is declared. Fixed for ever.")
]
Replication = Annotated[int | None, typer.Option(min=1, help="Replicas; by default what the cluster gives.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("apply")
def apply(
    generation: Generation = GENERATION,
    partitions: Partitions = None,
    replication: Replication = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the topics that are missing and set what is safe to set.

    What would lose records or their order is refused, and then nothing is changed (exit code 1): another number of
    partitions, another key, another cleanup, shorter retention.

    Example: undercurrent topics apply --partitions 12 --replication 3
    """
    cluster = named_cluster(load_settings())
    naming = Naming(generation=generation)
    done = apply_topics(cluster, naming, partitions=partitions, replication=replication, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "changes": [asdict(one) for one in done]})
        return
    _print_differences(done, done=not dry_run)


@app.command("diff")
def diff(
    generation: Generation = GENERATION,
    partitions: Partitions = None,
    replication: Replication = None,
    as_json: AsJson = False,
) -> None:
    """Compare the cluster's topics with the declared ones; exit code 1 when they differ.

    Example: undercurrent topics diff --json
    """
    cluster = named_cluster(load_settings())
    found = diff_topics(
        cluster, Naming(generation=generation), partitions=partitions, replication=replication
    )
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _print_differences(found, done=False)
    raise typer.Exit(int(bool(found)))


@app.command("describe")
def describe(
    topic: Annotated[str, typer.Argument(help="Short name: journal, redacted, themes …")],
    generation: Generation = GENERATION,
    as_json: AsJson = False,
) -> None:
    """Tell what a topic is for, who writes and reads it, and what a named cluster holds of it.

    Example: undercurrent topics describe themes
    """
    declared = load_topics().get(topic)
    if declared is None:
        raise WrongUsage(f"no topic {topic!r} is declared; there are: {', '.join(load_topics())}")
    names = names_of(topic, declared, Naming(generation=generation))
    live = live_topics(named_cluster(load_settings()), names) if load_settings().kafka_bootstrap else None
    if as_json:
        held = None if live is None else [asdict(one) for one in live]
        print_json({**declared.model_dump(), "names": names, "kafka": topic_config(declared), "live": held})
        return
    console = Console()
    console.print(Text(topic, style="bold"), Text(declared.purpose), soft_wrap=True)
    for word, what in _facts(declared, names, live):
        console.print(Text(f"{word:>12}", style="dim"), Text(what), soft_wrap=True)


def _facts(topic: Topic, names: list[str], live: Iterable[LiveTopic] | None) -> Iterable[tuple[str, str]]:
    by_owner = "until its stage deletes what is superseded"
    kept = by_owner if topic.retention_days is None else f"{topic.retention} {topic.retention_days} days"
    yield "names", ", ".join(names)
    yield "key", f"{topic.key}; order holds within a tenant"
    yield "schemas", "; ".join(f"{schema.version}: {', '.join(schema.records)}" for schema in topic.schemas)
    yield "written by", ", ".join((*topic.producers, *(("publisher",) if topic.public else ())))
    yield "read by", ", ".join(topic.consumers)
    yield "kept", "the newest of each key" if topic.cleanup == "compact" else kept
    yield "partitions", str(topic.partitions["deployed"])
    yield "kafka", ", ".join(f"{name}={value}" for name, value in topic_config(topic).items())
    if live is None:
        yield "live", "no cluster is named (KAFKA_BOOTSTRAP_SERVERS)"
    for one in live or ():
        yield "live", str(one)


def _print_differences(found: list[Difference], *, done: bool) -> None:
    """Topics with the same difference under one line that tells it."""
    console = Console(soft_wrap=True, markup=False, highlight=False)
    groups: dict[str, list[str]] = {}
    for one in found:
        groups.setdefault(_told(one, done=done), []).append(one.topic)
    for told, topics in groups.items():
        console.print(told, style="bold")
        for topic in topics:
            console.print(f"  {topic}")
    if not found:
        console.print("every topic is as declared")


def _told(one: Difference, *, done: bool) -> str:
    if one.refused is not None:
        return f"{one.what} is {one.actual}, declared {one.declared}; not changed, as {one.refused}:"
    if one.change == "create":
        return f"{'made' if done else 'missing; apply makes them'} {one.declared}:"
    return f"{one.what} {'was' if done else 'is'} {one.actual}, {'now' if done else 'apply sets it to'} {one.declared}:"

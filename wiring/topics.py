"""The declarations in ``contracts/topics/*.yaml``: what each topic is for, who writes it, who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from contracts.errors import StopWorker

STAGES = ("intake", "extract", "themes", "priority")
"""The stages in the order in which an item meets them; their names are the identity of their state."""


INPUTS = {"intake": "journal", "extract": "redacted", "themes": "enriched", "priority": "assignments"}
"""The topic (short name) that each stage reads."""


class TopicSchema(BaseModel):
    """One schema version of a topic: its record types and the folder of examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    records: tuple[str, ...]
    examples: str


class Topic(BaseModel):
    """One declared topic; ``key`` is the record's field that keys it, retention is in days.

    ``scope``: what every generation shares, or each has for itself; ``public``: the publisher also writes it, from the
    active generation, under a name without one. ``retention: at most``: a promise to forget, not one to keep.
    ``config`` overrules settings of Kafka's that follow from the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    purpose: str
    public: bool
    partitions: Mapping[str, int | str]
    key: str
    cleanup: Literal["delete", "compact"]
    retention_days: int | None = None
    retention: Literal["at least", "at most"] = "at least"
    scope: Literal["shared", "generation"] = "generation"
    config: Mapping[str, int | str] = {}
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    schemas: tuple[TopicSchema, ...]


@cache
def load_topics() -> dict[str, Topic]:
    """Every declared topic by its short name (``redacted``, ``dead-letters`` …)."""
    found = {}
    for resource in sorted(files("contracts.topics").iterdir(), key=lambda entry: entry.name):
        if resource.name.endswith(".yaml"):
            topic = Topic.model_validate(yaml.safe_load(resource.read_text("utf-8")))
            found[resource.name.removesuffix(".yaml")] = topic
    if not found:
        raise StopWorker("contracts/topics holds no declaration; the installation is incomplete")
    return found


@cache
def published() -> frozenset[str]:
    """The topics that subscribers read; on Kafka the publisher alone writes them, from the active generation."""
    return frozenset(name for name, topic in load_topics().items() if topic.public)


def stage_producers() -> dict[str, tuple[str, ...]]:
    """The stages that write to each topic, in declared order (which is the order of their lanes)."""
    producers = {
        name: tuple(stage for stage in topic.producers if stage in STAGES)
        for name, topic in load_topics().items()
        if name != "state"
    }
    return {name: stages for name, stages in producers.items() if stages}

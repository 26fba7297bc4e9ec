"""The JSON Schema (draft 2020-12) of a topic, as its readers meet the records.

In:    the contracts' types, their docstrings, and ``contracts/schemas/meanings.yaml``.
Out:   one bundle per topic, complete in itself: the root names the record types, ``$defs`` holds the rest.

The writer leaves out what is None and writes every other field, so a field that may be None is optional and never
null, and every other one is required. More fields may come with a minor version, so no object is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.envelope import Message
from contracts.errors import StopWorker
from contracts.registry import RECORDS
from contracts.state import StateEntry
from wiring.topics import load_topics

Schema = dict[str, Any]
"""A JSON Schema, or a part of one, as plain data."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Said by the generator of titles and defaults, and of no use to a reader; ``discriminator`` is OpenAPI's, and strict
# validators refuse keywords that are not JSON Schema's.
_NOISE = ("title", "default", "discriminator")


def types_of(topic: str) -> tuple[type[BaseModel], ...]:
    """The record types of a topic by its short name."""
    return (StateEntry,) if topic == "state" else RECORDS[topic]


def schema_id(topic: str, version: str) -> str:
    """The schema's name, as the header ``ce_dataschema`` gives it."""
    return f"undercurrent/{topic}/{version}"


def schema_of(topic: str) -> Schema:
    """The schema of the latest declared version of a topic.

    Raises ``StopWorker`` if a field of a contract has no line in ``meanings.yaml``.
    """
    declared = load_topics()[topic]
    version = declared.schemas[-1].version
    types = types_of(topic)
    defs = models_json_schema([(t, "serialization") for t in types], ref_template="#/$defs/{model}")[1][
        "$defs"
    ]
    refs = [{"$ref": f"#/$defs/{t.__name__}"} for t in types]
    return {
        "$schema": DIALECT,
        "$id": schema_id(topic, version),
        "title": f"{declared.topic} {version}",
        "description": declared.purpose,
        **(refs[0] if len(refs) == 1 else {"oneOf": refs}),
        "$defs": {name: _definition(name, node, version) for name, node in sorted(defs.items())},
    }


def _definition(name: str, node: Schema, version: str) -> Schema:
    """One contract as its readers meet it."""
    properties = {field: _property(name, field, part) for field, part in node["properties"].items()}
    if "schema" in properties:
        properties["schema"]["pattern"] = rf"^{version.split('.')[0]}\.[0-9]+$"
    required = [field for field, part in node["properties"].items() if not _may_be_none(part)]
    return {
        "type": "object",
        "description": _prose(node.get("description", "")),
        "properties": properties,
        **({"required": required} if required else {}),
    }


def _property(name: str, field: str, part: Schema) -> Schema:
    """One field: never null, with its meaning."""
    cleaned = _without_noise(part)
    if "anyOf" in cleaned:
        others = [choice for choice in cleaned.pop("anyOf") if choice != {"type": "null"}]
        cleaned |= others[0] if len(others) == 1 else {"anyOf": others}
    return {**cleaned, "description": meaning_of(name, field)}


def _may_be_none(part: Schema) -> bool:
    """Whether the writer may leave the field out. A part that says nothing of its type takes anything, None too."""
    return {"type": "null"} in part.get("anyOf", ()) or not part.keys() - {*_NOISE, "description"}


def _without_noise(part: Any) -> Any:
    """A part below a property, where every key is a keyword of JSON Schema."""
    if isinstance(part, dict):
        return {key: _without_noise(value) for key, value in part.items() if key not in _NOISE}
    return [_without_noise(value) for value in part] if isinstance(part, list) else part


def _prose(docstring: str) -> str:
    """A docstring as one paragraph with Markdown's code marks."""
    return re.sub(r"\s+", " ", docstring.replace("``", "`")).strip()


@cache
def meanings() -> dict[str, dict[str, str]]:
    """What each field means, by the contract that declares it."""
    text = files("contracts").joinpath("schemas/meanings.yaml").read_text("utf-8")
    read: dict[str, dict[str, str]] = yaml.safe_load(text)
    return read


def meaning_of(contract: str, field: str) -> str:
    """What a field means. Raises ``StopWorker`` if nobody said."""
    for owner in contracts()[contract].__mro__:
        said = meanings().get(owner.__name__, {}).get(field)
        if said is not None:
            return said
    raise StopWorker(f"{contract}.{field} has no line in contracts/schemas/meanings.yaml: say what it means")


@cache
def contracts() -> dict[str, type[BaseModel]]:
    """Every contract by its name."""
    return {found.__name__: found for found in _family(Message)}


def _family(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)

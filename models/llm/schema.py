"""Which JSON schemas every provider's strict mode takes: a subset that is checked here, before money is spent.

Every object names all its properties as required and forbids others; nothing has a default; no open maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.errors import WrongUsage

FORBIDDEN = ("default", "patternProperties", "allOf", "not", "if", "oneOf")
"""Keywords that strict modes refuse, or that one vendor quietly turns into prose."""

_NESTED = ("items",)
_NAMED = ("properties", "$defs")
_LISTED = ("anyOf", "prefixItems")


def check_strict(schema: Mapping[str, Any]) -> None:
    """Raise ``WrongUsage`` naming the first place that a strict mode would refuse."""
    if schema.get("type") != "object":
        raise WrongUsage("the schema's root must be of type object")
    for place, part in _parts("", schema):
        problem = _problem(part)
        if problem:
            raise WrongUsage(f"the schema at {place or '/'}: {problem}")


def _problem(part: Mapping[str, Any]) -> str:
    for keyword in FORBIDDEN:
        if keyword in part:
            return f"{keyword} is not taken by strict modes; leave it out"
    if part.get("type") != "object" and "properties" not in part:
        return ""
    if part.get("additionalProperties") is not False:
        return "additionalProperties must be false"
    missing = sorted(set(part.get("properties", {})) ^ set(part.get("required", ())))
    return f"every property must be required; differs in {', '.join(missing)}" if missing else ""


def _parts(place: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield place, schema
    for keyword in _NESTED:
        if isinstance(schema.get(keyword), Mapping):
            yield from _parts(f"{place}/{keyword}", schema[keyword])
    for keyword in _NAMED:
        for name, part in schema.get(keyword, {}).items():
            yield from _parts(f"{place}/{keyword}/{name}", part)
    for keyword in _LISTED:
        for position, part in enumerate(schema.get(keyword, ())):
            yield from _parts(f"{place}/{keyword}/{position}", part)

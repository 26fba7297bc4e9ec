"""A page for each topic, for people who want to read it, and an index of them.

In:    the declarations, the schemas and the examples in ``contracts/``; the words in ``templates/``.
Out:   Markdown by file name; public topics in full, internal ones without what only subscribers need.
"""

from __future__ import annotations

import json
import re
import textwrap
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connectors.kafka.messages import Origin, journal_message, message_of
from connectors.kafka.names import GENERATION, SHARED, topic_name
from contracts.registry import RECORDS, read_record
from wiring.schemas.bundle import Schema, schema_of, types_of
from wiring.topics import Topic, load_topics, published

WIDTH = 118
"""Longest line of running text, in characters."""

EXAMPLE_POSITION = 1042
"""The ``ce_sequence`` of the examples."""

_OF_ACCOUNTS = (
    "Records hold ids, counts, labels of words that at least three people used, and ids of accounts; no text and no "
    "name of a person, so an erase changes nothing here. Where an account of yours is one person, delete its id from "
    "what you copied when that person asks."
)
_QUOTING = frozenset({"linear", "alerts", "reviews"})
"""The topics that may hold redacted words of customers."""


def pages() -> dict[str, str]:
    """Every page by its file name below ``docs/topics``."""
    described = {short: _described(short) for short in load_topics()}
    found = {f"{short}.md": _rendered("page.md.jinja2", page) for short, page in described.items()}
    groups = {
        "public": [page for page in described.values() if page["is_public"]],
        "internal": [page for page in described.values() if not page["is_public"]],
        "example": described["themes"]["example"],
    }
    return found | {"README.md": _rendered("index.md.jinja2", groups)}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701 - what comes out is Markdown of our own declarations
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _rendered(template: str, values: dict[str, Any]) -> str:
    text = _environment().get_template(template).render(values)
    # What a template leaves out leaves its blank lines.
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _described(short: str) -> dict[str, Any]:
    """What the template of a page says of one topic."""
    declared, schema = load_topics()[short], schema_of(short)
    passing = [t.__name__ for t in types_of(short) if short not in SHARED and t in RECORDS["journal"]]
    return {
        "short": short,
        "name": name_of(short),
        "purpose": declared.purpose,
        "is_public": declared.public,
        "is_staged": short not in published() | SHARED,
        "is_log": short not in RECORDS,
        "is_accepted": short in SHARED,
        "is_table": declared.cleanup == "compact",
        "producers": ", ".join(declared.producers),
        "consumers": ", ".join(declared.consumers),
        "key": _key(short, declared),
        "partitions": f"{declared.partitions['deployed']}; a tenant is in one of them",
        "kept": _kept(declared),
        "version": declared.schemas[-1].version,
        "kinds": ", ".join(f"`{kind}`" for kind in _kinds(short, schema)) or "one",
        "types": _types(short, schema, passing),
        "passing": _passing(schema, passing),
        "example": _example(short, declared),
        "retention": _retention(declared),
        "erasure": _erasure(short, schema),
    }


def name_of(short: str) -> str:
    """The name of a topic as its page gives it: that of the first generation where each has its own."""
    if short in published() | SHARED:
        return topic_name(short)
    if short == "state":
        return topic_name("state-stage", GENERATION).replace("state-stage", "state-{stage}")
    return topic_name(short, GENERATION)


def _key(short: str, declared: Topic) -> str:
    if short not in RECORDS:
        return declared.key
    return "`tenant`" if declared.key == "tenant" else f"`tenant:{declared.key}`"


def _kept(declared: Topic) -> str:
    if declared.cleanup == "compact":
        return "compacted: the latest of each key"
    return f"{declared.retention_days} days" if declared.retention_days else "until the stage compacts it"


def _retention(declared: Topic) -> str:
    """How long a message stays, and what one without a value means."""
    if declared.cleanup == "compact":
        return (
            "The topic is compacted: the latest record of each key stays for good, earlier ones go sooner or later, so "
            "reading from the beginning gives the whole table. A message without a value is a tombstone: there is no "
            "record of this key any more, drop yours."
        )
    missed = "; who was away for longer has missed some" if declared.retention_days else ""
    return (
        f"A message stays {_kept(declared)}{missed}. There are no tombstones; skip a message without a value."
    )


def _erasure(short: str, schema: Schema) -> str:
    """What a subscriber owes to a person who asked to be erased."""
    if short in _QUOTING:
        return (
            "Records hold redacted words of customers and are kept 7 days here for that reason. Delete what you copied "
            "after 7 days at the latest, or read the words anew from Undercurrent when you show them: after an erase "
            "there are none."
        )
    if "Erase" in schema["$defs"]:
        return (
            "Text is sealed, and nothing can open it once its key is destroyed. A `command` record whose `order.verb` "
            "is `erase` says so: delete what you opened or derived of items whose sealed parts carry its "
            "`order.subject`, within 30 days and in your backups too. Ids and counts may stay."
        )
    if "IssueStatus" in schema["$defs"]:
        return _OF_ACCOUNTS
    if "Nearby" in schema["$defs"]:
        return (
            "Records hold ids, counts, scores, and what people called their releases and incidents; no text and no "
            "name of a customer, so an erase changes nothing here. If you look up the words behind a concern id, do it "
            "when you show them and keep no copy: after an erase there are none."
        )
    return (
        "Records hold ids, counts, scores and labels of words that at least three people used; no text and no name, "
        "so an erase changes nothing here. If you look up the words behind a concern id, do it when you show them and "
        "keep no copy: after an erase there are none."
    )


def _kinds(short: str, schema: Schema) -> list[str]:
    """The kinds of records on a topic."""
    properties = (schema["$defs"][t.__name__]["properties"] for t in types_of(short))
    return [part["kind"]["const"] for part in properties if "kind" in part]


def _types(short: str, schema: Schema, passing: list[str]) -> list[dict[str, Any]]:
    """The record types of a topic and the parts that they are made of, each once, in order of mention."""
    records = [t.__name__ for t in types_of(short) if t.__name__ not in passing]
    names = list(records)
    for name in names:  # grows as parts are mentioned
        names += [part for part in dict.fromkeys(_mentioned(schema["$defs"][name])) if part not in names]
    return [_type(name, schema["$defs"][name]) for name in names]


def _type(name: str, node: Schema) -> dict[str, Any]:
    fields = [
        {
            "name": field,
            "type": _spelt(part),
            "meaning": part["description"].replace("|", "\\|"),
            "is_required": field in node.get("required", ()),
        }
        for field, part in node["properties"].items()
    ]
    return {"heading": name, "description": node["description"], "fields": fields}


def _mentioned(node: Any) -> list[str]:
    """The names of the parts that a node refers to."""
    if isinstance(node, dict):
        here = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return here + [name for part in node.values() for name in _mentioned(part)]
    return [name for part in node for name in _mentioned(part)] if isinstance(node, list) else []


def _spelt(part: Schema) -> str:
    """A type in a few words."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in part or "enum" in part:
        return " or ".join(f"`{json.dumps(value)}`" for value in part.get("enum", [part.get("const")]))
    if choices := part.get("oneOf") or part.get("anyOf"):
        return " or ".join(_spelt(choice) for choice in choices)
    if "prefixItems" in part:
        return "[" + ", ".join(_spelt(item) for item in part["prefixItems"]) + "]"
    if part.get("type") == "array":
        return f"array of {_spelt(part['items'])}"
    if part.get("type") == "object":
        return f"object of {_spelt(part['additionalProperties'])}"
    kind = "time, RFC 3339" if part.get("format") == "date-time" else str(part.get("type", "any JSON"))
    return kind + _range(part)


def _range(part: Schema) -> str:
    """The bounds of a number, where both are told."""
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f" from {low}" if low is not None else ""


def _passing(schema: Schema, passing: list[str]) -> str:
    """What is said of the journal's own records, which travel through the stages."""
    if not passing:
        return ""
    kinds = ", ".join(f"`{schema['$defs'][name]['properties']['kind']['const']}`" for name in passing)
    return f"The journal's own records pass through unchanged ({kinds}); [its page](journal.md) has them."


def _example(short: str, declared: Topic) -> dict[str, Any]:
    """The first example of a topic, as the message that it travels in."""
    folder = files("contracts").joinpath(declared.schemas[-1].examples)
    first = min((e for e in folder.iterdir() if e.name.endswith(".json")), key=lambda entry: entry.name)
    value = first.read_bytes()
    text = json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    if short not in RECORDS:
        return {"text": text, "key": "", "headers": {}}
    record = read_record(short, value)
    if short in SHARED:
        message = journal_message(record, value)
    else:
        stage = record.id.split("-")[2]
        message = message_of(
            Origin(short, declared.key, GENERATION, stage, 0), EXAMPLE_POSITION, record, value
        )
    headers = {name: said.decode() for name, said in message.headers}
    return {"text": text, "key": (message.key or b"").decode(), "headers": headers}

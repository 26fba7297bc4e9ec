"""What a new schema breaks for those who read by the old one.

The question is the reader's: is every record written by the new schema one that the old schema promised?

| change | for a reader |
| --- | --- |
| a field is removed, required or not | breaks: what it said is gone |
| a required field becomes optional | breaks: it was always there |
| a type, bound, pattern or format admits more than before (null and other types included) | breaks |
| a value is added to a closed list (``enum``, ``const``), or the list is opened | breaks |
| a kind of record is no longer written to the topic | breaks |
| a new alternative inside a record (a new ``verb``) | breaks: only ``kind`` is declared to be skippable |
| a keyword changes that this module does not know | breaks, since nobody can tell |
| a field is added, required or not | does not: readers ignore what they do not know |
| an optional field becomes required | does not |
| a type, bound or list admits less than before | does not: all of it was promised |
| a kind of record is added to the topic | does not: readers skip kinds that they do not know |
| titles, descriptions, the order of anything | does not |

A finding begins with a JSON pointer into the *old* schema: there stands the promise that is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wiring.schemas.bundle import Schema

_WORDS = {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"}
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "contentEncoding", "contentMediaType", "multipleOf", "uniqueItems")
_CHOICES = ("anyOf", "oneOf")
_KNOWN = {
    *_WORDS, *_LOWER, *_UPPER, *_EXACT, *_CHOICES,
    "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems",
}  # fmt: skip
_ABSENT = object()


def breaking_changes(old_schema: Schema, new_schema: Schema) -> list[str]:
    """What readers of ``old_schema`` are no longer promised, as ``"<JSON pointer into it>: <what>"``.

    >>> text, number = {"type": "string"}, {"type": "number"}
    >>> breaking_changes({"properties": {"a": text, "b": text}}, {"properties": {"a": number, "c": text}})
    ['/properties/a: the type was string and is now number', '/properties/b: the field is removed']
    """
    return _Comparison(old_schema, new_schema).run()


def same_shape(one: Schema, other: Schema) -> bool:
    """Whether two schemas promise the same, whatever words they use."""
    return bool(_shape(one) == _shape(other))


def _shape(node: Any, *, is_names: bool = False) -> Any:
    """A schema without its words. The keys of ``properties`` and ``$defs`` are names, not keywords."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, dict):
        return node
    words = () if is_names else _WORDS - {"$defs"}
    named = ("properties", "$defs")
    return {
        key: sorted(part)
        if key in ("required", "enum") and not is_names and all(isinstance(value, str) for value in part)
        else _shape(part, is_names=key in named and not is_names)
        for key, part in node.items()
        if key not in words
    }


class _Comparison:
    """One run over two schemas; findings come in the order of the old one."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_root, self._new_root = old, new
        self._found: list[str] = []
        self._seen: set[tuple[str, int]] = set()

    def run(self) -> list[str]:
        """The findings."""
        before = dict(self._kinds(self._old_root, self._old_root))
        after = dict(self._kinds(self._new_root, self._new_root))
        if None in before or None in after:
            self._node(self._old_root, "", self._new_root)
            return self._found
        for kind, (old, at) in before.items():
            if kind in after:
                self._node(old, at, after[kind][0])
            else:
                self._say(at, f"records of kind {kind} are no longer written")
        return self._found

    def _kinds(self, schema: Schema, root: Schema) -> Iterator[tuple[Any, tuple[Schema, str]]]:
        """The record types at the root of a schema by their ``kind``; None for one without."""
        for number, choice in enumerate(schema.get("oneOf", [schema])):
            at = f"/oneOf/{number}" if "oneOf" in schema else ""
            node, at = _resolved(choice, at, root)
            yield node.get("properties", {}).get("kind", {}).get("const"), (node, at)

    def _say(self, at: str, what: str) -> None:
        self._found.append(f"{at or '/'}: {what}")

    def _node(self, old: Schema, at: str, new: Schema) -> None:
        old, at = _resolved(old, at, self._old_root)
        new, _ = _resolved(new, "", self._new_root)
        if (at, id(new)) in self._seen or not old.keys() - _WORDS:
            return
        self._seen.add((at, id(new)))
        if any(key in part for part in (old, new) for key in _CHOICES):
            self._choices(old, at, new)
            return
        if not self._types(old, at, new):
            return
        checks: tuple[Callable[[Schema, str, Schema], None], ...] = (
            self._values, self._bounds, self._exact, self._object, self._array, self._unknown,
        )  # fmt: skip
        for check in checks:
            check(old, at, new)

    def _types(self, old: Schema, at: str, new: Schema) -> bool:
        """Whether the types still agree, so that looking deeper tells something."""
        before, after = _types(old), _types(new)
        if before is None or (after is not None and after <= before):
            return True
        is_now = (
            " or ".join(sorted(after - {"integer"} if "number" in after else after)) if after else "anything"
        )
        was = " or ".join(sorted(before - {"integer"} if "number" in before else before))
        self._say(at, f"the type was {was} and is now {is_now}")
        return False

    def _values(self, old: Schema, at: str, new: Schema) -> None:
        before, after = _values(old), _values(new)
        if before is None:
            return
        if after is None:
            self._say(at, f"was one of {_listed(before)} and is now anything")
        elif added := [value for value in after if value not in before]:
            self._say(at, f"was one of {_listed(before)} and may now be {_listed(added)}")

    def _bounds(self, old: Schema, at: str, new: Schema) -> None:
        for key in (*_LOWER, *_UPPER):
            if key not in old:
                continue
            sign = 1 if key in _LOWER else -1
            if key not in new or sign * new[key] < sign * old[key]:
                self._say(at, f"{key} was {old[key]} and is now {new.get(key, 'gone')}")

    def _exact(self, old: Schema, at: str, new: Schema) -> None:
        for key in _EXACT:
            if key in old and old[key] != new.get(key):
                self._say(at, f"{key} was {old[key]} and is now {new.get(key, 'gone')}")

    def _object(self, old: Schema, at: str, new: Schema) -> None:
        after = new.get("properties", {})
        for name, part in old.get("properties", {}).items():
            place = f"{at}/properties/{_escaped(name)}"
            if name not in after:
                self._say(place, "the field is removed")
                continue
            if name in old.get("required", ()) and name not in new.get("required", ()):
                self._say(place, "the field was always there and may now be absent")
            self._node(part, place, after[name])
        self._rest(old, f"{at}/additionalProperties", new)

    def _rest(self, old: Schema, at: str, new: Schema) -> None:
        """What fields without a name of their own may hold."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(before, dict) and isinstance(after, dict):
            self._node(before, at, after)
        elif before not in (True, {}) and after is not False and before != after:
            self._say(at, "fields without a name of their own may now hold anything")

    def _array(self, old: Schema, at: str, new: Schema) -> None:
        after = new.get("prefixItems", [])
        for number, part in enumerate(old.get("prefixItems", ())):
            new_part = after[number] if number < len(after) else new.get("items")
            self._part(part, f"{at}/prefixItems/{number}", new_part)
        if "items" in old:
            self._part(old["items"], f"{at}/items", new.get("items"))

    def _part(self, old: Schema, at: str, new: Schema | None) -> None:
        if new is None:
            self._say(at, "the elements may now be anything")
        else:
            self._node(old, at, new)

    def _choices(self, old: Schema, at: str, new: Schema) -> None:
        """Every alternative of the new schema must be promised by one of the old."""
        before = list(_choices(old, at))
        for _, choice in _choices(new, at):
            found = [self._tried(part, place, choice) for place, part in before]
            if not all(found):
                continue
            tag = _tag(_resolved(choice, "", self._new_root)[0])
            tags = [_tag(_resolved(part, place, self._old_root)[0]) for place, part in before]
            new_here = [f"{at or '/'}: a new alternative, {_named(choice)}"]
            self._found += found[tags.index(tag)] if tag and tag in tags else new_here

    def _tried(self, old: Schema, at: str, new: Schema) -> list[str]:
        trial = _Comparison(self._old_root, self._new_root)
        trial._node(old, at, new)
        return trial._found

    def _unknown(self, old: Schema, at: str, new: Schema) -> None:
        for key in sorted((old.keys() | new.keys()) - _KNOWN):
            if old.get(key, _ABSENT) != new.get(key, _ABSENT):
                self._say(at, f"{key} changed, and what that means to a reader is not known here")


def _resolved(node: Schema, at: str, root: Schema) -> tuple[Schema, str]:
    """The node that a chain of ``$ref`` inside the bundle ends at, with its place."""
    while "$ref" in node:
        at = node["$ref"].removeprefix("#")
        node = root
        for step in at.split("/")[1:]:
            node = node[step.replace("~1", "/").replace("~0", "~")]
    return node, at


def _types(node: Schema) -> set[str] | None:
    """The JSON types that a node admits; None for all."""
    given = node.get("type")
    if given is None:
        return None
    types = {given} if isinstance(given, str) else set(given)
    return types | {"integer"} if "number" in types else types


def _values(node: Schema) -> list[Any] | None:
    """The closed list of a node's values; None if it has none."""
    return [node["const"]] if "const" in node else node.get("enum")


def _choices(node: Schema, at: str) -> Iterator[tuple[str, Schema]]:
    for key in _CHOICES:
        if key in node:
            yield from ((f"{at}/{key}/{number}", choice) for number, choice in enumerate(node[key]))
            return
    yield at, node


def _tag(node: Schema) -> dict[str, Any]:
    """The fields of a record that can have one value only: they tell the alternatives apart."""
    return {name: part["const"] for name, part in node.get("properties", {}).items() if "const" in part}


def _named(node: Schema) -> str:
    return str(node.get("$ref", "").rpartition("/")[2] or node.get("type", "anything"))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)

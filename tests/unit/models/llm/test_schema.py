"""Schemas that a strict mode would refuse are refused before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import WrongUsage
from models.llm.base import Call
from models.llm.schema import check_strict

LABEL = {"type": "string", "enum": ["bug", "praise"]}


def an_object(properties: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **changed,
    }


def test_what_every_strict_mode_takes_is_taken() -> None:
    many = {"type": "array", "items": {"$ref": "#/$defs/one"}}
    maybe = {"anyOf": [LABEL, {"type": "null"}]}
    check_strict(
        an_object({"items": many, "maybe": maybe}, **{"$defs": {"one": an_object({"label": LABEL})}})
    )


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "array", "items": LABEL}, "root"),
        (an_object({"label": {**LABEL, "default": "bug"}}), "/properties/label: default"),
        (an_object({"label": LABEL}, required=[]), "differs in label"),
        (an_object({"label": LABEL}, required=["label", "other"]), "differs in other"),
        (
            an_object({"open": {"type": "object", "additionalProperties": {"type": "string"}}}),
            "/properties/open",
        ),
        (an_object({"list": {"type": "array", "items": an_object({}, additionalProperties=True)}}), "/items"),
        (an_object({"label": {"anyOf": [{"type": "object"}]}}), "/anyOf/0"),
        (an_object({}, **{"$defs": {"one": {"type": "object"}}}), r"/\$defs/one"),
    ],
)
def test_the_place_that_a_strict_mode_would_refuse_is_named(schema: dict[str, Any], place: str) -> None:
    with pytest.raises(WrongUsage, match=place):
        check_strict(schema)


def test_a_call_with_such_a_schema_cannot_be_made() -> None:
    with pytest.raises(WrongUsage, match="additionalProperties"):
        Call(system="", user="", schema={"type": "object"}, schema_name="x", max_output_tokens=1)

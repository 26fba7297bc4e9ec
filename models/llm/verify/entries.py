"""A model's words to entries, one per concern: JSON, shape, types and bounds, each concern apart.

In:   the text of a reply and how many concerns were asked about.   Out: per concern an ``Entry`` or its faults.
A fault of one entry is no fault of its neighbours; what cannot be told apart is everybody's. Extra keys, keys that
stand twice, numbers that are none and other types are refused: a server need not enforce the schema that it was given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.llm.base import Outcome
from models.llm.verify.reasons import Fault

MAX_REPLY: Final = 400_000
"""Characters of a reply that are read; the largest batch with translations needs a quarter of it."""

Words = Annotated[str, Field(max_length=20_000)]


class Entry(BaseModel):
    """What a model says of one concern, before anything in it is believed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    number: int
    category: Words
    sublabel: Words | None
    runner_up: Words | None
    severity: Words
    sentiment: Words
    sentiment_score: int = Field(ge=-100, le=100)
    bug: bool
    feature_request: bool
    product_area: Words
    intent: Words
    quotes: tuple[Words, ...] = Field(max_length=12, strict=False)
    entities: tuple[Words, ...] = Field(max_length=24, strict=False)
    root_cause: Words | None
    suggested_action: Words | None
    explanation: Words | None
    translation: Words | None
    confidence: int = Field(ge=0, le=100)

    def said(self) -> list[str]:
        """Every text in it, whatever the field."""
        values = [value for value in self.model_dump().values() if value is not None]
        flat = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
        return [value for value in flat if isinstance(value, str)]


class _Twice(ValueError):
    """A key stands twice in an object."""


def entries(said: str, asked: int, outcome: Outcome = "answered") -> list[Entry | tuple[Fault, ...]]:
    """One ``Entry``, or the faults instead, per concern that was asked about, in their order."""
    listed = _listed(said, outcome)
    if isinstance(listed, str):
        faults: tuple[Fault, ...] = (listed,)
        return [faults for _ in range(asked)]
    by_number: dict[int, list[Mapping[str, Any]]] = {}
    for one in listed:
        number = one.get("number") if isinstance(one, dict) else None
        if isinstance(number, int) and not isinstance(number, bool):
            by_number.setdefault(number, []).append(one)
    return [_entry(by_number.get(number, [])) for number in range(1, asked + 1)]


def _listed(said: str, outcome: Outcome) -> list[Any] | Fault:
    if outcome != "answered":
        return outcome
    if len(said) > MAX_REPLY:
        return "too_long"
    try:
        reply = json.loads(said, object_pairs_hook=_object, parse_constant=_no_number)
    except _Twice:
        return "reply_shape"
    except (ValueError, RecursionError):
        return "not_json"
    if not isinstance(reply, dict) or set(reply) != {"answers"} or not isinstance(reply["answers"], list):
        return "reply_shape"
    answers: list[Any] = reply["answers"]
    return answers


def _entry(found: Sequence[Mapping[str, Any]]) -> Entry | tuple[Fault, ...]:
    if len(found) != 1:
        return ("number_twice",) if found else ("missing",)
    try:
        return Entry.model_validate(found[0])
    except ValidationError as exc:
        return tuple(sorted({_fault(error["type"]) for error in exc.errors()}))


def _fault(kind: str) -> Fault:
    if kind == "extra_forbidden":
        return "extra_field"
    if kind == "missing":
        return "field_missing"
    bounds = ("greater_than", "less_than", "too_long", "string_too_long")
    return "out_of_bounds" if kind.startswith(bounds) else "wrong_type"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")

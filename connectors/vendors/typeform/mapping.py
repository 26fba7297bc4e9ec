"""From a response to a form to what its author said: an utterance for each answer in words.

The list of responses has no questions: those are joined from the form's definition, by ref before id, because titles
change. Webhooks bring the definition along. Questions and the other answers are context, the rating is every
utterance's. A response without a word is a rating alone, and no feedback text: it is counted in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from connectors.vendors.port import Json, Taken, Utterance
from connectors.vendors.turns import CONTEXT_CHARS, readable
from connectors.vendors.typeform.options import TypeformOptions
from connectors.vendors.values import dig, moment, rating_of, said, without_none

log = structlog.get_logger()

RATINGS = ("nps", "opinion_scale", "rating")
"""Kinds of questions that are answered by a number on a scale; of several the first kind named here counts."""

USUAL_END = {"nps": 10, "opinion_scale": 10, "rating": 5}
"""Where a scale ends if the definition does not say."""

MOST_CONTEXT = 20

Fields = Mapping[str, Json]
"""Questions by ref and by id."""


def fields_of(definition: Json) -> Fields:
    """Every question of a form, those in groups too."""
    found: dict[str, Json] = {}
    for field in _nested(dig(definition, "fields")):
        for name in (said(dig(field, "id")), said(dig(field, "ref"))):
            if name is not None:
                found[name] = field
    return found


def submitted(response: Json) -> datetime | None:
    """When a response was sent; for an unfinished one, whose date is zero, when its form was opened."""
    for name in ("submitted_at", "landed_at"):
        at = moment(dig(response, name))
        if at is not None and at.year > 1:
            return at
    return None


def token_of(response: Json) -> str | None:
    """What names a response of its form, here and in webhooks."""
    return said(dig(response, "token")) or said(dig(response, "response_id"))


def response(form: str, told: Json, fields: Fields, options: TypeformOptions) -> list[Taken]:
    """What is to be taken of a response. Raises ``ValueError`` for what is none."""
    token, at = token_of(told), submitted(told)
    answers = dig(told, "answers")
    if token is None or at is None:
        raise ValueError("a response has a token and a time")
    answers = [one for one in answers if isinstance(one, Mapping)] if isinstance(answers, list) else []
    spoken = [(ref, text) for one in answers if (text := _words(one, ref := _ref(one), options))]
    if not spoken:
        log.info("typeform_response_without_words", form=form)
        return []
    facts = _facts(told, answers, fields, options) | {
        "created_at": at.isoformat(),
        "source_updated_at": at.isoformat(),
    }
    found: list[Taken] = []
    for ref, text in spoken:
        context = _context(ref, answers, fields)
        body = {**facts, "text": text, "section": ref[:64], "author_role": "customer", "context": context}
        found.append(
            Utterance(f"{form}:{token}:{ref}", body, at, origin=f"form {form}", parent=f"{form}:{token}")
        )
    return found


def _nested(fields: Json) -> Iterator[Json]:
    for field in fields if isinstance(fields, list) else ():
        yield field
        yield from _nested(dig(field, "properties.fields"))


def _ref(answer: Json) -> str:
    return said(dig(answer, "field.ref")) or said(dig(answer, "field.id")) or "?"


def _words(answer: Json, ref: str, options: TypeformOptions) -> str:
    """What was written freely: text, and the ``other`` of a choice."""
    if ref in options.left_out:
        return ""
    kind = dig(answer, "type")
    if kind == "text":
        return readable(dig(answer, "text"))
    return readable(dig(answer, f"{kind}.other")) if kind in ("choice", "choices") else ""


def _shown(answer: Json) -> str:
    """Any answer as a person reads it; nothing of what names a person."""
    kind = said(dig(answer, "type")) or ""
    if kind == "choices":
        labels = dig(answer, "choices.labels")
        return ", ".join(filter(None, map(said, labels if isinstance(labels, list) else ())))
    if kind == "choice":
        return said(dig(answer, "choice.label")) or ""
    if kind == "boolean":
        return "yes" if dig(answer, "boolean") is True else "no"
    return said(dig(answer, kind)) or "" if kind in ("number", "date") else ""


def _question(answer: Json, fields: Fields) -> str:
    """By ref, which stays; else by id."""
    field = fields.get(said(dig(answer, "field.ref")) or "") or fields.get(
        said(dig(answer, "field.id")) or ""
    )
    return readable(dig(field, "title"))


def _context(ref: str, answers: Sequence[Json], fields: Fields) -> list[dict[str, str]]:
    """The question that was answered, and what the other questions were answered with."""
    asked = next((_question(one, fields) for one in answers if _ref(one) == ref), "")
    turns: list[dict[str, str]] = [{"role": "system", "text": asked}] if asked else []
    for one in answers:
        told = _shown(one)
        if told:
            turns.append({"role": "customer", "text": f"{_question(one, fields)} {told}".strip()})
    return [{**turn, "text": turn["text"][:CONTEXT_CHARS]} for turn in turns[:MOST_CONTEXT]]


def _facts(told: Json, answers: Sequence[Json], fields: Fields, options: TypeformOptions) -> dict[str, Any]:
    hidden: dict[str, str | None] = {
        fact: said(dig(told, f"hidden.{name}")) for fact, name in options.hidden.items()
    }
    tier = (hidden.pop("tier", None) or "").strip().lower()
    mrr = _amount(hidden.pop("mrr", None))
    email = next((said(dig(one, "email")) for one in answers if dig(one, "type") == "email"), None)
    author = hidden.pop("author", None) or email
    facts: dict[str, Any] = {
        **hidden,
        "author": author,
        "tier": options.tiers.get(tier, tier) or None,
        "mrr": mrr,
        "device": said(dig(told, "metadata.platform")),
        **_rating(answers, fields, options),
    }
    return without_none(facts)


def _rating(answers: Sequence[Json], fields: Fields, options: TypeformOptions) -> dict[str, float]:
    for kind in RATINGS:
        for one in answers:
            if dig(one, "field.type") == kind and dig(one, "type") == "number":
                scale = _scale(kind, _ref(one), fields, options)
                stars = rating_of(dig(one, "number"), scale)
                return {} if stars is None else {"rating": stars, "rating_scale": float(scale)}
    return {}


def _scale(kind: str, ref: str, fields: Fields, options: TypeformOptions) -> int:
    """The highest answer that there is: an opinion scale of n steps ends at n - 1, unless it starts at one."""
    if ref in options.scales:
        return options.scales[ref]
    properties = dig(fields.get(ref), "properties")
    steps = dig(properties, "steps")
    if not isinstance(steps, int) or steps < 2:
        return USUAL_END[kind]
    return steps if kind == "rating" or dig(properties, "start_at_one") is True else steps - 1


def _amount(told: str | None) -> float | None:
    try:
        amount = float(told or "")
    except ValueError:
        return None
    return amount if 0 <= amount < float("inf") else None

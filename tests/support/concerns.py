"""Concerns as the labeller's flow has them: a text, its language, and what the keyword labeller decided of it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from contracts.stages import Decision
from models.encoders.hashing import KeywordEncoder
from models.labellers import ConcernText, LocalLabeller, load_taxonomy
from models.labellers.taxonomy import Taxonomy
from models.llm.prompts import Question
from operators.extract.decisions import decision_record


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The default taxonomy."""
    return load_taxonomy()[0]


def decided(text: str, language: str = "en", rating: int | None = None) -> Decision:
    """What the local labeller decides by keywords alone."""
    labeller, encoder = _labeller()
    return decision_record(
        labeller.label([ConcernText(text, language, rating)], encoder.encode([text]))[0], text
    )


def question(text: str, language: str = "en", rating: int | None = None) -> Question:
    """The question about a concern."""
    return Question(text, language, decided(text, language, rating), rating)


@lru_cache(maxsize=1)
def _labeller() -> tuple[LocalLabeller, KeywordEncoder]:
    encoder = KeywordEncoder()
    return LocalLabeller(taxonomy(), encoder), encoder


def entry(asked: Question, number: int = 1, **changes: Any) -> dict[str, Any]:
    """What an honest model would answer that agrees with the local decision and quotes the first words."""
    local = asked.local
    said: dict[str, Any] = {
        "number": number,
        "category": local.category,
        "sublabel": local.sublabel,
        "runner_up": None,
        "severity": local.severity,
        "sentiment": local.sentiment,
        "sentiment_score": local.sentiment_milli // 10,
        "bug": local.bug,
        "feature_request": local.feature_request,
        "product_area": local.product_area,
        "intent": local.intent,
        "quotes": [asked.text[:30].strip()],
        "entities": [],
        "root_cause": None,
        "suggested_action": None,
        "explanation": "The writer reports it.",
        "translation": "In English." if asked.foreign else None,
        "confidence": 90,
    }
    return said | changes


def reply(*entries: dict[str, Any]) -> str:
    """The text of a reply."""
    return json.dumps({"answers": entries}, ensure_ascii=False)

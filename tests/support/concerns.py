"""Concerns as the labeller's flow has them: a text, its language, and what the keyword labeller decided of it."""

from __future__ import annotations

from functools import lru_cache

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

"""What a model is asked about a theme, and what it answers: a name, one line, and the words that show it.

The question is a record of the themes stage; the answer comes back through the journal and acts at its own place.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.envelope import Envelope, Message
from contracts.feedback import Sealed

MAX_NAME = 80
MAX_SUMMARY = 200
PROMPT = "theme-name-1"
"""What the model is told to do; answers to another prompt are as good, and say which."""
ANSWER_SCHEMA = "1.0"
"""The version of ``ThemeNaming`` that is asked for."""


class ThemeQuestion(Envelope):
    """Topic ``questions``: what is this theme called? Asked again only when the theme is about something else.

    ``content`` counts how often that has happened; an answer about another content is refused. ``examples`` are concern
    ids, the closest to the centroid first; whoever answers reads their words itself.
    """

    kind: Literal["theme_question"] = "theme_question"
    theme_id: str
    content: int = Field(ge=0)
    keywords: tuple[str, ...]
    language: str
    concerns: int = Field(ge=0)
    examples: tuple[str, ...] = Field(min_length=1)
    prompt: str = PROMPT
    answer_schema: str = ANSWER_SCHEMA


class NamingSource(Message):
    """The redacted words of one concern as the model saw them, sealed as the stage itself handed them on."""

    concern_id: str
    text: Sealed


class ThemeAnswer(Envelope):
    """Journal, kind ``theme_answer``: what a model calls a theme.

    ``answer`` opens to the JSON of a ``ThemeNaming``; it is sealed under the key of somebody whose words it is made of.
    ``sources`` are what the model was shown. ``content`` is that of the question.
    """

    kind: Literal["theme_answer"] = "theme_answer"
    theme_id: str
    content: int = Field(ge=0)
    model: str
    prompt: str
    answer_schema: str
    sources: tuple[NamingSource, ...] = Field(min_length=1, max_length=12)
    answer: Sealed


class NamingEvidence(Message):
    """The words ``[start, end)`` of one of the sources."""

    concern_id: str
    start: int = Field(ge=0)
    end: int = Field(gt=0)


class ThemeNaming(Message):
    """Inside a ``ThemeAnswer``: the name, one line about the theme, and the words that show that it is so."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    summary: str = Field(default="", max_length=MAX_SUMMARY)
    evidence: tuple[NamingEvidence, ...] = Field(min_length=1, max_length=12)


class AnswerRefused(Envelope):
    """Topic ``receipts``: an answer that changes nothing, and why."""

    kind: Literal["theme_answer"] = "theme_answer"
    theme_id: str
    model: str
    prompt: str
    reason: str

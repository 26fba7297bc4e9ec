"""What a model, or nobody, decided of a concern after the stream had gone on with local labels.

An answer is made outside the dataflows and comes back through the journal; extract applies it at its own place, if the
concern still stands as the model saw it. Words of a model are made of somebody's words: they are sealed under that
person's key, and go when it does.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Envelope, Message
from contracts.feedback import Sealed
from contracts.stages import Decision, EnrichedItem

ANSWER_SCHEMA = "1.0"
"""The version of ``ConcernAnswer`` that is asked for."""

MODEL_BUDGET = "model_budget"
"""Name of the signal that a tenant's money for models runs out; its value is the percentage that is spent."""

MODEL_UNBELIEVED = "model_unbelieved"
"""Name of the signal that hardly any answer of a tenant's models can be believed; its value is the percentage."""

NOT_BELIEVED = "No model could be believed."
"""The explanation of a decision that is the local one still, although models were asked."""

MAX_NOTE = 300
"""Longest free text of a model, in characters."""

Note = Annotated[str, Field(max_length=MAX_NOTE)]

Route = Literal["cache", "small", "large"]
"""The cheapest path that sufficed: an equal question's answer, a small model, a large one."""


class ConcernNotes(Message):
    """What a model says in its own words; inside ``Concern.notes``. ``translation`` is the concern in English."""

    root_cause: Note | None = None
    suggested_action: Note | None = None
    explanation: Note | None = None
    entities: tuple[Annotated[str, Field(max_length=80)], ...] = Field(default=(), max_length=8)
    translation: str | None = None


class ConcernAnswer(Message):
    """Inside an ``Answer``: the decision, whose evidence are spans of the concern's text, and the model's words."""

    decision: Decision
    notes: ConcernNotes = ConcernNotes()


class Asking(Message):
    """How an answer was come by, so that it can be explained and paid for.

    ``asked_model`` is what was asked for, where the provider answered with another name. Tokens are this concern's
    share of the call, None where the provider did not tell; ``cost_micro_usd`` is None where no price is known.
    """

    provider: str
    route: Route
    route_reason: str
    asked_model: str | None = None
    temperature: float | None = None
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    cost_micro_usd: int | None = Field(default=None, ge=0)


class Answer(Envelope):
    """Journal, kind ``answer``: a remote model's answer, which acts at its own place in the order.

    ``answer`` opens to the JSON of a ``ConcernAnswer``. ``item`` is the item with this one concern, as the model saw
    it; without it, or when the concern stands no more, nothing is changed. ``prompt`` is its name, version and hash.
    """

    kind: Literal["answer"] = "answer"
    concern_id: str
    model: str
    prompt: str
    answer_schema: str
    answer: Sealed
    item: EnrichedItem | None = None
    asking: Asking | None = None


class AnswerSetAside(Envelope):
    """Topic ``receipts``: an answer about a concern that changes nothing, and why."""

    kind: Literal["answer"] = "answer"
    concern_id: str
    model: str
    prompt: str
    reason: str

"""What a model said, checked concern by concern: an answer that may be written, or a doubt with its reasons.

In:    the text of a reply, the questions in the order they were asked, the prompt and taxonomy they were asked with.
Out:   one ``Accepted`` or ``Doubt`` per question, in their order. Pure; never raises for anything a model says.
Laws:  quotes are places in the text, so none is invented; no field, label, link or instruction of ours leaves that is
       not allowed to; a fault of one concern leaves its neighbours standing.
Elsewhere: asking again (``reasons.next_step``), writing (the labeller's flow).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from contracts.answers import NOT_BELIEVED
from contracts.stages import Decision
from models.labellers.confidence import REVIEW_BELOW
from models.labellers.taxonomy import Taxonomy
from models.llm.base import Outcome
from models.llm.prompts.artefact import Prompt
from models.llm.prompts.question import Example, Question
from models.llm.verify.entries import Entry, entries
from models.llm.verify.judging import Accepted, Doubt, Judge
from models.llm.verify.notes import runs
from models.llm.verify.reasons import LADDER, Fault, Remark, Step, next_step, sentences_of
from models.llm.verify.suspicion import suspicion

__all__ = [
    "LADDER",
    "Accepted",
    "Doubt",
    "Fault",
    "Remark",
    "Step",
    "asked_alone",
    "left_to_people",
    "next_step",
    "sentences_of",
    "verify",
]


def verify(
    said: str,
    questions: Sequence[Question],
    taxonomy: Taxonomy,
    prompt: Prompt,
    *,
    outcome: Outcome = "answered",
    examples: Sequence[Example] = (),
    review_below: int = REVIEW_BELOW,
    watchful: bool = True,
) -> list[Accepted | Doubt]:
    """What stands of ``said`` (``Reply.text``) about each question; ``outcome`` is the reply's.

    ``examples`` are those that the call showed. ``watchful`` as in ``judging.Judge``.
    """
    judge = Judge(taxonomy, _instructions(prompt), prompt.canary(taxonomy), review_below, watchful)
    texts = [question.text for question in questions]
    shown = [example.text for example in examples]
    judged: list[Accepted | Doubt] = []
    for place, found in enumerate(entries(said, len(questions), outcome)):
        others = [*texts[:place], *texts[place + 1 :], *shown]
        if isinstance(found, Entry):
            judged.append(judge.judge(place + 1, found, questions[place], others))
        else:
            judged.append(Doubt(place + 1, found))
    return judged


@lru_cache(maxsize=8)
def _instructions(prompt: Prompt) -> frozenset[str]:
    return runs(prompt.instructions)


def asked_alone(question: Question) -> bool:
    """Whether this concern is to be asked about in a call of its own: what it tries cannot reach neighbours there."""
    return suspicion(question.text).instruction_like


def left_to_people(question: Question) -> Decision:
    """The local decision, in review: what stands when no model's answer was taken."""
    return question.local.model_copy(update={"needs_review": True, "explanation": NOT_BELIEVED})

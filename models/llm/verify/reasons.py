"""Why an answer is not taken, or is believed less: closed lists, with what each costs and what is done next.

A fault is hard: the answer is not taken. A remark is soft: the answer is taken with less confidence. Both are short
constants for records and metrics; a fault's sentence is what a repair tells the model; it holds nobody's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

Fault = Literal[
    "not_json",
    "truncated",
    "refused",
    "empty",
    "too_long",
    "reply_shape",
    "missing",
    "number_twice",
    "field_missing",
    "extra_field",
    "wrong_type",
    "out_of_bounds",
    "label_unknown",
    "sublabel_elsewhere",
    "quote_not_literal",
    "no_evidence",
    "leak",
]

SENTENCES: Final[dict[Fault, str]] = {
    "not_json": "The answer must be one JSON object and nothing else.",
    "truncated": "The answer was cut off: be shorter in your own sentences.",
    "refused": "There was no answer.",
    "empty": "There was no answer.",
    "too_long": "The answer was far too long: keep to the fields and lengths of the instructions.",
    "reply_shape": "The object must hold the list `answers`, no other key, and no key twice.",
    "missing": "Every entry that has a number needs one answer with that number.",
    "number_twice": "Every number must be answered once, not twice.",
    "field_missing": "An entry must have every field of the schema.",
    "extra_field": "An entry must have no field that is not in the schema.",
    "wrong_type": "Every field must be of the type that the schema names.",
    "out_of_bounds": "Scores and numbers of list entries must keep to the bounds of the instructions.",
    "label_unknown": "Labels must be spelt as they stand in the lists; no other exists.",
    "sublabel_elsewhere": "`sublabel` must be one that stands under the category that was chosen, or null.",
    "quote_not_literal": "Every quote must be copied character for character from the text of that entry.",
    "no_evidence": "At least one quote must show why the category was chosen.",
    "leak": "The answer must not repeat the instructions.",
}
"""What a repair says of each."""

Step = Literal["repair", "other_model", "review"]
LADDER: Final[tuple[Step, ...]] = ("repair", "other_model", "review")
"""What is tried, once each, when an answer was not taken; in the end the local decision stands (``left_to_people``)."""

# Fails closed: who refuses, or says what it was told not to say, is asked no second time about this text.
TO_REVIEW: Final[frozenset[Fault]] = frozenset({"refused", "leak"})

Remark = Literal[
    "instruction_like",
    "hidden_text",
    "moved_by_instructions",
    "other_label",
    "unbacked_label",
    "label_against_mood",
    "flag_bounded",
    "severity_bounded",
    "critical_unconfirmed",
    "note_link",
    "note_placeholder",
    "note_personal",
    "note_name",
    "note_of_others",
    "note_unclean",
]

COSTS: Final[dict[Remark, int]] = {
    "instruction_like": 150,
    "hidden_text": 150,
    "moved_by_instructions": 400,
    "other_label": 0,  # its cost follows from how sure the local decision is
    "unbacked_label": 150,
    "label_against_mood": 150,
    "flag_bounded": 50,
    "severity_bounded": 100,
    "critical_unconfirmed": 0,
    "note_link": 200,
    "note_placeholder": 100,
    "note_personal": 100,
    "note_name": 0,  # most names are a product's or a country's: the sentence goes, the labels may be right
    "note_of_others": 200,
    "note_unclean": 50,
}
"""Thousandths of confidence that each takes away, once."""

HELD: Final[frozenset[Remark]] = frozenset({"moved_by_instructions", "critical_unconfirmed"})
"""Whatever confidence is left, a person confirms such an answer before it acts."""


def next_step(faults: Sequence[Fault], taken: Sequence[Step]) -> Step:
    """What to do about a concern with these faults, after the steps already ``taken``.

    >>> next_step(["missing"], []), next_step(["missing"], ["repair"]), next_step(["refused"], [])
    ('repair', 'other_model', 'review')
    """
    if TO_REVIEW.intersection(faults):
        return "review"
    return next((step for step in LADDER if step not in taken), "review")


def sentences_of(faults: Sequence[Fault]) -> list[str]:
    """What a repair tells the model, in the order of the list above."""
    return [SENTENCES[fault] for fault in get_args(Fault) if fault in faults]

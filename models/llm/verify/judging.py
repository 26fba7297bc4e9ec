"""From an entry to a decision: labels against the taxonomy, the text, and what local rules say of it.

In:   one ``Entry`` whose shape is sound, and its ``Question``.   Out: an ``Accepted`` answer or a ``Doubt``.
Closed labels, literal places and numbers go into the decision; a model's own words into its notes, or nowhere.
``churn_risk``, ``urgent`` and ``segment`` stay with what local rules and facts say; whose work it is follows from the
category alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from contracts.answers import ConcernAnswer, ConcernNotes
from contracts.stages import Decision, SentimentLabel, Severity
from models.labellers.confidence import REVIEW_BELOW
from models.labellers.taxonomy import Label, Taxonomy
from models.llm.prompts.question import Question
from models.llm.verify.bounds import confidence
from models.llm.verify.entries import Entry
from models.llm.verify.labels import Labels, labels_of
from models.llm.verify.notes import Notes, letters, shares
from models.llm.verify.reasons import HELD, Fault, Remark
from models.llm.verify.spans import Span, spans_of
from models.llm.verify.suspicion import Suspicion, suspicion


@dataclass(frozen=True, slots=True)
class Accepted:
    """``answer`` may be written; ``remarks`` are what lowered its confidence, for metrics. It may still need review."""

    number: int
    answer: ConcernAnswer
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """The answer is not taken; ``faults`` say why, and ``reasons.next_step`` what is done next."""

    number: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """What entries of one reply are held against.

    ``instructions`` (as ``notes.runs``) and ``canary`` are what must not leave; ``watchful`` False leaves out the
    search for instruction-like text, to measure what the bounds do alone.
    """

    taxonomy: Taxonomy
    instructions: frozenset[str]
    canary: str
    review_below: int = REVIEW_BELOW
    watchful: bool = True

    def judge(self, number: int, entry: Entry, question: Question, others: Sequence[str]) -> Accepted | Doubt:
        """``others`` are the texts of the other concerns and examples that the model saw."""
        faults = [*self._label_faults(entry), *self._text_faults(entry, question)]
        spans = spans_of(question.text, entry.quotes)
        if spans is None:
            faults.append("quote_not_literal")
        label = self.taxonomy.label(entry.category)
        if spans == () and label is not None and label.role != "other":
            faults.append("no_evidence")
        if faults or label is None or spans is None:
            return Doubt(number, tuple(faults))
        seen = suspicion(question.text) if self.watchful else Suspicion()
        labels = labels_of(entry, label, question, seen, self.taxonomy)
        notes, lost = _notes(entry, question, others)
        remarks = tuple(dict.fromkeys([*labels.remarks, *lost]))
        decision = self._decision(entry, label, question.local, labels, spans, remarks)
        return Accepted(number, ConcernAnswer(decision=decision, notes=notes), remarks)

    def _label_faults(self, entry: Entry) -> list[Fault]:
        known = {label.name for label in self.taxonomy.labels}
        sound = (
            entry.category in known
            and (entry.runner_up is None or entry.runner_up in known)
            and entry.severity in get_args(Severity)
            and entry.sentiment in get_args(SentimentLabel)
            and entry.product_area in {area.name for area in self.taxonomy.areas}
            and entry.intent in {intent.name for intent in self.taxonomy.intents}
        )
        label = self.taxonomy.label(entry.category)
        below = {sub.name for sub in label.sublabels} if label else set()
        faults: list[Fault] = [] if sound else ["label_unknown"]
        return (
            faults if entry.sublabel is None or entry.sublabel in below else [*faults, "sublabel_elsewhere"]
        )

    def _text_faults(self, entry: Entry, question: Question) -> list[Fault]:
        own = letters(question.text)
        said = "\n".join(entry.said())
        if letters(self.canary) in letters(said) and letters(self.canary) not in own:
            return ["leak"]
        forms = (said, said[::-1], _rot13(said))
        return ["leak"] if any(shares(form, self.instructions, own) for form in forms) else []

    def _decision(
        self,
        entry: Entry,
        label: Label,
        local: Decision,
        labels: Labels,
        spans: tuple[Span, ...],
        remarks: Sequence[Remark],
    ) -> Decision:
        sure = confidence(entry.confidence, label.name, local, remarks)
        return Decision(
            category=label.name,
            sublabel=entry.sublabel,
            runner_up=entry.runner_up if entry.runner_up != label.name else None,
            severity=labels.severity,
            sentiment=labels.sentiment,
            sentiment_milli=labels.sentiment_milli,
            bug=labels.bug,
            feature_request=labels.feature_request,
            product_area=entry.product_area,
            suggested_action=label.action,
            action_owner=label.owner,
            intent=entry.intent,
            segment=local.segment,
            evidence=spans,
            explanation=_explain(label, entry, local, labels, remarks),
            confidence_milli=sure,
            needs_review=sure < self.review_below or not HELD.isdisjoint(remarks),
            product_fix=labels.bug or labels.severity == "critical",
            churn_risk=local.churn_risk,
            urgent=local.urgent,
            provisional=False,
        )


def _notes(entry: Entry, question: Question, others: Sequence[str]) -> tuple[ConcernNotes, list[Remark]]:
    notes = Notes(question.text, others)
    cause, no_cause = notes.sentence(entry.root_cause)
    action, no_action = notes.sentence(entry.suggested_action)
    why, no_why = notes.sentence(entry.explanation)
    english, no_english = notes.translation(entry.translation if question.foreign else None)
    kept = ConcernNotes(
        root_cause=cause,
        suggested_action=action,
        explanation=why,
        entities=notes.entities(entry.entities),
        translation=english,
    )
    return kept, [remark for remark in (no_cause, no_action, no_why, no_english) if remark]


def _explain(label: Label, entry: Entry, local: Decision, labels: Labels, remarks: Sequence[Remark]) -> str:
    """One sentence from closed names alone: it is kept in the clear, so it repeats nobody's words."""
    name = label.name + (f" / {entry.sublabel}" if entry.sublabel else "")
    beside = "as by rules" if local.category == label.name else f"by rules {local.category}"
    doubts = f"; {', '.join(remarks)}" if remarks else ""
    return f"{name} by a model, {beside}; severity {labels.severity}, by rules {local.severity}{doubts}."


def _rot13(said: str) -> str:
    return said.translate(_ROT13)


_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_ROT13: Final = str.maketrans(
    _LOWER + _LOWER.upper(), _LOWER[13:] + _LOWER[:13] + _LOWER.upper()[13:] + _LOWER.upper()[:13]
)

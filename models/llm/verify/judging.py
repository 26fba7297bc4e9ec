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
from models.labellers.severity import severity
from models.labellers.taxonomy import Label, Taxonomy, fold, one_pattern
from models.llm.prompts.question import Question
from models.llm.verify.bounds import bounded_severity, confidence
from models.llm.verify.entries import Entry
from models.llm.verify.notes import Notes, letters, shares
from models.llm.verify.reasons import HELD, Fault, Remark
from models.llm.verify.spans import Span, overlaps, spans_of
from models.llm.verify.suspicion import Suspicion, suspicion

# Below this, a score of the other sign is a shade and no contradiction.
_CLEAR_MOOD: Final = 300


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
        notes, lost = _notes(entry, question, others)
        level, bounded = _severity(entry, question, seen)
        remarks = [*bounded, *lost, *_moved(entry, label, question, spans, seen, level)]
        remarks = list(dict.fromkeys([*remarks, *_mood(entry, label)]))
        decision = self._decision(entry, label, question, spans, level, remarks)
        return Accepted(number, ConcernAnswer(decision=decision, notes=notes), tuple(remarks))

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
        question: Question,
        spans: tuple[Span, ...],
        level: Severity,
        remarks: Sequence[Remark],
    ) -> Decision:
        local = question.local
        sure = confidence(entry.confidence, label.name, local, remarks)
        bug = entry.bug or label.role == "bug"
        return Decision(
            category=label.name,
            sublabel=entry.sublabel,
            runner_up=entry.runner_up if entry.runner_up != label.name else None,
            severity=level,
            sentiment=_sentiment(entry.sentiment),
            sentiment_milli=_score(entry),
            bug=bug,
            feature_request=entry.feature_request or label.role == "feature_request",
            product_area=entry.product_area,
            suggested_action=label.action,
            action_owner=label.owner,
            intent=entry.intent,
            segment=local.segment,
            evidence=spans,
            explanation=_explain(label, entry, local, level, remarks),
            confidence_milli=sure,
            needs_review=sure < self.review_below or not HELD.isdisjoint(remarks),
            product_fix=bug or level == "critical",
            churn_risk=local.churn_risk,
            urgent=local.urgent,
            provisional=False,
        )


def _severity(entry: Entry, question: Question, seen: Suspicion) -> tuple[Severity, tuple[Remark, ...]]:
    by_words = severity(fold(question.text), bug=False, angry_issue=False).at is not None
    said = next(level for level in get_args(Severity) if level == entry.severity)
    return bounded_severity(
        said, question.local.severity, by_words=by_words, fixed=seen.asks_for_rank or seen.instruction_like
    )


def _moved(
    entry: Entry, label: Label, question: Question, spans: Sequence[Span], seen: Suspicion, level: Severity
) -> list[Remark]:
    """What is to be said of where the answer differs from the local decision, and of what the text tries."""
    local = question.local
    remarks: list[Remark] = []
    if label.name != local.category:
        remarks.append("other_label")
        if not _backed(label, question, seen):
            remarks.append("unbacked_label")
    if seen.instruction_like:
        remarks.append("hidden_text" if seen.hidden else "instruction_like")
        flags = (entry.bug or label.role == "bug", entry.feature_request or label.role == "feature_request")
        theirs = (local.category, local.severity, local.bug, local.feature_request)
        if (label.name, level, *flags) != theirs:
            remarks.append("moved_by_instructions")
        if spans and all(overlaps(span, seen.spans) for span in spans):
            remarks.append("evidence_is_instructions")
    return remarks


def _backed(label: Label, question: Question, seen: Suspicion) -> bool:
    """Whether the label was the local runner-up, has a cue in words that are no instruction, or cannot be told.

    Cues and exemplars are mostly English: of other languages local rules know too little to contradict.
    """
    if label.name == question.local.runner_up or label.role == "other" or question.foreign:
        return True
    cues = one_pattern(label.cues)
    found = [match.span() for match in cues.finditer(fold(question.text))] if cues else []
    return any(not overlaps(span, seen.spans) for span in found)


def _mood(entry: Entry, label: Label) -> list[Remark]:
    praised = label.role == "praise" or entry.intent == "praise"
    against = {"positive": label.role in ("bug", "issue"), "negative": praised}.get(entry.sentiment, False)
    signs = {"positive": 1, "negative": -1}.get(entry.sentiment, 0) * entry.sentiment_score
    return ["label_against_mood"] if against or signs < -_CLEAR_MOOD // 10 else []


def _sentiment(said: str) -> SentimentLabel:
    return next(label for label in get_args(SentimentLabel) if label == said)


def _score(entry: Entry) -> int:
    """Thousandths, of the sign that the label has."""
    size = 10 * abs(entry.sentiment_score)
    if entry.sentiment == "neutral":
        return max(-_CLEAR_MOOD, min(_CLEAR_MOOD, 10 * entry.sentiment_score))
    return size if entry.sentiment == "positive" else -size


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


def _explain(label: Label, entry: Entry, local: Decision, level: Severity, remarks: Sequence[Remark]) -> str:
    """One sentence from closed names alone: it is kept in the clear, so it repeats nobody's words."""
    name = label.name + (f" / {entry.sublabel}" if entry.sublabel else "")
    beside = "as by rules" if local.category == label.name else f"by rules {local.category}"
    doubts = f"; {', '.join(remarks)}" if remarks else ""
    return f"{name} by a model, {beside}; severity {level}, by rules {local.severity}{doubts}."


def _rot13(said: str) -> str:
    return said.translate(_ROT13)


_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_ROT13: Final = str.maketrans(
    _LOWER + _LOWER.upper(), _LOWER[13:] + _LOWER[:13] + _LOWER.upper()[13:] + _LOWER.upper()[:13]
)

"""Which of a model's labels stand, held against the text and what local rules decided of it.

In:   an entry whose labels exist, its question, what was found suspicious.   Out: the labels that work follows from.
Law:  a flag or a severity is raised on words of the text, not on a wish; a text that instructs moves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from contracts.stages import Decision, SentimentLabel, Severity
from models.labellers.severity import severity
from models.labellers.taxonomy import Label, Role, Taxonomy, fold, one_pattern
from models.llm.prompts.question import Question
from models.llm.verify.bounds import bounded_severity
from models.llm.verify.entries import Entry
from models.llm.verify.reasons import Remark
from models.llm.verify.spans import overlaps
from models.llm.verify.suspicion import Suspicion

# A score of the other sign below this is a shade and no contradiction.
CLEAR_MOOD: Final = 300


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands; ``remarks`` say what was bounded and what speaks against it."""

    severity: Severity
    bug: bool
    feature_request: bool
    sentiment: SentimentLabel
    sentiment_milli: int
    remarks: tuple[Remark, ...]


def labels_of(entry: Entry, label: Label, question: Question, seen: Suspicion, taxonomy: Taxonomy) -> Labels:
    """The labels of one concern; ``label`` is the entry's category."""
    local = question.local
    level, remarks = _severity(entry, question, seen)
    bug = _flag("bug", entry.bug, label, question, seen, taxonomy)
    request = _flag("feature_request", entry.feature_request, label, question, seen, taxonomy)
    found = list(remarks)
    if (entry.bug and not bug) or (entry.feature_request and not request):
        found.append("flag_bounded")
    if label.name != local.category:
        found.append("other_label")
        # Of a label without cues, such as one that people added, words say nothing here.
        if label.cues and not (label.role == "other" or _spoken(label, question, seen)):
            found.append("unbacked_label")
    sentiment = _sentiment(entry)
    if seen.instruction_like:
        found.append("hidden_text" if seen.hidden else "instruction_like")
        said = (label.name, entry.sublabel, level, sentiment, entry.intent, bug, request)
        if said != _as_in_the_matrix(local) or local.needs_review:
            found.append("moved_by_instructions")
    return Labels(level, bug, request, sentiment, _score(entry), (*found, *_mood(entry, label)))


def _as_in_the_matrix(local: Decision) -> tuple[object, ...]:
    """What the decision matrix can look at, confidence apart: from these follow action and owner."""
    named = (local.category, local.sublabel, local.severity, local.sentiment, local.intent)
    return (*named, local.bug, local.feature_request)


def _severity(entry: Entry, question: Question, seen: Suspicion) -> tuple[Severity, Sequence[Remark]]:
    by_words = severity(fold(question.text), bug=False, angry_issue=False).at is not None
    said = next(level for level in get_args(Severity) if level == entry.severity)
    fixed = seen.asks_for_rank or seen.instruction_like
    return bounded_severity(said, question.local.severity, by_words=by_words, fixed=fixed)


def _flag(
    role: Role, said: bool, category: Label, question: Question, seen: Suspicion, taxonomy: Taxonomy
) -> bool:
    """The flag of a role: the category's own always stands, one beside it only where words of the text are for it."""
    if category.role == role:
        return True
    theirs = question.local.bug if role == "bug" else question.local.feature_request
    if not said or theirs:
        return said
    return any(_spoken(label, question, seen) for label in taxonomy.labels if label.role == role)


def _spoken(label: Label, question: Question, seen: Suspicion) -> bool:
    """Whether words of the text that are no instruction are for the label, or nobody here can tell.

    Cues are mostly English: of other languages local rules know too little to contradict.
    """
    if question.foreign:
        return True
    cues = one_pattern(label.cues)
    found = [match.span() for match in cues.finditer(fold(question.text))] if cues else []
    return any(not overlaps(span, seen.spans) for span in found)


def _mood(entry: Entry, label: Label) -> list[Remark]:
    praised = label.role == "praise" or entry.intent == "praise"
    against = {"positive": label.role in ("bug", "issue"), "negative": praised}.get(entry.sentiment, False)
    along = {"positive": 1, "negative": -1}.get(entry.sentiment, 0) * 10 * entry.sentiment_score
    return ["label_against_mood"] if against or along < -CLEAR_MOOD else []


def _sentiment(entry: Entry) -> SentimentLabel:
    return next(label for label in get_args(SentimentLabel) if label == entry.sentiment)


def _score(entry: Entry) -> int:
    """Thousandths, of the sign that the label has."""
    size = 10 * abs(entry.sentiment_score)
    if entry.sentiment == "neutral":
        return max(-CLEAR_MOOD, min(CLEAR_MOOD, 10 * entry.sentiment_score))
    return size if entry.sentiment == "positive" else -size

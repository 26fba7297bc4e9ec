"""The local labeller: concerns and their vectors in, decisions out.

Promise: one decision per concern, a pure function of it (a batch changes nothing), integers throughout,
about 5,000 concerns a second on one core. Remote labellers answer later, through the journal; this one
is what the stream goes on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from models.encoders.base import GRID_NORM, Encoder, Vectors
from models.labellers.bound import ReviewBound
from models.labellers.category import CategoryModel, Scored
from models.labellers.confidence import KEYWORDS, MEANING, Features, confidence, word_features
from models.labellers.decision import ConcernText, Decision, Intent
from models.labellers.sentiment import Sentiment, SentimentModel
from models.labellers.severity import Severity, is_urgent, may_leave, severity
from models.labellers.taxonomy import Label, Role, Taxonomy, fold, one_pattern

VERSION = "local-2"
# A flag is raised beside another category when, with a cue, its own score comes this near to the best. Wishes are
# uttered in the middle of praise, which outscores them: so their margin is wider.
FLAG_MARGIN: dict[Role, int] = {"bug": 220, "feature_request": 450}
# Most quotes kept per decision, and characters of context up to which a cue is widened to whole words.
MAX_QUOTES = 4


@dataclass(frozen=True, slots=True)
class _Read:
    """Everything known about one concern before the decision is put together."""

    concern: ConcernText
    folded: str
    mood: Sentiment
    scored: Scored


class LocalLabeller:
    """Labels by exemplars, cues, rules and word lists; built once per taxonomy and encoder."""

    def __init__(
        self, taxonomy: Taxonomy, encoder: Encoder, *, review_below: ReviewBound | None = None
    ) -> None:
        """``review_below`` is the confidence under which a person is asked."""
        self.taxonomy = taxonomy
        self.encoder = encoder
        self.review_below = review_below or ReviewBound()
        self._category = CategoryModel(taxonomy, encoder)
        self._labels: tuple[Label, ...] = taxonomy.labels
        self._own = len(self._labels)
        self._sublabels = [
            [(sub.name, one_pattern(sub.cues)) for sub in label.sublabels] for label in self._labels
        ]
        self._roles = {label.role: place for place, label in reversed(list(enumerate(self._labels)))}
        self._sentiment = SentimentModel()
        self._coefficients = KEYWORDS if encoder.version.startswith("keywords") else MEANING
        # How many numbers beside the vector a tenant's own models read: ``Decision.signals``.
        self.signals = 2 * len(self._labels) + 11
        self._models = (("encoder", encoder.version), ("labeller", VERSION), ("taxonomy", taxonomy.version))

    def extended(self, taxonomy: Taxonomy) -> LocalLabeller:
        """A labeller for a taxonomy that has more labels behind those of this one; ``signals`` stay what they are."""
        other, new = copy(self), taxonomy.labels[self._own :]
        other.taxonomy = taxonomy
        other._labels = taxonomy.labels
        other._category = self._category.extended(new, self.encoder)
        other._sublabels = [*self._sublabels, *([] for _ in new)]
        other._models = (*self._models[:-1], ("taxonomy", taxonomy.version))
        return other

    def label(self, concerns: Sequence[ConcernText], vectors: Vectors) -> list[Decision]:
        """One decision per concern, in order; ``vectors`` (n, dims) are the concerns' grid vectors."""
        return [self._decide(read) for read in self._read(concerns, vectors)]

    def features(self, concerns: Sequence[ConcernText], vectors: Vectors) -> list[Features]:
        """What the confidence of each concern rests on: for calibration and for explaining."""
        return [self._features(read) for read in self._read(concerns, vectors)]

    def _read(self, concerns: Sequence[ConcernText], vectors: Vectors) -> list[_Read]:
        if not concerns:
            return []
        folded = [fold(concern.text) for concern in concerns]
        moods = [
            self._sentiment.score(concern.text, text, concern.language, concern.rating)
            for concern, text in zip(concerns, folded, strict=True)
        ]
        scored = self._category.score(folded, vectors, [mood.milli for mood in moods])
        return [_Read(*parts) for parts in zip(concerns, folded, moods, scored, strict=True)]

    def _decide(self, read: _Read) -> Decision:
        ranking = read.scored.ranking
        best, second = self._labels[ranking[0]], self._labels[ranking[1]]
        bug, request = self._flag("bug", read, ranking[0]), self._flag("feature_request", read, ranking[0])
        level = severity(read.folded, bug=bug, angry_issue=_is_angry_issue(best, read))
        sure = confidence(self._features(read), self._coefficients)
        sublabel = self._sublabel(ranking[0], read.folded)
        return Decision(
            category=best.name,
            sublabel=sublabel,
            runner_up=second.name,
            severity=level.level,
            severity_rule=level.rule,
            sentiment_label=read.mood.label,
            sentiment_milli=read.mood.milli,
            sentiment_certain=read.mood.certain,
            bug=bug,
            feature_request=request,
            product_area=best.product_area,
            owner=best.owner,
            suggested_action=best.action,
            intent=_intent(best, read, bug=bug),
            evidence=_evidence(read, ranking[0], level),
            explanation=_explain(best, sublabel, read, ranking[0], level),
            confidence_milli=sure,
            needs_review=sure < self.review_below.of(read.concern.tenant),
            churn_risk=may_leave(read.folded),
            urgency=is_urgent(read.folded),
            models=self._models,
            options=tuple(self._labels[place].name for place in ranking),
            signals=_signals(read, self._own),
        )

    def _flag(self, role: Role, read: _Read, best: int) -> bool:
        place = self._roles.get(role)
        if place is None:
            return False
        if self._labels[best].role == role:
            return True
        total = read.scored.total
        return bool(read.scored.cues[place]) and total[place] >= total[best] - FLAG_MARGIN[role]

    def _sublabel(self, place: int, folded: str) -> str | None:
        hits = [(name, len(pattern.findall(folded))) for name, pattern in self._sublabels[place] if pattern]
        found = [(count, -order, name) for order, (name, count) in enumerate(hits) if count]
        return max(found)[2] if found else None

    def _features(self, read: _Read) -> Features:
        content, plausible = word_features(read.concern.text)
        foreign = read.concern.language not in (None, "en")
        best, near = read.scored.ranking[0], read.scored.near[: self._own]
        nearest = (
            best if best >= self._own else max(range(self._own), key=lambda place: (near[place], -place))
        )
        return Features(
            content=content,
            plausible=plausible,
            margin=0 if foreign else read.scored.nearness - read.scored.chatter,
            nearness=0 if foreign else read.scored.nearness,
            cues=min(3, sum(bool(found) for found in read.scored.cues)),
            agree=int(bool(read.scored.cues[nearest])),
            mood=int(abs(read.mood.milli) >= 300),
            foreign=int(foreign),
        )


def _signals(read: _Read, own: int) -> tuple[int, ...]:
    """Scores and cues of the first ``own`` labels, mood, length, stars; 2,048 is one, as in grid vectors; and a one."""
    mood, stars = read.mood, read.concern.rating
    return (
        *(total * GRID_NORM // 500 for total in read.scored.total[:own]),
        *(len(found) * GRID_NORM // 2 for found in read.scored.cues[:own]),
        mood.milli * GRID_NORM // 700,
        abs(mood.milli) * GRID_NORM // 1000,
        GRID_NORM * (mood.label == "negative"),
        GRID_NORM * (mood.label == "positive"),
        min(400, len(read.folded)) * GRID_NORM // 400,
        *(GRID_NORM * (stars == star) for star in range(1, 6)),
        GRID_NORM,
    )


def _is_angry_issue(best: Label, read: _Read) -> bool:
    return best.actionable and best.role != "feature_request" and read.mood.label == "negative"


def _intent(best: Label, read: _Read, *, bug: bool) -> Intent:
    if best.role == "feature_request":
        return "request"
    if best.role == "praise":
        return "praise"
    if "?" in read.folded and read.mood.label != "negative":
        return "question"
    return "complaint" if bug or read.mood.label == "negative" else "statement"


def _evidence(read: _Read, best: int, level: Severity) -> tuple[tuple[int, int], ...]:
    """Spans of cues of the chosen label and of the severity rule, widened to words, disjoint, in order."""
    text = read.concern.text
    spans = [*read.scored.cues[best], *([level.at] if level.at else [])]
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(_widen(text, span) for span in spans):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
        else:
            chosen[-1] = (chosen[-1][0], max(end, chosen[-1][1]))
    return tuple(chosen[:MAX_QUOTES])


def _widen(text: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _explain(best: Label, sublabel: str | None, read: _Read, place: int, level: Severity) -> str:
    """One sentence from names and counts alone; it never repeats the feedback."""
    name = best.name + (f" / {sublabel}" if sublabel else "")
    cues = len(read.scored.cues[place])
    why = f"{cues} cue{'s' if cues != 1 else ''} and" if cues else "no cue,"
    worst = f"; severity {level.level} by rule {level.rule}" if level.rule != "none" else ""
    return f"{name}: {why} exemplar nearness {read.scored.near[place] / 1000:.2f}; {read.mood.label} mood{worst}."

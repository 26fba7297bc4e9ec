"""The extract step.

In:    ``redacted`` items of one partition.   Out: ``enriched`` items and everything that is not feedback, in
       order; ``reviews`` for concerns below the confidence bound; ``dead-letters`` for items on which a model failed;
       ``receipts`` for answers that change nothing.
State: which concerns stand for each item and who decided about them since (``standing``), so that a new revision can
       take them back and an answer acts once; the budget of failures.
Elsewhere: what counts as a concern (``models.segments``), what it means (``models.labellers``), what models and people
say of it later (``deciding``).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts.answers import Answer
from contracts.commands import Command, DirectModel
from contracts.diversions import DeadLetter, ReviewRequest
from contracts.envelope import Envelope, Out
from contracts.feedback import Coordinates
from contracts.identity import cause_of, concern_id
from contracts.stages import Concern, Decision, EnrichedItem, Provenance, RedactedItem, Vector
from models.encoders.base import Encoder
from models.labellers.decision import ConcernText
from models.labellers.decision import Decision as LocalDecision
from models.labellers.local import LocalLabeller
from models.priority.matrix import Matrix, load_matrix
from models.segments.concerns import Span, concerns
from models.segments.summary import summary
from operators.budget import RejectBudget, RejectPolicy
from operators.extract.acting import acting, review_request
from operators.extract.deciding import Deciding, PersonsOrder
from operators.extract.decisions import decision_record, segment_of
from operators.extract.given import Given
from operators.extract.learning import Learning
from operators.extract.standing import Standing
from operators.isolation import Poisoned, each_apart
from operators.marking import markers
from operators.numbering import Numbering
from operators.ports import OwnAnswers, Vault
from operators.state import Table

READING = "its text was read"


@dataclass(frozen=True, slots=True)
class _Text:
    """What the models are given of an item."""

    text: str
    language: str
    stars: int | None
    segment: str | None


PUBLIC = ("reviews",)
"""What people read of this stage."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One concern in an item's text, before the models have seen it."""

    span: Span
    text: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Read:
    """One concern as the models read it."""

    found: _Found
    decision: Decision
    vector: Vector
    summary_vector: Vector
    local: LocalDecision


class ExtractStep:
    """Find concerns, label and embed them; one instance per journal partition."""

    def __init__(
        self,
        vault: Vault,
        encoder: Encoder,
        labeller: LocalLabeller,
        provenance: Provenance,
        rejects: RejectPolicy | None = None,
        answers_within: timedelta | None = None,
        matrix: Matrix | None = None,
        own_answers: OwnAnswers | None = None,
    ) -> None:
        """``answers_within``: how long after it happened a model may still say what a concern in review is.

        ``own_answers``: what models answered beforehand; then answers to others' prompts in the journal do not act.
        """
        self._vault = vault
        self._matrix = matrix or load_matrix()
        self._encoder = encoder
        self._labeller = labeller
        self._provenance = provenance
        self._answers_within = answers_within
        self._standing: Table[Standing] = Table(Standing.encode, Standing.decode)
        self._budget = RejectBudget(rejects or RejectPolicy())
        self._numbering = Numbering("extract")
        self._deciding = Deciding(
            vault,
            labeller.taxonomy,
            labeller.review_below,
            self._standing,
            self._numbering,
            self._in_our_space,
            self._matrix,
        )
        self._given = Given(vault, own_answers)
        self._learning = Learning(vault, encoder, labeller, provenance.git_commit, self._numbering.after)
        self.tables: Mapping[str, Table[Any]] = {
            "standing": self._standing,
            "learning": self._learning.table,
        }

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Enriched items, review requests and dead letters, in the order of the records.

        Raises ``BudgetExceeded`` when the models fail on too many.
        """
        texts = [self._text_of(record) for record in records if isinstance(record, RedactedItem)]
        readings = iter(each_apart(self._read, texts))
        outs: list[Out] = []
        for record in records:
            if isinstance(record, RedactedItem):
                outs.extend(self._conclude(record, next(readings)))
            elif isinstance(record, Answer):
                others = self._given.is_of_others(record)
                outs += self._deciding.not_ours(record) if others else self._deciding.answer(record)
            elif isinstance(record, Command) and isinstance(record.order, PersonsOrder):
                outs += self._deciding.order(record, record.order)
                outs += self._learning.after(record, record.order, outs[-1].record)
            elif isinstance(record, Command) and isinstance(record.order, DirectModel):
                outs += [*self._learning.direct(record, record.order), Out("enriched", record)]
            else:
                outs += [*markers(record, PUBLIC, self._numbering), Out("enriched", record)]
        return outs

    def snapshot(self) -> dict[str, Any]:
        """The output count and the budget of failures."""
        return {"numbering": self._numbering.snapshot(), "budget": self._budget.snapshot()}

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped; one from before there was a budget has none."""
        self._numbering.restore(small["numbering"])
        if "budget" in small:
            self._budget.restore(small["budget"])

    def _text_of(self, item: RedactedItem) -> _Text:
        opened = self._vault.open(item.tenant, item.text)
        text = opened.decode() if opened else ""
        return _Text(text, item.language, _stars(item.facts.rating), segment_of(item.facts))

    # -- what the models say; a function of each text alone --------------------------------------------

    def _read(self, texts: Sequence[_Text]) -> list[list[_Read]]:
        """The concerns of each text. Models are asked about all at once."""
        found = [_find(one.text) for one in texts]
        flat = [(one, concern) for one, in_it in zip(texts, found, strict=True) for concern in in_it]
        read = iter(self._judge(flat))
        return [[next(read) for _ in in_it] for in_it in found]

    def _judge(self, flat: Sequence[tuple[_Text, _Found]]) -> list[_Read]:
        if not flat:
            return []
        encoded = self._encoder.encode([c.text for _, c in flat] + [c.summary for _, c in flat])
        of_text, of_summary = encoded[: len(flat)], encoded[len(flat) :]
        asked = [ConcernText(concern.text, one.language, one.stars) for one, concern in flat]
        decisions = self._labeller.label(asked, of_text)
        return [
            _Read(
                concern,
                decision_record(decision, concern.text, one.segment),
                self._vector(of_text[i]),
                self._vector(of_summary[i]),
                decision,
            )
            for i, ((one, concern), decision) in enumerate(zip(flat, decisions, strict=True))
        ]

    def _vector(self, vector: npt.NDArray[np.int16]) -> Vector:
        data = base64.b64encode(vector.astype("<i2").tobytes()).decode()
        return Vector.model_construct(model=self._encoder.version, dtype="<i2", data=data)

    def _in_our_space(self, concern: Concern, said: str) -> Concern:
        """A concern that comes back, with vectors of this encoder: in a replay those it has may be another's."""
        if concern.vector is not None and concern.vector.model == self._encoder.version:
            return concern
        of_text, of_summary = self._encoder.encode([said, summary(said)])
        vectors = {"vector": self._vector(of_text), "summary_vector": self._vector(of_summary)}
        return concern.model_copy(update=vectors)

    # -- what follows from it --------------------------------------------------------------------------

    def _conclude(self, item: RedactedItem, reading: list[_Read] | Poisoned) -> list[Out]:
        self._budget.record(rejected=isinstance(reading, Poisoned))
        if isinstance(reading, Poisoned):
            return self._give_up(item, reading)
        concerns = tuple(self._concern(item, n, read) for n, read in enumerate(reading))
        enriched = self._enriched(item, concerns)
        outs = [Out("enriched", enriched)]
        for concern, read in zip(concerns, reading, strict=True):
            if concern.decision.needs_review:
                outs.append(Out("reviews", self._review(item, enriched, concern, read)))
        for answer in self._given.after(item, enriched):
            outs += self._deciding.answer(answer)
        return outs

    def _give_up(self, item: RedactedItem, by: Poisoned) -> list[Out]:
        """The item goes to the dead letters; what stands of an earlier revision is taken back, as it was replaced."""
        standing = self._standing.get(item.item_id)
        outs = [Out("enriched", self._enriched(item, ()))] if standing and standing.count else []
        return [*outs, Out("dead-letters", self._dead_letter(item, by))]

    def _concern(self, item: RedactedItem, n: int, read: _Read) -> Concern:
        return Concern.model_construct(
            concern_id=concern_id(item.item_id, item.revision, n),
            start=read.found.span.start,
            end=read.found.span.end,
            summary=self._vault.seal(item.tenant, item.text.subject, read.found.summary.encode()),
            decision=acting(self._learned(item.tenant, read), self._matrix, item.tenant),
            vector=read.vector,
            summary_vector=read.summary_vector,
        )

    def _learned(self, tenant: str, read: _Read) -> Decision:
        return self._learning.relabelled(tenant, read.local, read.decision, read.vector)

    def _enriched(self, item: RedactedItem, concerns: tuple[Concern, ...]) -> EnrichedItem:
        """The item with these concerns, which stand from here on."""
        enriched = EnrichedItem.model_construct(
            **self._numbering.header(item),
            kind="feedback",
            event_time=item.event_time,
            item_id=item.item_id,
            revision=item.revision,
            text=item.text,
            language=item.language,
            coverage=item.coverage,
            facts=item.facts,
            concerns=concerns,
            retracts=self._retract(item),
            provenance=self._provenance,
            schema_version="1.0",
        )
        waits = sum(concern.decision.needs_review << n for n, concern in enumerate(concerns))
        self._standing.put(item.item_id, Standing(item.revision, len(concerns), waits))
        return enriched

    def _dead_letter(self, item: RedactedItem, by: Poisoned) -> DeadLetter:
        error, again = by.rejection(READING), item.redriven
        return DeadLetter.model_construct(
            **self._numbering.header(item),
            kind="signal",
            event_time=item.event_time,
            stage="extract",
            reason=error.reason,
            message=str(error),
            item_id=item.item_id,
            found_at=Coordinates(origin=f"journal {cause_of(item.id)}"),
            original=item.text,
            exception=by.exception,
            withdraws=True,
            attempt=again.attempt if again else 1,
            first_failed_at=again.first_failed_at if again else item.ingested_at,
            redrive_id=cause_of(item.id) if again else None,
            schema_version="1.0",
        )

    def _retract(self, item: RedactedItem) -> tuple[str, ...]:
        standing = self._standing.get(item.item_id)
        if standing is None:
            return ()
        return tuple(concern_id(item.item_id, standing.revision, n) for n in range(standing.count))

    def _review(
        self, item: RedactedItem, enriched: EnrichedItem, concern: Concern, read: _Read
    ) -> ReviewRequest:
        return review_request(
            self._numbering.header(item),
            enriched.model_copy(update={"concerns": (concern,), "retracts": ()}),
            concern,
            read.found.text,
            read.local.options,
            None if self._answers_within is None else item.event_time + self._answers_within,
        )


def _find(text: str) -> list[_Found]:
    """The concerns of a redacted text."""
    cut = ((span, text[span.start : span.end]) for span in concerns(text))
    return [_Found(span, said, summary(said)) for span, said in cut]


def texts_to_encode(text: str) -> list[str]:
    """What the encoder is asked for an item with this redacted text."""
    found = _find(text)
    return [one.text for one in found] + [one.summary for one in found]


def _stars(rating: float | None) -> int | None:
    """Whole stars; half a star counts for the side it leans to."""
    return None if rating is None else round(rating)

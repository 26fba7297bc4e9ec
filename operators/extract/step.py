"""The extract step.

In:    ``redacted`` items of one partition.   Out: ``enriched`` items and everything that is not feedback, in
       order; ``reviews`` for concerns below the confidence bound.
State: which concerns stand for each item, so that a new revision can take them back.
Elsewhere: what counts as a concern (``models.segments``), what it means (``models.labellers``).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts.commands import Command, ConfirmConcern
from contracts.diversions import ReviewRequest
from contracts.envelope import Envelope, Out
from contracts.identity import concern_id
from contracts.stages import Concern, EnrichedItem, Provenance, RedactedItem, Vector
from models.encoders.base import Encoder
from models.labellers.decision import ConcernText
from models.labellers.local import LocalLabeller
from models.segments.concerns import Span, concerns
from models.segments.summary import summary
from operators.extract.decisions import decision_record
from operators.numbering import Numbering
from operators.ports import Vault
from operators.state import Table


@dataclass(frozen=True, slots=True)
class _Found:
    """One concern found in an item's text, before the models have seen it."""

    span: Span
    text: str
    summary: str


class ExtractStep:
    """Find concerns, label and embed them; one instance per journal partition."""

    def __init__(
        self, vault: Vault, encoder: Encoder, labeller: LocalLabeller, provenance: Provenance
    ) -> None:
        self._vault = vault
        self._encoder = encoder
        self._labeller = labeller
        self._provenance = provenance
        # item id → [revision, number of its concerns]; the concerns' ids follow from these.
        self._standing: Table[list[int]] = Table()
        self._numbering = Numbering("extract")
        self.tables: Mapping[str, Table[Any]] = {"standing": self._standing}

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Enriched items and review requests, in the order of the records."""
        found = [self._find(record) if isinstance(record, RedactedItem) else [] for record in records]
        made = iter(self._make_concerns(records, found))
        outs: list[Out] = []
        for record, in_item in zip(records, found, strict=True):
            if isinstance(record, RedactedItem):
                outs.extend(self._enrich(record, in_item, [next(made) for _ in in_item]))
            elif isinstance(record, Command) and isinstance(record.order, ConfirmConcern):
                outs.extend(self._confirm(record, record.order))
            else:
                outs.append(Out("enriched", record))
        return outs

    def snapshot(self) -> dict[str, Any]:
        """The output count."""
        return {"numbering": self._numbering.snapshot()}

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped."""
        self._numbering.restore(small["numbering"])

    def _find(self, item: RedactedItem) -> list[_Found]:
        opened = self._vault.open(item.tenant, item.text)
        text = opened.decode() if opened else ""
        return [
            _Found(span, text[span.start : span.end], summary(text[span.start : span.end]))
            for span in concerns(text)
        ]

    def _make_concerns(self, records: Sequence[Envelope], found: Sequence[list[_Found]]) -> list[Concern]:
        """Concerns without ids, for all items of the batch at once."""
        flat = [
            (record, concern)
            for record, in_item in zip(records, found, strict=True)
            if isinstance(record, RedactedItem)
            for concern in in_item
        ]
        if not flat:
            return []
        texts = [concern.text for _, concern in flat]
        vectors = self._encoder.encode(texts + [concern.summary for _, concern in flat])
        of_text, of_summary = vectors[: len(flat)], vectors[len(flat) :]
        asked = [ConcernText(c.text, record.language, _stars(record.facts.rating)) for record, c in flat]
        decisions = self._labeller.label(asked, of_text)
        return [
            Concern.model_construct(
                concern_id="",
                start=concern.span.start,
                end=concern.span.end,
                summary=self._vault.seal(record.tenant, record.text.subject, concern.summary.encode()),
                decision=decision_record(decision, concern.text),
                vector=self._vector(of_text[i]),
                summary_vector=self._vector(of_summary[i]),
            )
            for i, ((record, concern), decision) in enumerate(zip(flat, decisions, strict=True))
        ]

    def _vector(self, vector: npt.NDArray[np.int16]) -> Vector:
        data = base64.b64encode(vector.astype("<i2").tobytes()).decode()
        return Vector.model_construct(model=self._encoder.version, dtype="<i2", data=data)

    def _enrich(self, item: RedactedItem, found: Sequence[_Found], made: Sequence[Concern]) -> list[Out]:
        named = tuple(
            concern.model_copy(update={"concern_id": concern_id(item.item_id, item.revision, n)})
            for n, concern in enumerate(made)
        )
        enriched = EnrichedItem.model_construct(
            **self._header(item),
            kind="feedback",
            event_time=item.event_time,
            item_id=item.item_id,
            revision=item.revision,
            text=item.text,
            language=item.language,
            coverage=item.coverage,
            facts=item.facts,
            concerns=named,
            retracts=self._retract(item),
            provenance=self._provenance,
            schema_version="1.0",
        )
        self._standing.put(item.item_id, [item.revision, len(named)])
        outs = [Out("enriched", enriched)]
        for concern, source in zip(named, found, strict=True):
            if concern.decision.needs_review:
                outs.append(Out("reviews", self._review(item, enriched, concern, source.text)))
        return outs

    def _retract(self, item: RedactedItem) -> tuple[str, ...]:
        standing = self._standing.get(item.item_id)
        if standing is None:
            return ()
        revision, count = standing
        return tuple(concern_id(item.item_id, revision, n) for n in range(count))

    def _review(
        self, item: RedactedItem, enriched: EnrichedItem, concern: Concern, text: str
    ) -> ReviewRequest:
        return ReviewRequest.model_construct(
            **self._header(item),
            kind="signal",
            event_time=item.event_time,
            reason="low_confidence",
            concern=concern,
            item=enriched.model_copy(update={"concerns": (concern,), "retracts": ()}),
            quote=text if item.coverage == "full" else None,
            schema_version="1.0",
        )

    def _confirm(self, command: Command, order: ConfirmConcern) -> list[Out]:
        """A person says it is a concern: hand it on, if its revision still stands."""
        standing = self._standing.get(order.item.item_id)
        ours = order.item.tenant == command.tenant
        if not ours or standing is None or standing[0] != order.item.revision:
            return [Out("enriched", command)]
        confirmed = tuple(
            concern.model_copy(
                update={
                    "decision": concern.decision.model_copy(
                        update={"needs_review": False, "confidence_milli": 1000, "provisional": False}
                    )
                }
            )
            for concern in order.item.concerns
            if concern.concern_id == order.concern_id
        )
        item = order.item.model_copy(update={**self._header(command), "concerns": confirmed, "retracts": ()})
        return [Out("enriched", item)]

    def _header(self, cause: Envelope) -> dict[str, Any]:
        return {
            "id": self._numbering.after(cause),
            "tenant": cause.tenant,
            "ingested_at": cause.ingested_at,
            "trace": cause.trace,
        }


def _stars(rating: float | None) -> int | None:
    """Whole stars; half a star counts for the side it leans to."""
    return None if rating is None else round(rating)

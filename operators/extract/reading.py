"""What models say of the texts of items: concerns, labels, vectors; by keywords while the encoder is away.

In:    redacted texts, with what is known beside them.   Out: what was found in each, as functions of each text alone.
State: none; by which labels a tenant's are read is asked for each time.
Elsewhere: when an encoder counts as away (``models.encoders.guarded``), how what stood in is replaced (``anew``).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts.stages import Concern, Decision, Vector
from models.encoders.base import Encoder, EncoderAway, Vectors
from models.labellers.decision import ConcernText
from models.labellers.decision import Decision as LocalDecision
from models.labellers.local import LocalLabeller
from models.segments.concerns import Span, concerns
from models.segments.summary import summary
from operators.extract.classes import Classes
from operators.extract.decisions import decision_record


@dataclass(frozen=True, slots=True)
class Text:
    """What the models are given of an item."""

    text: str
    language: str
    stars: int | None
    segment: str | None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One concern in an item's text, before the models have seen it."""

    span: Span
    text: str
    summary: str


@dataclass(frozen=True, slots=True)
class Read:
    """One concern as the models read it."""

    found: Found
    decision: Decision
    vector: Vector
    summary_vector: Vector
    local: LocalDecision


@dataclass(frozen=True, slots=True)
class Standby:
    """Who reads while the encoder is away; ``labeller`` is made when it is needed, its exemplars in the same space."""

    encoder: Encoder
    labeller: Callable[[], LocalLabeller]


@dataclass(frozen=True, slots=True)
class Reader:
    """The models of extract; without a ``standby`` an encoder that is away stops the stage."""

    encoder: Encoder
    classes: Classes
    standby: Standby | None = None

    def read(self, texts: Sequence[Text]) -> list[list[Read]]:
        """The concerns of each text. Models are asked about all at once. Raises ``EncoderAway``."""
        found = [find(one.text) for one in texts]
        flat = [(one, concern) for one, in_it in zip(texts, found, strict=True) for concern in in_it]
        read = iter(self._read(flat))
        return [[next(read) for _ in in_it] for in_it in found]

    def again(self, text: Text, said: str) -> Read:
        """The concern with these words of an item, with the encoder itself. Raises ``EncoderAway``."""
        found = Found(Span(0, len(said)), said, summary(said))
        (read,) = _judged([(text, found)], self.encoder, self.classes.labeller)
        return read

    def in_our_space(self, concern: Concern, said: str) -> Concern:
        """A concern that comes back, with vectors of this encoder: in a replay those it has may be another's."""
        if concern.vector is not None and concern.vector.model == self.encoder.version:
            return concern
        try:
            of_text, of_summary = _vectors(self.encoder, [said, summary(said)])
        except EncoderAway:
            if self.standby is None:
                raise
            of_text, of_summary = _vectors(self.standby.encoder, [said, summary(said)])
        return concern.model_copy(update={"vector": of_text, "summary_vector": of_summary})

    def _read(self, flat: Sequence[tuple[Text, Found]]) -> list[Read]:
        if not flat:
            return []
        try:
            return _judged(flat, self.encoder, self.classes.labeller)
        except EncoderAway:
            if self.standby is None:
                raise
            return [_unasked(one) for one in _judged(flat, self.standby.encoder, self.classes.standing_by)]


def _unasked(read: Read) -> Read:
    """Nobody is asked about labels that will be made anew."""
    decision = read.decision.model_copy(update={"needs_review": False})
    return Read(read.found, decision, read.vector, read.summary_vector, read.local)


def _judged(
    flat: Sequence[tuple[Text, Found]], encoder: Encoder, labeller_of: Callable[[str], LocalLabeller]
) -> list[Read]:
    encoded = encoder.encode([c.text for _, c in flat] + [c.summary for _, c in flat])
    of_text, of_summary = encoded[: len(flat)], encoded[len(flat) :]
    asked = [ConcernText(concern.text, one.language, one.stars, one.tenant) for one, concern in flat]
    decisions = _decided(asked, of_text, labeller_of)
    return [
        Read(
            concern,
            decision_record(decision, concern.text, one.segment),
            _vector(encoder, of_text[i]),
            _vector(encoder, of_summary[i]),
            decision,
        )
        for i, ((one, concern), decision) in enumerate(zip(flat, decisions, strict=True))
    ]


def _decided(
    asked: Sequence[ConcernText], vectors: Vectors, labeller_of: Callable[[str], LocalLabeller]
) -> list[LocalDecision]:
    """A decision for each, by the labeller of its tenant; those of one labeller together."""
    labellers = {tenant: labeller_of(tenant) for tenant in dict.fromkeys(one.tenant for one in asked)}
    found: dict[int, LocalDecision] = {}
    for labeller in dict.fromkeys(labellers.values()):
        places = [place for place, one in enumerate(asked) if labellers[one.tenant] is labeller]
        made = labeller.label([asked[place] for place in places], vectors[places])
        found |= zip(places, made, strict=True)
    return [found[place] for place in range(len(asked))]


def _vectors(encoder: Encoder, texts: Sequence[str]) -> Iterator[Vector]:
    return iter([_vector(encoder, row) for row in encoder.encode(texts)])


def _vector(encoder: Encoder, vector: npt.NDArray[np.int16]) -> Vector:
    data = base64.b64encode(vector.astype("<i2").tobytes()).decode()
    return Vector.model_construct(model=encoder.version, dtype="<i2", data=data)


def find(text: str) -> list[Found]:
    """The concerns of a redacted text."""
    cut = ((span, text[span.start : span.end]) for span in concerns(text))
    return [Found(span, said, summary(said)) for span, said in cut]


def texts_to_encode(text: str) -> list[str]:
    """What the encoder is asked for an item with this redacted text."""
    found = find(text)
    return [one.text for one in found] + [one.summary for one in found]

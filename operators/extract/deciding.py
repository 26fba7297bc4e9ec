"""What is decided of a concern after it went on with local labels: by a model's answer, or by a person.

In:    answers and orders of people, each with the item and the one concern as they saw it.
Out:   the item with that concern as it is decided now, and a review request where nobody is sure; a receipt for an
       answer that changes nothing; an order that changes nothing goes on as it came.
State: the ``standing`` table, which is extract's.
Elsewhere: who answers (``wiring.labelling``), what themes and priority make of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from pydantic import ValidationError

from contracts.answers import Answer, AnswerSetAside, ConcernAnswer, ConcernNotes
from contracts.commands import Command, ConfirmConcern, CorrectConcern, DismissConcern
from contracts.diversions import ReviewRequest
from contracts.envelope import Envelope, Out
from contracts.errors import StateCorrupt
from contracts.stages import Concern, Decision, EnrichedItem
from models.labellers.bound import ReviewBound
from models.priority.matrix import Matrix
from operators.extract.acting import acting
from operators.extract.asking import review_request
from operators.extract.classes import Classes
from operators.extract.decisions import answered_decision, confirmed, corrected
from operators.extract.standing import Standing
from operators.numbering import Numbering
from operators.ports import Vault
from operators.state import Table

PersonsOrder = ConfirmConcern | CorrectConcern | DismissConcern
"""What a person says of one concern."""


class _Applied(NamedTuple):
    """An answer that stands: which concern it is about, in whose words, and what it says."""

    place: int
    concern: Concern
    text: str
    said: ConcernAnswer


class _SetAside(Exception):
    """An answer changes nothing, and why."""


class Deciding:
    """Applies answers and orders of one journal partition at their own place."""

    def __init__(
        self,
        vault: Vault,
        classes: Classes,
        review_below: ReviewBound,
        standing: Table[Standing],
        numbering: Numbering,
        in_our_space: Callable[[Concern, str], Concern],
        matrix: Matrix,
        sure_of: Callable[[EnrichedItem, Concern], int | None],
    ) -> None:
        """``review_below``: under this confidence a person is asked.

        ``in_our_space`` gives a concern with these words vectors of the encoder that runs here; ``matrix`` says what is
        to be done about it, ``sure_of`` how sure the tenant's own model is of a category.
        """
        self._vault = vault
        self._classes = classes
        self._review_below = review_below
        self._standing = standing
        self._numbering = numbering
        self._in_our_space = in_our_space
        self._matrix = matrix
        self._sure_of = sure_of

    # -- a model's answer ------------------------------------------------------------------------------

    def answer(self, answer: Answer) -> list[Out]:
        """The concern as the model decides it, or a receipt that says why nothing changes."""
        try:
            applied = self._applied(answer)
        except _SetAside as why:
            return [Out("receipts", self._set_aside(answer, str(why)))]
        item = answer.item
        assert item is not None  # else it was set aside
        bound = self._review_below.of(answer.tenant)
        said = answered_decision(applied.said.decision, self._classes.taxonomy(answer.tenant), answer, bound)
        decision = self._acting(said, item)
        concern = self._in_our_space(applied.concern, applied.text).model_copy(
            update={"decision": decision, "notes": self._notes(item, applied.said.notes)}
        )
        row = self._standing[item.item_id]
        mark, waits = mark_of(answer), decision.needs_review
        self._standing.put(item.item_id, row.answered(applied.place, mark, waits=waits))
        told = self._told(answer, item, concern, answer)
        outs = [Out("enriched", told)]
        if waits:
            outs.append(Out("reviews", self._review(answer, told, concern, applied.text)))
        return outs

    def not_ours(self, answer: Answer) -> list[Out]:
        """A receipt for an answer that is meant for another generation."""
        return [Out("receipts", self._set_aside(answer, "this generation has answers of its own"))]

    def _applied(self, answer: Answer) -> _Applied:
        """What there is to apply. Raises ``_SetAside``."""
        item, concern, place = self._stands(answer)
        row = self._standing[item.item_id]
        if row.decided_at(place):
            raise _SetAside("a person has decided")
        if row.answers.get(place) == mark_of(answer):
            raise _SetAside("it was applied before")
        if answer.answer.subject != item.text.subject:
            raise _SetAside("it is sealed under somebody else's key")
        opened = self._vault.open(answer.tenant, item.text)
        sealed = self._opened(answer)
        if opened is None or sealed is None:
            raise _SetAside("its subject was erased")
        text = opened.decode()
        if concern.end > len(text):
            raise _SetAside("its concern is not in the item's text")
        said = self._read(answer.tenant, sealed, concern.end - concern.start)
        return _Applied(place, concern, text[concern.start : concern.end], said)

    def _opened(self, answer: Answer) -> bytes | None:
        try:
            return self._vault.open(answer.tenant, answer.answer)
        except StateCorrupt:  # what a labeller with other keys sealed must not stop the stage
            raise _SetAside("it does not open with its key") from None

    def _stands(self, answer: Answer) -> tuple[EnrichedItem, Concern, int]:
        item = answer.item
        concern = _the_concern(item, answer.concern_id) if item else None
        if item is None or concern is None or item.tenant != answer.tenant:
            raise _SetAside("it does not say what was asked")
        row = self._standing.get(item.item_id)
        if row is None or row.revision != item.revision:
            raise _SetAside("a newer revision stands")
        place = row.place(item.item_id, answer.concern_id)
        if place is None:
            raise _SetAside("no such concern stands")
        return item, concern, place

    def _read(self, tenant: str, sealed: bytes, length: int) -> ConcernAnswer:
        try:
            said = ConcernAnswer.model_validate_json(sealed)
        except ValidationError:
            raise _SetAside("it is not readable") from None
        if self._classes.taxonomy(tenant).label(said.decision.category) is None:
            raise _SetAside("it names a category that is not in the taxonomy")
        end_before = 0
        for start, end in said.decision.evidence:
            if not end_before <= start < end <= length:
                raise _SetAside("its evidence is not in the concern")
            end_before = end
        return said

    def _notes(self, item: EnrichedItem, notes: ConcernNotes) -> Any:
        """A model's own words, sealed under the key of whose words they are made of; None if it has none."""
        if notes == ConcernNotes():
            return None
        said = notes.model_dump_json(exclude_none=True).encode()
        return self._vault.seal(item.tenant, item.text.subject, said)

    def _set_aside(self, answer: Answer, reason: str) -> AnswerSetAside:
        return AnswerSetAside.made(
            **self._numbering.header(answer),
            kind="answer",
            event_time=answer.event_time,
            concern_id=answer.concern_id,
            model=answer.model,
            prompt=answer.prompt,
            reason=reason,
        )

    # -- a person's order ------------------------------------------------------------------------------

    def order(self, command: Command, order: PersonsOrder) -> list[Out]:
        """The concern as the person decides it; the order itself, where it changes nothing."""
        item, row = order.item, self._standing.get(order.item.item_id)
        concern = _the_concern(item, order.concern_id)
        if concern is None or row is None or item.tenant != command.tenant or row.revision != item.revision:
            return [Out("enriched", command)]
        place = row.place(item.item_id, order.concern_id)
        if place is None:
            return [Out("enriched", command)]
        match order:
            case ConfirmConcern():
                if not _can_be_confirmed(row, place, concern):
                    return [Out("enriched", command)]
                decision = confirmed(concern.decision)
            case CorrectConcern():
                decision = corrected(concern.decision, order.correction, self._classes.taxonomy(item.tenant))
            case DismissConcern():
                return self._dismiss(command, item, row, place, order.concern_id)
        self._standing.put(item.item_id, row.decide(place))
        decided = concern.model_copy(update={"decision": self._acting(decision, item)})
        return [Out("enriched", self._told(command, item, self._placed(item, decided)))]

    def _acting(self, decision: Decision, item: EnrichedItem) -> Decision:
        stand_in = self._classes.stand_in(item.tenant, decision.category)
        return acting(decision, self._matrix, item.tenant, item.facts, stand_in)

    def _placed(self, item: EnrichedItem, concern: Concern) -> Concern:
        """A concern that was shown to a person, with vectors of the encoder that runs here."""
        opened = self._vault.open(item.tenant, item.text)
        return self._in_our_space(concern, (opened or b"").decode()[concern.start : concern.end])

    def _dismiss(
        self, command: Command, item: EnrichedItem, row: Standing, place: int, concern_id: str
    ) -> list[Out]:
        if row.dismissed_at(place):
            return [Out("enriched", command)]
        self._standing.put(item.item_id, row.dismiss(place))
        told = self._told(command, item, None)
        return [Out("enriched", told.model_copy(update={"dismissed": (concern_id,)}))]

    # -- what is told ----------------------------------------------------------------------------------

    def _told(
        self, cause: Envelope, item: EnrichedItem, concern: Concern | None, by: Answer | None = None
    ) -> EnrichedItem:
        """The item with the one concern that is decided anew; its other concerns stay as they are."""
        how: Mapping[str, Any] = {}
        if by is not None:
            asking = by.asking
            how = {
                "prompt": by.prompt,
                "model": by.model,
                "provider": asking.provider if asking else None,
                "route": asking.route if asking else None,
                "route_reason": asking.route_reason if asking else None,
                "temperature": asking.temperature if asking else None,
                "cost_micro_usd": asking.cost_micro_usd if asking else None,
            }
        return item.model_copy(
            update={
                **self._numbering.header(cause),
                "concerns": (concern,) if concern is not None else (),
                "retracts": (),
                "dismissed": None,
                "provenance": item.provenance.model_copy(update={**how, **self._classes.told(item.tenant)}),
            }
        )

    def _review(self, cause: Envelope, told: EnrichedItem, concern: Concern, text: str) -> ReviewRequest:
        """A model has spoken and is not sure: nobody is waited for any more."""
        sure = self._sure_of(told, concern)
        return review_request(
            self._numbering.header(cause), told, text, self._options(told.tenant, concern), sure
        )

    def _options(self, tenant: str, concern: Concern) -> tuple[str, ...]:
        """Every category, what was decided and its runner-up first."""
        first = (concern.decision.category, concern.decision.runner_up)
        names = [*first, *(label.name for label in self._classes.taxonomy(tenant).labels)]
        return tuple(dict.fromkeys(name for name in names if name))


def mark_of(answer: Answer) -> str:
    """What makes an answer another one: who said it, to which question, and what; 48 bits of BLAKE2, in hex."""
    said = (answer.model, answer.prompt, answer.answer_schema, answer.answer.nonce, answer.answer.ciphertext)
    return blake2b("\x1f".join(said).encode(), digest_size=6).hexdigest()


def _can_be_confirmed(row: Standing, place: int, shown: Concern) -> bool:
    """Whether a person's word about what was ``shown`` still counts: it waits, or goes on as it was shown."""
    if row.waits_at(place):
        return True
    is_answered = place in row.answers and shown.decision.provisional
    return not (shown.decision.needs_review or is_answered or row.decided_at(place))


def _the_concern(item: EnrichedItem, concern_id: str) -> Concern | None:
    return next((concern for concern in item.concerns if concern.concern_id == concern_id), None)

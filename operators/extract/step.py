"""The extract step.

In:    ``redacted`` items of one partition.   Out: ``enriched`` items and everything that is not feedback, in
       order; ``reviews`` for concerns below the confidence bound; ``dead-letters`` for items on which a model failed;
       ``receipts`` for answers that change nothing.
State: which concerns stand for each item and who decided about them since (``standing``), so that a new revision can
       take them back and an answer acts once; the labels that people added (``classes``); the budget of failures.
Elsewhere: what counts as a concern (``models.segments``), what it means (``models.labellers``), what models and people
say of it later (``deciding``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.answers import Answer
from contracts.commands import AddLabel, Command, DirectModel, EmbedAnew
from contracts.diversions import DeadLetter
from contracts.envelope import Envelope, Out
from contracts.feedback import Coordinates, Tick
from contracts.identity import cause_of, concern_id
from contracts.stages import Concern, Decision, EnrichedItem, Provenance, RedactedItem
from models.encoders.base import Encoder
from models.labellers.local import LocalLabeller
from models.priority.matrix import Matrix, load_matrix
from models.review.asking import ASK_ONE_IN
from operators.budget import RejectBudget, RejectPolicy
from operators.extract.acting import acting
from operators.extract.anew import Anew
from operators.extract.asking import Asks, doubt_of, review_request
from operators.extract.classes import Classes
from operators.extract.deciding import Deciding, PersonsOrder
from operators.extract.decisions import segment_of
from operators.extract.given import Given
from operators.extract.learning import Learning
from operators.extract.reading import Read, Reader, Standby, Text
from operators.extract.standing import Standing
from operators.isolation import Poisoned, each_apart
from operators.marking import markers
from operators.numbering import Numbering
from operators.ports import OwnAnswers, Vault
from operators.state import Table

READING = "its text was read"


PUBLIC = ("reviews",)
"""What people read of this stage."""


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
        standby: Standby | None = None,
        counted: Callable[[], None] = lambda: None,
        ask_one_in: int = ASK_ONE_IN,
    ) -> None:
        """``answers_within``: how long after it happened a model may still say what a concern in review is.

        ``standby`` reads while the encoder is away; without it the stage stops then.
        ``ask_one_in``: of the concerns that go on one in so many is put to people, to learn from; 0: none.
        ``counted`` is called for each item of which concerns were made.
        ``own_answers``: what models answered beforehand; then answers to others' prompts in the journal do not act.
        """
        self._vault = vault
        self._matrix = matrix or load_matrix()
        self._counted = counted
        self._classes = Classes(vault, labeller, standby.labeller if standby else None)
        self._reader = Reader(encoder, self._classes, standby)
        self._provenance = provenance
        self._answers_within = answers_within
        self._standing: Table[Standing] = Table(Standing.encode, Standing.decode)
        self._budget = RejectBudget(rejects or RejectPolicy())
        self._numbering = Numbering("extract")
        self._learning = Learning(
            vault, encoder, labeller, self._classes, provenance.git_commit, self._numbering.after
        )
        self._asks = Asks(self._learning.table, ask_one_in)
        self._deciding = Deciding(
            vault,
            self._classes,
            labeller.review_below,
            self._standing,
            self._numbering,
            self._reader.in_our_space,
            self._matrix,
            self._learning.sure_of_told,
        )
        self._given = Given(vault, own_answers, self._classes)
        self._anew = Anew(vault, self._reader, self._standing, self._acting)
        self.tables: Mapping[str, Table[Any]] = {
            "standing": self._standing,
            "learning": self._learning.table,
            "classes": self._classes.table,
        }

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Enriched items, review requests and dead letters, in the order of the records.

        Whoever is erased while the models read is erased after it: what was opened can be sealed.
        Raises ``BudgetExceeded`` when the models fail on too many.
        """
        items = (record for record in records if isinstance(record, RedactedItem))
        with self._vault.at_once((item.tenant, item.text.subject) for item in items):
            return [out for stretch in _stretches(records) for out in self._act(stretch)]

    def _act(self, records: Sequence[Envelope]) -> list[Out]:
        """Of records by one taxonomy: what the models are asked, they are asked about all at once."""
        texts = [self._text_of(record) for record in records if isinstance(record, RedactedItem)]
        readings = iter(each_apart(self._reader.read, texts))
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
            elif isinstance(record, Command) and isinstance(record.order, EmbedAnew):
                outs += self._embed_anew(record, record.order)
            elif isinstance(record, Command) and isinstance(record.order, AddLabel):
                self._classes.add(record, record.order)
                outs.append(Out("enriched", record))
            elif isinstance(record, Command) and isinstance(record.order, DirectModel):
                outs += [*self._learning.direct(record, record.order), Out("enriched", record)]
            else:
                outs += self._learning.tick(record) if isinstance(record, Tick) else []
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

    def _text_of(self, item: RedactedItem) -> Text:
        opened = self._vault.open(item.tenant, item.text)
        return _given(item, opened.decode() if opened else "")

    # -- what follows from it --------------------------------------------------------------------------

    def _conclude(self, item: RedactedItem, reading: list[Read] | Poisoned) -> list[Out]:
        self._budget.record(rejected=isinstance(reading, Poisoned))
        if isinstance(reading, Poisoned):
            return self._give_up(item, reading)
        concerns = tuple(self._concern(item, n, read) for n, read in enumerate(reading))
        enriched = self._enriched(item, concerns)
        self._counted()
        answers = list(self._given.after(item, enriched))
        known = {answer.concern_id for answer in answers}
        outs = [Out("enriched", enriched)]
        for concern, read in zip(concerns, reading, strict=True):
            if concern.decision.needs_review or concern.concern_id not in known:
                outs += self._asked(item, enriched, concern, read)
        for answer in answers:
            outs += self._deciding.answer(answer)
        return outs

    def _give_up(self, item: RedactedItem, by: Poisoned) -> list[Out]:
        """The item goes to the dead letters; what stands of an earlier revision is taken back, as it was replaced."""
        standing = self._standing.get(item.item_id)
        outs = [Out("enriched", self._enriched(item, ()))] if standing and standing.count else []
        return [*outs, Out("dead-letters", self._dead_letter(item, by))]

    def _concern(self, item: RedactedItem, n: int, read: Read) -> Concern:
        return Concern.model_construct(
            concern_id=concern_id(item.item_id, item.revision, n),
            start=read.found.span.start,
            end=read.found.span.end,
            summary=self._vault.seal(item.tenant, item.text.subject, read.found.summary.encode()),
            decision=self._acting(item, read),
            vector=read.vector,
            summary_vector=read.summary_vector,
        )

    def _acting(self, item: RedactedItem | EnrichedItem, read: Read) -> Decision:
        """What is decided of a concern here, and what that leads to."""
        tenant, facts = item.tenant, item.facts
        said = self._learning.relabelled(tenant, read.local, read.decision, read.vector, facts.product)
        return acting(said, self._matrix, tenant, facts, self._classes.stand_in(tenant, said.category))

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
            provenance=self._made_by(item.tenant, concerns),
            schema_version="1.0",
        )
        waits = sum(concern.decision.needs_review << n for n, concern in enumerate(concerns))
        self._standing.put(item.item_id, Standing(item.revision, len(concerns), waits))
        return enriched

    def _made_by(self, tenant: str, concerns: tuple[Concern, ...]) -> Provenance:
        """The versions; the encoder is that of the vectors, which may be the one that stood in."""
        made = concerns[0].vector if concerns else None
        others = self._classes.told(tenant)
        if made is not None and made.model != self._provenance.encoder:
            others["encoder"] = made.model
        return self._provenance.model_copy(update=others) if others else self._provenance

    def _embed_anew(self, command: Command, order: EmbedAnew) -> list[Out]:
        """The item with the one concern as the encoder has it; the order itself, where it changes nothing."""
        before = self._standing.get(order.item.item_id)
        found = self._anew.read(command, order, lambda one, text: _given(one.item, text))
        if found is None:
            return [Out("enriched", command)]
        concern, read = found
        alone = {"concerns": (concern,), "retracts": (), "dismissed": None}
        versions = {"encoder": self._provenance.encoder, **self._classes.told(order.item.tenant)}
        provenance = order.item.provenance.model_copy(update=versions)
        header = self._numbering.header(command)
        told = order.item.model_copy(update={**header, **alone, "provenance": provenance})
        place = before.place(order.item.item_id, order.concern_id) if before else None
        waited = before is not None and place is not None and before.waits_at(place)
        if not concern.decision.needs_review or waited:
            return [Out("enriched", told)]
        text = self._vault.open(order.item.tenant, order.item.text) or b""
        said = text.decode()[concern.start : concern.end]
        sure = self._learning.sure_of(told.tenant, read.local, read.vector, told.facts.product)
        request = review_request(self._numbering.header(command), told, said, read.local.options, sure)
        return [Out("enriched", told), Out("reviews", request)]

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

    def _asked(self, item: RedactedItem, enriched: EnrichedItem, concern: Concern, read: Read) -> list[Out]:
        """A request to people about a concern that arrives, if it is one to ask about."""
        sure = self._learning.sure_of(item.tenant, read.local, read.vector, item.facts.product)
        if not self._asks.is_put(item.tenant, doubt_of(concern.decision, item.facts, sure)):
            return []
        request = review_request(
            self._numbering.header(item),
            enriched.model_copy(update={"concerns": (concern,), "retracts": ()}),
            read.found.text,
            read.local.options,
            sure,
            self._until(item),
        )
        return [Out("reviews", request)]

    def _until(self, item: RedactedItem) -> datetime | None:
        """Until when a model may still answer; an event at the end of the calendar has no time after it."""
        if self._answers_within is None:
            return None
        try:
            return item.event_time + self._answers_within
        except OverflowError:
            return item.event_time


def _stretches(records: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    """The records, cut behind each order that changes by what the texts behind it are read."""
    start = 0
    for place, record in enumerate(records):
        if isinstance(record, Command) and isinstance(record.order, AddLabel):
            yield records[start : place + 1]
            start = place + 1
    yield records[start:]


def _given(item: RedactedItem | EnrichedItem, text: str) -> Text:
    return Text(text, item.language, _stars(item.facts.rating), segment_of(item.facts), item.tenant)


def _stars(rating: float | None) -> int | None:
    """Whole stars; half a star counts for the side it leans to."""
    return None if rating is None else round(rating)

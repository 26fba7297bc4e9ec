"""Journal records, kind ``command``: what people and operators order, at a place in the order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.envelope import Envelope, Message, TenantOrEveryone, UtcTime
from contracts.feedback import FeedbackReceived
from contracts.stages import EnrichedItem
from contracts.steering import ThemeOrder

LetterId = Annotated[str, Field(pattern=r"^\d+-\d+-[a-z]+-\d+$")]
"""The id of a dead letter: a stage's output."""


class LoadBegin(Message):
    """History is being loaded: until ``LoadEnd`` ticks come with the data, not from the ticker."""

    verb: Literal["load_begin"] = "load_begin"
    origin: str


class LoadEnd(Message):
    """The history that ``LoadBegin`` announced is complete."""

    verb: Literal["load_end"] = "load_end"
    origin: str


class ReleaseQuarantined(Message):
    """A reviewer found a quarantined item harmless: let it through as it came."""

    verb: Literal["release_quarantined"] = "release_quarantined"
    item: FeedbackReceived


class ConfirmConcern(Message):
    """A reviewer says that a concern below the confidence bound is one: cluster it."""

    verb: Literal["confirm_concern"] = "confirm_concern"
    concern_id: str
    item: EnrichedItem


class Redrive(Message):
    """Try again what went to the dead letters: a delivery at this place in the order, once for each letter.

    ``attempt`` is which one this is (2 for the first redrive); ``item`` is the delivery as it came, or corrected.
    """

    verb: Literal["redrive"] = "redrive"
    letter: LetterId
    attempt: int = Field(ge=2)
    first_failed_at: UtcTime
    item: FeedbackReceived


class DropLetter(Message):
    """A person gave up on a dead letter, and says why; it is never redriven after that."""

    verb: Literal["drop_letter"] = "drop_letter"
    letter: LetterId
    item_id: str | None = None
    why: str = Field(min_length=1, max_length=500)


class Erase(Message):
    """A data subject's key was destroyed: nothing of theirs can be read from here on."""

    verb: Literal["erase"] = "erase"
    subject: str


class Cutover(Message):
    """From this place on the effects of ``generation`` are the ones that count."""

    verb: Literal["cutover"] = "cutover"
    generation: str


Order = Annotated[
    LoadBegin
    | LoadEnd
    | ReleaseQuarantined
    | ConfirmConcern
    | Redrive
    | DropLetter
    | Erase
    | Cutover
    | ThemeOrder,
    Field(discriminator="verb"),
]


class Command(Envelope):
    """One order of a person or an operator; ``author`` says whose. Of a cutover the tenant is ``*``."""

    kind: Literal["command"] = "command"
    tenant: TenantOrEveryone
    author: str
    order: Order

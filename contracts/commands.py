"""Journal records, kind ``command``: what people and operators order, at a place in the order."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.envelope import Envelope, Message, TenantOrEveryone, UtcTime
from contracts.feedback import FeedbackReceived
from contracts.stages import EnrichedItem, SentimentLabel, Severity
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


class Correction(Message):
    """What a reviewer says instead; what is None stays as it was decided."""

    category: str | None = None
    sublabel: str | None = None
    severity: Severity | None = None
    sentiment: SentimentLabel | None = None
    bug: bool | None = None
    feature_request: bool | None = None
    product_area: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("a correction names at least one field")
        return self


class CorrectConcern(Message):
    """A reviewer says what a concern is: it is clustered with these labels, and the local models learn from them.

    ``item`` is the item with this one concern as the reviewer saw it, its vector included.
    """

    verb: Literal["correct_concern"] = "correct_concern"
    concern_id: str
    item: EnrichedItem
    correction: Correction


class DismissConcern(Message):
    """A reviewer says that a concern is none (chatter, a test): it is taken out of its theme and stays out."""

    verb: Literal["dismiss_concern"] = "dismiss_concern"
    concern_id: str
    item: EnrichedItem


class EmbedAnew(Message):
    """The encoder is back: give a concern that keywords stood in for its vectors, and with them its theme.

    ``item`` is the item with this one concern as it was written meanwhile.
    """

    verb: Literal["embed_anew"] = "embed_anew"
    concern_id: str
    item: EnrichedItem


ModelRole = Literal["category", "sentiment", "severity"]


class DirectModel(Message):
    """A person decides which version of a tenant's local model labels from here on.

    ``pin`` keeps the present one whatever is measured, ``unpin`` lets the measurements decide again. ``version`` is
    needed to promote; to roll back it is the one before, unless named.
    """

    verb: Literal["direct_model"] = "direct_model"
    role: ModelRole
    act: Literal["promote", "roll_back", "pin", "unpin"]
    version: str | None = None
    why: str = Field(min_length=1, max_length=500)


Sentence = Annotated[
    str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
"""One line of text that a person typed."""


class AddLabel(Message):
    """A reviewer adds a category to the taxonomy of the tenant: what comes behind this place may have it.

    ``exemplars`` are sentences of the reviewer's own, by which it is recognised. None of this may be personal data: it
    is configuration, and no erasure reaches it. The same name again replaces the one before.
    """

    verb: Literal["add_label"] = "add_label"
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    description: Sentence
    role: Literal["issue", "bug", "feature_request"] = "issue"
    product_area: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    owner: Annotated[Sentence, Field(max_length=80)] | None = None
    action: Sentence | None = None
    exemplars: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=10)]


class RetractItem(Message):
    """Its source deleted the item: what stands of it is withdrawn, and older versions that come late stay out.

    Not an erasure: the key of its author lives on.
    """

    verb: Literal["retract_item"] = "retract_item"
    item_id: str
    source: str
    why: str = Field(min_length=1, max_length=500)
    at: UtcTime | None = None


IssueState = Literal["open", "started", "done", "cancelled", "duplicate", "deleted"]


class ReportIssue(Message):
    """A tracker says what became of an issue of ours, as of ``at``; ``author`` of the command is the tracker.

    ``duplicate_of`` is our own issue that it repeats, where it is one of ours. ``priority`` is Linear's (0 none, 1
    urgent to 4 low) where people set it by hand. ``by_people`` is False for what our own dispatcher did.
    """

    verb: Literal["report_issue"] = "report_issue"
    tracker: Literal["linear", "jira"]
    issue_id: str
    key: str = Field(max_length=100)
    state: IssueState
    at: UtcTime
    by_people: bool = True
    duplicate_of: str | None = None
    priority: Annotated[int, Field(ge=0, le=4)] | None = None
    url: str | None = Field(default=None, max_length=2000)


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
    | CorrectConcern
    | DismissConcern
    | EmbedAnew
    | DirectModel
    | AddLabel
    | RetractItem
    | ReportIssue
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

"""What a program may send as feedback, and what it is told; every field that does not fit is named."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import UtcTime
from contracts.feedback import MAX_SOURCE_CHARS, MAX_TEXT_CHARS
from wiring.edge.feedback import SOURCE

MOST_ITEMS = 500

Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class FeedbackItem(BaseModel):
    """One thing that one person said. ``text`` is required, and ``external_id`` where no Idempotency-Key is sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"external_id": "r-81", "text": "The export is slow", "rating": 2}]},
    )

    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=r"\S")
    external_id: Short | None = Field(
        default=None, description="its id at the sender; the same one is the same item"
    )
    source: str = Field(default=SOURCE, max_length=MAX_SOURCE_CHARS, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    author: Short | None = Field(default=None, description="who said it, in whatever form; it is hashed")
    author_role: Short | None = None
    account: Short | None = None
    tier: Short | None = None
    mrr: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="whole currency units a month"
    )
    rating: float | None = Field(default=None, ge=1, le=5, allow_inf_nan=False)
    rating_scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    locale: Short | None = None
    language: Annotated[str, StringConstraints(max_length=64)] | None = None
    country: Short | None = None
    app_version: Short | None = None
    device: Short | None = None
    product: Short | None = None
    resolution: Short | None = None
    section: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None, description="the part of a form or review that it is of"
    )
    session: Short | None = Field(
        default=None,
        description="the session of the product that it is about; it joins telemetry and goes no further",
    )
    second_hand: bool | None = Field(
        default=None, description="true: an employee wrote down what a customer said"
    )
    source_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    created_at: UtcTime | None = Field(default=None, description="when it was said; a time needs a zone")
    source_updated_at: UtcTime | None = Field(default=None, description="orders the revisions of one item")

    def body(self) -> dict[str, Any]:
        """The fields of a ``FeedbackBody``, without those that nobody gave."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"external_id", "source"})


class FeedbackBatch(BaseModel):
    """Up to 500 items."""

    model_config = ConfigDict(extra="forbid")

    items: list[FeedbackItem] = Field(min_length=1, max_length=MOST_ITEMS)


class Rejected(BaseModel):
    """An item that does not fit: its place in the batch, the field, and what is wrong with it."""

    index: int
    field: str
    error: str


class FeedbackTaken(BaseModel):
    """What became of each item. What is accepted is durable."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class Problem(BaseModel):
    """Why a request was not taken."""

    detail: str
